package dev.freezeframe.cli;

import dev.freezeframe.suite.ChildJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// The program as a process of its own, for what [Invocation] cannot tell: signals, and output while it runs.
final class ProgramProcess {
    private ProgramProcess() {}

    /// Starts it with all its folders under `home`; what it says on standard error goes to the file `err` there.
    static Process start(Path home, String... arguments) throws IOException {
        return start(home, ProcessBuilder.Redirect.PIPE, arguments);
    }

    static Process start(Path home, ProcessBuilder.Redirect output, String... arguments) throws IOException {
        List<String> command = ChildJvm.interruptible();
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(output)
                .redirectError(home.resolve("err").toFile());
        builder.environment().put("XDG_DATA_HOME", home.resolve("data").toString());
        builder.environment().put("XDG_STATE_HOME", home.resolve("state").toString());
        return builder.start();
    }

    static void signal(Process process, String signal) throws IOException, InterruptedException {
        if (new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor() != 0) {
            throw new IOException("no " + signal + " for " + process);
        }
    }
}
