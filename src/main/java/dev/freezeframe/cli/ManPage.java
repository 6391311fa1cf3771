package dev.freezeframe.cli;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/// Manual pages of the commands, made of what their help says, in the language of man(7). Each is plain ASCII and depends on
/// nothing but the commands, the version and the date.
///
/// picocli's own way to man pages goes by AsciiDoc and needs a Ruby of 60 MB to get to the end of it; a page has a dozen kinds
/// of lines, so that this writes them itself. man(7) and groff_char(7) tell what is written here.
final class ManPage {
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--?[a-zA-Z][\\w-]*");
    private static final Pattern LABEL = Pattern.compile("(?<![\\w\\\\-])[A-Z][A-Zx]*(?![\\w-])");
    /// Characters that groff would set as something else, or take for its own.
    private static final Map<Character, String> ESCAPES = Map.of('\\', "\\e", '-', "\\-", '\'', "\\(aq", '"', "\\(dq",
            '`', "\\(ga", '^', "\\(ha", '~', "\\(ti");
    /// The indent of a command among the examples of a help.
    private static final String COMMAND_INDENT = "    ";

    private static final List<String[]> FILES = List.of(
            new String[]{"$XDG_DATA_HOME/freezeframe/store, else ~/.local/share/freezeframe/store",
                    "The store, where --store names no other."},
            new String[]{"$XDG_CONFIG_HOME/freezeframe/qemu-profiles, else ~/.config/freezeframe/qemu-profiles",
                    "Your own profiles."},
            new String[]{"$XDG_CACHE_HOME/freezeframe, else ~/.cache/freezeframe",
                    "The demo machine's kernel and initramfs, and what can be made anew."},
            new String[]{"$XDG_STATE_HOME/freezeframe/freezeframe.log, else ~/.local/state/freezeframe/freezeframe.log",
                    "The log."});

    private final CommandLine command;
    private final CommandSpec spec;
    private final StringBuilder page = new StringBuilder();

    private ManPage(CommandLine command) {
        this.command = command;
        spec = command.getCommandSpec();
    }

    /// The pages of a program and of all its commands, by the name of the file.
    static Map<String, String> all(CommandLine program, String version, LocalDate date) {
        Map<String, String> pages = new TreeMap<>();
        add(pages, program, version, date);
        return pages;
    }

    private static void add(Map<String, String> pages, CommandLine command, String version, LocalDate date) {
        if (!command.getCommandSpec().usageMessage().hidden()) {
            ManPage page = new ManPage(command);
            pages.put(page.name() + ".1", page.write(version, date));
            command.getSubcommands().values().forEach(each -> add(pages, each, version, date));
        }
    }

    private String name() {
        return spec.qualifiedName("-");
    }

    private String write(String version, LocalDate date) {
        UsageMessageSpec usage = spec.usageMessage();
        page.append(".TH ").append(quoted(name().toUpperCase(Locale.ROOT))).append(" 1 ").append(quoted(date
                .toString())).append(' ').append(quoted("Freezeframe " + version)).append(" \"Freezeframe\"\n");
        page.append(".nh\n.ad l\n"); // commands and options are neither hyphenated nor stretched
        section("NAME");
        text(name() + " - " + CommandGroups.header(command).replaceFirst("\\.$", ""));
        section("SYNOPSIS");
        line(styled(synopsis()));
        section("DESCRIPTION");
        paragraphs(usage.description().length == 0 ? usage.header() : usage.description());
        arguments();
        options();
        commands();
        examples(usage.footer());
        section("EXIT STATUS");
        usage.exitCodeList().forEach((code, meaning) -> entry(bold(code), meaning));
        if (spec.parent() == null) {
            section("FILES");
            FILES.forEach(file -> entry(escaped(file[0]), file[1]));
        }
        seeAlso();
        return page.toString();
    }

    private String synopsis() {
        Help help = new Help(spec, Help.defaultColorScheme(Help.Ansi.OFF));
        return help.synopsis(0).strip().replaceAll("\\s+", " ");
    }

