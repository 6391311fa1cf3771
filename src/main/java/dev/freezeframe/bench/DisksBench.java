package dev.freezeframe.bench;

import dev.freezeframe.qemu.image.DiskBacking;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.nbd.NbdClient;
import dev.freezeframe.qemu.nbd.NbdRange;
import dev.freezeframe.qemu.nbd.NbdReadSink;
import dev.freezeframe.qemu.nbd.NbdStatusVisitor;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.restore.DiskServer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Measures how fast disks are read over NBD: from a QEMU, the way capture does it, and from the server that restored
/// machines read from. Only content counts; what a server knows to be zero is not asked for.
public final class DisksBench {
    private static final String ALLOCATION = "base:allocation";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /// What capture asks for at once.
    private static final int PIECE_BYTES = 256 << 10;

    private DisksBench() {}

    /// All content of one disk, read once from its beginning to its end.
    public record Reading(long bytes, long micros) {
        public double megabytesPerSecond() {
            return (double) bytes / Math.max(1, micros);
        }
    }

    /// Reads a machine's first writable disk from its QEMU some times. The guest does not run. After the first time
    /// the image file is in this computer's page cache, unless it has no room for it.
    public static List<Reading> fromQemu(MachineSpec spec, int times, Consumer<Reading> each) throws IOException {
        try (Machine machine = Machine.boot(spec.withStartPaused(true)); RunDirectory folder = RunDirectory.create()) {
            QmpClient qmp = machine.diskQmp().orElseThrow(() -> new IOException("the profile " + spec.profile().name()
                    + " has no disk that the guest can write; name one that has, such as debian-build"));
            MachineDisk disk = machine.disks().getFirst();
            Path socket = folder.socket("bench");
            qmp.execute(QmpCommand.of("nbd-server-start").with("addr", Map.of("type", "unix", "data", Map.of("path",
                    socket.toString()))));
            qmp.execute(QmpCommand.of("block-export-add").with("type", "nbd").with("id", "bench").with("node-name",
                    disk.node()).with("name", disk.id()));
            List<Reading> readings = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                Reading reading = read(socket, disk.id());
                each.accept(reading);
                readings.add(reading);
            }
            return List.copyOf(readings);
        }
    }

    /// Reads a disk of a checkpoint from our server once.
    ///
    /// @param store one that was just opened has nothing of the disk in memory yet
    public static Reading fromStore(Store store, CheckpointRecord checkpoint, String disk) throws IOException {
        try (DiskServer server = new DiskServer(store, checkpoint, List.of(disk))) {
            DiskBacking backing = server.backings().get(disk);
            return read(backing.socket(), backing.export());
        }
    }

    private static Reading read(Path socket, String export) throws IOException {
        try (NbdClient client = NbdClient.connect(socket, export, List.of(ALLOCATION), PATIENCE)) {
            List<NbdRange> content = new ArrayList<>();
            client.blockStatus(ALLOCATION, 0, client.sizeBytes(), (offset, length, flags) -> {
                if ((flags & NbdStatusVisitor.ZERO) == 0) {
                    content.add(new NbdRange(offset, length));
                }
            });
            Discarding sink = new Discarding();
            long start = System.nanoTime();
            client.read(content.iterator(), PIECE_BYTES, sink);
            return new Reading(sink.bytes, (System.nanoTime() - start) / 1000);
        }
    }

    /// Takes everything and keeps nothing; the memory is used again and again.
    private static final class Discarding implements NbdReadSink {
        private final List<ByteBuffer> free = new ArrayList<>();
        private long bytes;

        @Override
        public ByteBuffer target(long offset, int lengthBytes, boolean mayWait) {
            ByteBuffer buffer = free.isEmpty() ? ByteBuffer.allocateDirect(PIECE_BYTES) : free.removeLast();
            return buffer.clear().limit(lengthBytes);
        }

        @Override
        public void delivered(long offset, int lengthBytes, ByteBuffer target, boolean zero) {
            bytes += lengthBytes;
            free.add(target);
        }

        @Override
        public void abandoned(long offset, int lengthBytes, ByteBuffer target) {
            free.add(target);
        }
    }
}
