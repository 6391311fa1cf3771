package dev.freezeframe.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/// Where the program starts. Its exit status is 0 when done, 1 when something failed, 2 when used wrongly.
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        LoggingSetUp.prepare();
        Surroundings surroundings = Surroundings.ofThisProcess(writer(FileDescriptor.out), writer(FileDescriptor.err));
        System.exit(Freezeframe.commandLine(surroundings, arguments).execute(arguments));
    }

    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
    }
}
