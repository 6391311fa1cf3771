package dev.freezeframe.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
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
        return withFiles(script, program);
    }

    /// picocli offers files where the type is `Path`, and not where it is an optional one.
    private static String withFiles(String script, CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        String found = script;
        for (OptionSpec option : spec.options()) {
            if (isOptionalFile(option)) {
                found = found.replace("    '" + option.longestName() + "')\n      return\n", """
                            '%s')
                              local IFS=$'\\n'
                              type compopt &>/dev/null && compopt -o filenames
                              COMPREPLY=( $( compgen -f -- "${curr_word}" ) )
                              return $?
                        """.formatted(option.longestName()));
            }
        }
        if (spec.positionalParameters().stream().anyMatch(CompletionScript::isOptionalFile)) {
            int function = found.indexOf("function _picocli_" + spec.qualifiedName("_").replace("-", "") + "() {");
            found = found.substring(0, function) + found.substring(function).replaceFirst(
                    Pattern.quote("    local positionals=\"\"\n"), Matcher.quoteReplacement("""
                                type compopt &>/dev/null && compopt -o filenames
                                local positionals
                                positionals=$( compgen -f -- "${curr_word}" )
                            """));
        }
        for (CommandLine each : command.getSubcommands().values()) {
            found = withFiles(found, each);
        }
        return found;
    }

    private static boolean isOptionalFile(ArgSpec argument) {
        return argument.typeInfo().isOptional() && argument.auxiliaryTypes()[0] == Path.class;
    }
}
