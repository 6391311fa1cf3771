package dev.freezeframe.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/// How the commands are grouped where they are listed, in the help and in the manual. Each command is in one group; a test
/// holds us to that.
final class CommandGroups {
    private static final Map<String, List<String>> GROUPS = groups();

    private CommandGroups() {}

    private static Map<String, List<String>> groups() {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        groups.put("Begin", List.of("app", "demo", "guest", "doctor"));
        groups.put("Record", List.of("profiles", "record"));
        groups.put("Look", List.of("list", "compare", "annotate"));
        groups.put("Restore", List.of("restore"));
        groups.put("Simulate", List.of("simulate", "simulations"));
        groups.put("Share", List.of("export", "import"));
        groups.put("Maintain", List.of("verify", "delete", "gc", "completion"));
        groups.put("Measure", List.of("bench"));
        return groups;
    }

    /// The groups in the order of the help, each with its commands.
    ///
    /// @param commands those that there are, by name
    static Map<String, Map<String, CommandLine>> of(Map<String, CommandLine> commands) {
        Map<String, Map<String, CommandLine>> found = new LinkedHashMap<>();
        GROUPS.forEach((group, names) -> {
            Map<String, CommandLine> members = new LinkedHashMap<>();
            names.stream().filter(commands::containsKey).forEach(name -> members.put(name, commands.get(name)));
            if (!members.isEmpty()) {
                found.put(group, members);
            }
        });
        return found;
    }

    /// Has the help of this program list its commands by group.
    static void showIn(CommandLine program) {
        program.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, CommandGroups::list);
    }

    private static String list(Help help) {
        CommandSpec program = help.commandSpec();
        int width = program.usageMessage().width();
        int nameWidth = program.subcommands().keySet().stream().mapToInt(String::length).max().orElse(0) + 4;
        StringBuilder text = new StringBuilder();
        of(program.subcommands()).forEach((group, members) -> {
            text.append(System.lineSeparator()).append(group).append(':').append(System.lineSeparator());
            Help.TextTable table = Help.TextTable.forColumns(help.colorScheme(), new Help.Column(nameWidth, 2,
                    Help.Column.Overflow.SPAN), new Help.Column(width - nameWidth, 2, Help.Column.Overflow.WRAP));
            members.forEach((name, command) -> table.addRowValues(help.colorScheme().commandText(name),
                    help.colorScheme().text(header(command))));
            table.toString(text);
        });
        return text.toString();
    }

    /// What a command does, in one line.
    static String header(CommandLine command) {
        return String.join(" ", command.getCommandSpec().usageMessage().header());
    }
}
