package dev.freezeframe.qemu.machine;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Device state of a paused machine, without RAM, in the simplest way that loads into another one. What the product
/// does with it lives in other packages; here it only serves to test machines that wait for a stream.
final class SavedState {
    private final byte[] blob;
    private final String machineType;

    private SavedState(byte[] blob, String machineType) {
        this.blob = blob;
        this.machineType = machineType;
    }

    static SavedState of(Machine paused) throws IOException {
        try (SharedMemory file = SharedMemory.allocate("device-state", 0)) {
            paused.qmp().execute(QmpCommand.of("xen-save-devices-state").with("filename", file.path()).with("live",
                    false));
            return new SavedState(file.readFile(64 << 20), paused.machineType());
        }
    }

    void load(Machine waiting) throws IOException, InterruptedException {
        byte[] name = machineType.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer stream = ByteBuffer.allocateDirect(blob.length + 5 + name.length);
        stream.put(blob, 0, 8).put((byte) 7).putInt(name.length).put(name).put(blob, 8, blob.length - 8).flip();
        try (RunDirectory folder = RunDirectory.create();
                PendingEvent completed = waiting.qmp().expect("MIGRATION", data -> data.path("status").asText().matches(
                        "completed|failed"))) {
            waiting.qmp().execute(QmpCommand.of("migrate-set-capabilities").with("capabilities", java.util.List.of(
                    java.util.Map.of("capability", "events", "state", true))));
            Path socket = folder.socket("incoming");
            waiting.qmp().execute(QmpCommand.of("migrate-incoming").with("uri", "unix:" + socket));
            try (UnixConnection connection = UnixConnection.connect(socket)) {
                connection.write(stream);
                if (!completed.await(Await.PATIENCE).data().path("status").asText().equals("completed")) {
                    throw new IOException("the device state did not load: " + waiting.qemuLog());
                }
            }
        }
    }
}
