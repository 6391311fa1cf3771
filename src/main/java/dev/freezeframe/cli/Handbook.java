package dev.freezeframe.cli;

import dev.freezeframe.cli.terminal.CliEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/// Writes what packages carry beside the program: the sources of a manual page for each command, in AsciiDoc, and the
/// completion script. The build of the packages calls it, and it is not in them; the same program gives the same bytes.
final class Handbook {
    private Handbook() {}

    /// Expects the folder to write to; in it are `man/*.adoc` and `completion/freezeframe` afterwards.
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 1) {
            throw new IllegalArgumentException("expected: FOLDER");
        }
        write(Path.of(arguments[0]));
    }

    static void write(Path folder) throws IOException {
        PrintWriter nowhere = new PrintWriter(PrintWriter.nullWriter());
        CliEnvironment surroundings = new CliEnvironment(InputStream.nullInputStream(), nowhere, nowhere, _ -> null,
                false);
        Files.writeString(Files.createDirectories(folder.resolve("completion")).resolve("freezeframe"),
                CompletionScript.of(RootCommand.commandLine(surroundings)));
        CommandLine program = RootCommand.commandLine(surroundings);
        nameSections(program);
        Path pages = Files.createDirectories(folder.resolve("man"));
        if (ManPageGenerator.generateManPage(pages.toFile(), null, new boolean[0], true, program
                .getCommandSpec()) != CommandLine.ExitCode.OK) {
            throw new IOException("picocli could not write the manual pages into " + pages);
        }
    }

    /// Headings of a manual page have no colon, and the list of commands has one, where the help has groups.
    private static void nameSections(CommandLine command) {
        UsageMessageSpec usage = command.getCommandSpec().usageMessage();
        usage.footerHeading("Examples%n").exitCodeListHeading("Exit status%n").commandListHeading("Commands%n");
        command.getSubcommands().values().forEach(Handbook::nameSections);
    }
}
