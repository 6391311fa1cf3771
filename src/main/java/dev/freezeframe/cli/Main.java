package dev.freezeframe.cli;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.cli.terminal.CliEnvironment;
import dev.freezeframe.cli.terminal.LoggingSetUp;
import dev.freezeframe.cli.terminal.NativeText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.ExitCode;

/// Where the program starts. Its exit status is 0 when done, 1 when something failed, 2 when used wrongly.
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        // Digits are Latin whatever the user's language: in figures, which scripts read, and in the names of native libraries.
        Locale.setDefault(Locale.ENGLISH);
        LoggingSetUp.prepare();
        PrintWriter err = writer(FileDescriptor.err);
        CliEnvironment surroundings = CliEnvironment.ofThisProcess(writer(FileDescriptor.out), err);
        Optional<String> unreadable = NativeText.ofThisProcess(arguments).problem();
        if (unreadable.isPresent()) {
            err.println("freezeframe: " + ShownText.lines(unreadable.get()));
            System.exit(ExitCode.USAGE);
        }
        System.exit(RootCommand.execute(surroundings, arguments));
    }

    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
    }
}
