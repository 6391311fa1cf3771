package dev.freezeframe.cli;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// Completion for bash and zsh, as picocli generates it, in the words that this program's users write. The same commands
/// and profiles give the same script, whoever asks.
final class CompletionScript {
    /// picocli offers the constants of an enumeration by their names in Java.
    private static final Pattern CONSTANTS = Pattern.compile("_option_args=\\((\"[A-Z_]+\" ?)+\\)");
    /// The comments at its beginning are about picocli's examples of an installation.
    private static final Pattern INSTALLATION = Pattern.compile("# Installation\n.*?(?=\nif \\[)", Pattern.DOTALL);

    private CompletionScript() {}

    static String of(CommandLine program) {
        String script = AutoComplete.bash(program.getCommandName(), program);
        script = INSTALLATION.matcher(script).replaceFirst(
                "# In a shell that is open: source <(freezeframe completion)\n");
        script = CONSTANTS.matcher(script).replaceAll(values -> Matcher.quoteReplacement(values.group().toLowerCase(
                Locale.ROOT)));
        Set<String> files = new LinkedHashSet<>();
        addOptionsOfFiles(program, files);
        for (String option : files) {
            script = script.replace("    '" + option + "')\n      return\n", """
                        '%s')
                          local IFS=$'\\n'
                          type compopt &>/dev/null && compopt -o filenames
                          COMPREPLY=( $( compgen -f -- "${curr_word}" ) )
                          return $?
                    """.formatted(option));
        }
        return script;
    }

    /// picocli knows a file where the type is `Path`, and not where it is an optional one.
    private static void addOptionsOfFiles(CommandLine command, Set<String> names) {
        for (OptionSpec option : command.getCommandSpec().options()) {
            if (option.typeInfo().isOptional() && option.auxiliaryTypes()[0] == Path.class) {
                names.add(option.longestName());
            }
        }
        command.getSubcommands().values().forEach(each -> addOptionsOfFiles(each, names));
    }
}
