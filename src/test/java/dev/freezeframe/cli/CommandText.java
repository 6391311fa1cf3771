package dev.freezeframe.cli;

import dev.freezeframe.cli.terminal.CliEnvironment;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine;

/// Command lines of the program as people read them, in a help or in a document, taken apart by the program's own parser.
final class CommandText {
    private static final Pattern WORD = Pattern.compile("((?:'[^']*'|\"[^\"]*\"|[^\\s'\"])+)");
    /// What ends the program's part of a shell's line.
    private static final Pattern SHELL = Pattern.compile("\\s+#.*|\\s*(\\||>|<|;|&&|\\)).*");

    private CommandText() {}

    /// All commands, for a program that prints nowhere.
    static CommandLine program(String... arguments) {
        PrintWriter nowhere = new PrintWriter(PrintWriter.nullWriter());
        return RootCommand.commandLine(new CliEnvironment(InputStream.nullInputStream(), nowhere, nowhere, _ -> null,
                false), arguments);
    }

    /// A command and all those below it.
    static List<CommandLine> withAllBelow(CommandLine command) {
        List<CommandLine> all = new ArrayList<>(List.of(command));
        command.getSubcommands().values().forEach(each -> all.addAll(withAllBelow(each)));
        return all;
    }

    /// The words after `freezeframe` in a line of a shell, as far as the program gets to see them.
    static List<String> arguments(String line) {
        String text = outsideQuotes(line.substring(line.indexOf("freezeframe ") + "freezeframe ".length()));
        return WORD.matcher(text).results().map(word -> word.group().replaceAll("['\"]", "")).toList();
    }

    private static String outsideQuotes(String text) {
        String blind = Pattern.compile("'[^']*'|\"[^\"]*\"").matcher(text).replaceAll(quote -> "q".repeat(quote.group()
                .length()));
        Matcher shell = SHELL.matcher(blind);
        return shell.find() ? text.substring(0, shell.start()) : text;
    }

    /// Why the program would refuse a line as wrong usage, if it would.
    static Optional<String> refusal(String line) {
        String[] arguments = arguments(line).toArray(String[]::new);
        try {
            program(arguments).parseArgs(arguments);
            return Optional.empty();
        } catch (ParameterException e) {
            return Optional.of(line.strip() + ": " + e.getMessage());
        }
    }
}
