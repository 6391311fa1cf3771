package dev.freezeframe.qemu.nbd;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.TestedQemu;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.linux.socket.UnixListener;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A QEMU without a machine that has a raw image as its node `disk0`, and an NBD server of its own. Killed when closed.
record QemuWithDisk(Process process, QmpClient qmp, RunDirectory directory) implements AutoCloseable {
    private static final Duration PATIENCE = Await.PATIENCE;

    static QemuWithDisk start(Path image) throws IOException {
        RunDirectory directory = RunDirectory.create();
        try (UnixListener listener = UnixListener.bind(directory.socket("qmp"))) {
            Process process = new ProcessBuilder(TestedQemu.binary(), "-machine", "none", "-nodefaults",
                    "-no-user-config", "-display", "none", "-S", "-chardev", "socket,id=qmp,path=" + listener.path(),
                    "-qmp", "chardev:qmp")
                    // what qemu-io says; standard output is the test runner's own channel
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(TestOutput.ofChildren())
                    .start();
            UnixConnection connection = listener.accept(process.toHandle(), process.onExit(), PATIENCE);
            QemuWithDisk qemu = new QemuWithDisk(process, QmpClient.open(connection, _ -> "QEMU ended", PATIENCE),
                    directory);
            qemu.execute("blockdev-add", Map.of("driver", "raw", "node-name", "disk0", "file", Map.of("driver", "file",
                    "filename", image.toString())));
            qemu.execute("nbd-server-start", Map.of("addr", Map.of("type", "unix", "data", Map.of("path", qemu
                    .nbdSocket().toString()))));
            return qemu;
        }
    }

    Path nbdSocket() {
        return directory.path().resolve("nbd");
    }

    JsonNode execute(String command, Map<String, ?> arguments) throws IOException {
        QmpCommand qmpCommand = QmpCommand.of(command);
        for (var each : arguments.entrySet())
            qmpCommand = qmpCommand.with(each.getKey(), each.getValue());
        return qmp.execute(qmpCommand);
    }

    /// Writes as a guest would.
    void write(String node, int pattern, long offset, long lengthBytes) throws IOException {
        String said = execute("human-monitor-command", Map.of("command-line", "qemu-io " + node + " \"write -P "
                + pattern + " " + offset + " " + lengthBytes + "\"")).asText();
        if (!said.isEmpty() && !said.contains("wrote "))
            throw new IOException(said);
    }

    void export(String node, String name, List<Map<String, String>> bitmaps) throws IOException {
        execute("block-export-add", Map.of("type", "nbd", "id", name, "node-name", node, "name", name, "bitmaps",
                bitmaps));
    }

    @Override
    public void close() {
        qmp.close();
        process.destroyForcibly();
        process.onExit().join();
        directory.close();
    }
}
