package dev.freezeframe.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.image.QemuImg;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// QEMU's internal snapshots, each in a qcow2 file of its own that the guest does not know of. QEMU answers nobody while it
/// saves one.
final class SnapshotTaker implements CheckpointTaker {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String COMMAND = "snapshot-save";
    private static final String NODE = "bench-vmstate";
    private static final String JOB = "bench-snapshot";
    /// The guest has no disk; this is the content of nothing.
    private static final long DISK_BYTES = 1 << 20;

    private final QmpClient qmp;
    private final QemuImg images;
    private final Path file;
    private long emptyBytes;

    private SnapshotTaker(QmpClient qmp, QemuImg images, Path file) {
        this.qmp = qmp;
        this.images = images;
        this.file = file;
    }

    static SnapshotTaker open(Machine machine, Path folder) throws IOException {
        boolean known = false;
        for (JsonNode command : machine.qmp().execute(QmpCommand.of("query-commands"))) {
            known |= command.path("name").asText().equals(COMMAND);
        }
        if (!known) {
            throw new NotOfferedException("QEMU " + machine.qemuVersion() + " has no command " + COMMAND, null);
        }
        return new SnapshotTaker(machine.qmp(), QemuImg.ofNamed(machine.spec().qemuBinary()), folder.resolve(
                "snapshot.qcow2"));
    }

    @Override
    public void prepare() throws IOException {
        images.createQcow2(file, DISK_BYTES);
        emptyBytes = DiskRoom.bytes(file);
        qmp.execute(QmpCommand.of("blockdev-add").with("driver", "qcow2").with("node-name", NODE).with("file", Map.of(
                "driver", "file", "filename", file.toString())));
    }

    @Override
    public void take() throws IOException {
        try (PendingEvent concluded = qmp.expect("JOB_STATUS_CHANGE", event -> event.path("id").asText().equals(JOB)
                && event.path("status").asText().equals("concluded"))) {
            qmp.execute(QmpCommand.of(COMMAND).with("job-id", JOB).with("tag", "bench").with("vmstate", NODE).with(
                    "devices", List.of(NODE)), PATIENCE);
            concluded.await(PATIENCE);
        }
        for (JsonNode job : qmp.execute(QmpCommand.of("query-jobs"))) {
            if (job.path("id").asText().equals(JOB) && job.has("error")) {
                throw new IOException("QEMU could not save: " + job.path("error").asText());
            }
        }
    }

    @Override
    public long keptBytes() throws IOException {
        qmp.execute(QmpCommand.of("job-dismiss").with("id", JOB));
        qmp.execute(QmpCommand.of("blockdev-del").with("node-name", NODE));
        long bytes = DiskRoom.bytes(file) - emptyBytes;
        Files.delete(file);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