    private void arguments() {
        List<PositionalParamSpec> shown = spec.positionalParameters().stream().filter(each -> !each.hidden()).toList();
        if (!shown.isEmpty()) {
            section("ARGUMENTS");
            shown.forEach(each -> entry(italic(each.paramLabel()), description(each)));
        }
    }

    private void options() {
        section("OPTIONS");
        for (OptionSpec option : spec.options()) {
            if (!option.hidden()) {
                String names = Arrays.stream(option.names()).map(ManPage::bold).collect(Collectors.joining(", "));
                String value = option.arity().max() == 0
                        ? ""
                        : (option.arity().max() > 1 ? " " : "=") + italic(option
                                .paramLabel());
                entry(names + value, description(option));
            }
        }
    }

    private static String description(ArgSpec argument) {
        return String.join(" ", argument.description());
    }

    private void commands() {
        Map<String, CommandLine> commands = command.getSubcommands();
        if (commands.isEmpty()) {
            return;
        }
        section("COMMANDS");
        if (spec.parent() == null) {
            CommandGroups.of(commands).forEach((group, members) -> {
                page.append(".SS ").append(quoted(group)).append('\n');
                entries(members);
            });
        } else {
            entries(commands);
        }
    }

    private void entries(Map<String, CommandLine> commands) {
        commands.forEach((name, each) -> entry(bold(name), CommandGroups.header(each)));
    }

    private void examples(String... footer) {
        if (footer.length == 0) {
            return;
        }
        section("EXAMPLES");
        for (String each : footer) {
            if (each.startsWith(COMMAND_INDENT)) {
                page.append(".PP\n.RS 4\n.nf\n");
                line(escaped(each.strip()));
                page.append(".fi\n.RE\n");
            } else {
                page.append(".PP\n");
                text(each.strip());
            }
        }
    }

    private void seeAlso() {
        section("SEE ALSO");
        List<String> others = new ArrayList<>();
        if (spec.parent() != null) {
            others.add(spec.parent().qualifiedName("-"));
        }
        command.getSubcommands().values().forEach(each -> others.add(each.getCommandSpec().qualifiedName("-")));
        if (spec.parent() == null) {
            others.add("qemu-system-x86_64");
        }
        line(others.stream().map(each -> bold(each) + "(1)").collect(Collectors.joining(", ")));
    }

    private void section(String heading) {
        page.append(".SH ").append(quoted(heading)).append('\n');
    }

    private void paragraphs(String... texts) {
        for (int i = 0; i < texts.length; i++) {
            page.append(i == 0 ? "" : ".PP\n");
            text(texts[i]);
        }
    }

    private void entry(String term, String text) {
        page.append(".TP\n");
        line(term);
        text(text);
    }

    private void text(String text) {
        line(escaped(text.replace("%n", " ").replace("%%", "%")));
    }

    /// A line that groff takes for text, whatever it begins with.
    private void line(String escaped) {
        page.append(escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" : "").append(escaped).append('\n');
    }

    private static String styled(String synopsis) {
        String marked = OPTION.matcher(synopsis).replaceAll("\u0001$0\u0003");
        marked = LABEL.matcher(marked).replaceAll("\u0002$0\u0003");
        marked = marked.replaceFirst("^freezeframe( [a-z-]+)*", "\u0001$0\u0003");
        return escaped(marked).replace("\u0001", "\\fB").replace("\u0002", "\\fI").replace("\u0003", "\\fR");
    }

    private static String bold(String text) {
        return "\\fB" + escaped(text) + "\\fR";
    }

    private static String italic(String text) {
        return "\\fI" + escaped(text) + "\\fR";
    }

    private static String quoted(String text) {
        return '"' + escaped(text) + '"';
    }

    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(point -> {
            if (point > '~') {
                escaped.append(Units.text("\\[u%04X]", point));
            } else {
                escaped.append(ESCAPES.getOrDefault((char) point, Character.toString(point)));
            }
        });
        return escaped.toString();
    }
}
