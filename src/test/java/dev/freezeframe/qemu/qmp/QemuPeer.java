package dev.freezeframe.qemu.qmp;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.linux.socket.UnixListener;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.nio.file.Path;

/// A QEMU without a machine, which starts in a few milliseconds and speaks QMP. Killed when closed.
record QemuPeer(Process process, QmpClient qmp, Path folder) implements AutoCloseable {
    static QemuPeer start() throws IOException {
        Path folder;
        Process process;
        UnixConnection connection;
        try (RunDirectory calls = RunDirectory.create();
                UnixListener listener = UnixListener.bind(calls.socket(
                        "qmp"))) {
            folder = calls.path();
            process = new ProcessBuilder(TestedQemu.binary(), "-name", "test-peer", "-machine", "none", "-nodefaults",
                    "-no-user-config", "-display", "none", "-S", "-chardev", "socket,id=qmp,path=" + listener.path(),
                    "-qmp", "chardev:qmp").redirectErrorStream(true).redirectOutput(TestOutput.ofChildren()).start();
            connection = listener.accept(process.toHandle(), process.onExit(), Await.PATIENCE);
        }
        return new QemuPeer(process, QmpClient.open(connection, _ -> "fate known", Await.PATIENCE), folder);
    }

    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).redirectErrorStream(true)
                .redirectOutput(TestOutput.ofChildren()).start().waitFor();
    }

    @Override
    public void close() {
        qmp.close();
        process.destroyForcibly();
    }
}
