package dev.freezeframe.restore;

import dev.freezeframe.base.Closing;
import dev.freezeframe.qemu.image.DiskBacking;
import dev.freezeframe.qemu.nbd.NbdExport;
import dev.freezeframe.qemu.nbd.NbdServer;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.pack.ImageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// Serves the disks of one checkpoint straight from the store, read-only, over a UNIX socket that only its owner can reach.
/// As long as it is open the checkpoint cannot be deleted, and the store has to stay open.
public final class DiskServer implements AutoCloseable {
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, DiskBacking> backings = new LinkedHashMap<>();
    private final List<StoredDisk> disks = new ArrayList<>();

    /// Opens the images of these disks and serves them under their ids.
    ///
    /// @throws IOException one line for the user
    public DiskServer(Store store, CheckpointRecord checkpoint, List<String> diskIds) throws IOException {
        boolean done = false;
        try {
            RunDirectory folder = RunDirectory.create();
            opened.add(folder);
            Path socket = folder.socket("disks");
            Map<String, NbdExport> exports = new LinkedHashMap<>();
            for (String id : diskIds) {
                ImageReader image = store.openImage(checkpoint, NewCheckpoint.disk(id));
                opened.add(image);
                StoredDisk disk = new StoredDisk(image);
                disks.add(disk);
                exports.put(id, disk);
                backings.put(id, new DiskBacking(socket, id, image.sizeBytes(), Optional.of(disk)));
            }
            opened.add(NbdServer.start(socket, exports));
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    /// Where each disk is served, by its id.
    public Map<String, DiskBacking> backings() {
        return Map.copyOf(backings);
    }

    /// Bytes that were read from here until now, all disks together.
    public long bytesServed() {
        return disks.stream().mapToLong(disk -> disk.served.get()).sum();
    }

    /// Bytes of all disks that are not known to be zero.
    public long bytesWithContent() {
        long[] bytes = {0};
        for (StoredDisk disk : disks) {
            disk.image.forEachExtent(0, disk.image.sizeBytes(), (_, length, zero) -> {
                bytes[0] += zero ? 0 : length;
                return true;
            });
        }
        return bytes[0];
    }

    /// One disk of the checkpoint. What cannot be read is an error of that one read, with the store's reason.
    private static final class StoredDisk implements NbdExport {
        private final ImageReader image;
        private final AtomicLong served = new AtomicLong();

        StoredDisk(ImageReader image) {
            this.image = image;
        }

        @Override
        public long sizeBytes() {
            return image.sizeBytes();
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            int length = target.remaining();
            image.read(offset, target);
            served.addAndGet(length);
        }

        @Override
        public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
            image.<IOException>forEachExtent(offset, lengthBytes, (at, length, zero) -> {
                visitor.extent(at, length, zero);
                return true;
            });
        }
    }

    /// Ends the service; machines that still use it get errors for what they have not read yet.
    @Override
    public void close() {
        Closing.emptied(opened);
    }
}
