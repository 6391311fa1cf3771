package dev.freezeframe.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.DiskTable;
import dev.freezeframe.store.catalog.ImageTable.Image;
import dev.freezeframe.store.catalog.ImageTable;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.lock.LockedWork;
import dev.freezeframe.store.lock.PinnedCheckpoints;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ImageReader;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/// The images of checkpoints: opened for reading anywhere in them, or read whole. What is open is pinned, and what is pinned
/// cannot be deleted. For any thread.
final class CheckpointImages {
    private static final int MOST_ARRAY_BYTES = 1 << 30;

    private final StoreFile file;
    private final StoredChunks chunks;
    /// Also the lock that keeps deletions off what is being opened.
    @GuardedBy("pins")
    private final PinnedCheckpoints pins = new PinnedCheckpoints();

    private record OpenedImage(long lengthBytes, PageMap map) {}

    CheckpointImages(StoreFile file, StoredChunks chunks) {
        this.file = file;
        this.chunks = chunks;
    }

    static Image imageOrThrow(Database.Session session, long checkpointId, String name)
            throws SQLException, StoreException {
        Optional<Image> image = ImageTable.image(session, checkpointId, name);
        if (image.isPresent()) {
            return image.get();
        }
        Optional<String> disk = NewCheckpoint.diskOf(name);
        if (disk.isPresent() && DiskTable.ofCheckpoint(session, checkpointId).stream()
                .anyMatch(each -> each.disk().equals(disk.get()))) {
            throw new StoreException(Reason.DAMAGED, "the image \"" + name + "\" of checkpoint id " + checkpointId
                    + " is lost: the catalog has the disk's figures, but not its image; verify lists every checkpoint that is affected");
        }
        throw new StoreException(Reason.NOT_FOUND,
                "checkpoint id " + checkpointId + " has no image \"" + name + "\"");
    }

    /// @param briefly whether it is closed soon, whatever a person does; a deletion waits for it then
    ImageReader open(CheckpointRecord checkpoint, String imageName, boolean briefly) throws StoreException {
        Optional<PageMap> known;
        synchronized (pins) {
            pins.pin(checkpoint, briefly);
            known = pins.map(checkpoint, imageName);
        }
        boolean opened = false;
        try {
            OpenedImage image = file.read("open an image", session -> {
                Image found = imageOrThrow(session, checkpoint.id(), imageName);
                requireLength(session, found);
                return new OpenedImage(found.lengthBytes(),
                        known.isPresent() ? known.get() : ImageTable.pageMap(session, found));
            });
            PageMap map;
            synchronized (pins) {
                map = pins.share(checkpoint, imageName, image.map);
            }
            opened = true;
            return new ImageReader(checkpoint, imageName, image.lengthBytes, map, chunks.readPacks(), () -> unpin(
                    checkpoint, briefly));
        } finally {
            if (!opened) {
                unpin(checkpoint, briefly);
            }
        }
    }

    /// Compares an image of a disk with what was measured when it was stored.
    private static void requireLength(Database.Session session, Image image) throws SQLException, StoreException {
        Optional<String> disk = NewCheckpoint.diskOf(image.name());
        for (DiskMetrics each : DiskTable.ofCheckpoint(session, image.checkpointId())) {
            if (disk.isPresent() && each.disk().equals(disk.get()) && each.sizeBytes() != image.lengthBytes()) {
                throw new StoreException(Reason.DAMAGED, "the image \"" + image.name() + "\" of checkpoint id "
                        + image.checkpointId() + " is damaged (the catalog says " + image.lengthBytes()
                        + " bytes of a disk of " + each.sizeBytes()
                        + "); verify lists every checkpoint that is affected");
            }
        }
    }

    /// A whole image that fits into an array.
    byte[] bytes(CheckpointRecord checkpoint, String imageName) throws StoreException {
        try (ImageReader image = open(checkpoint, imageName, true)) {
            if (image.sizeBytes() < 0 || image.sizeBytes() > MOST_ARRAY_BYTES) {
                throw new StoreException(Reason.REFUSED,
                        "image \"" + imageName + "\" of " + image.sizeBytes()
                                + " bytes is too large to read at once; read it page by page");
            }
            PageMap map = image.map();
            byte[] content = new byte[(int) image.sizeBytes()];
            ByteBuffer chunk = ByteBuffer.allocate(ChunkId.CHUNK_BYTES);
            for (int page = 0; page < map.pages(); page++) {
                if (map.chunkId(page) != ChunkId.ZERO) {
                    chunks.read(map.chunkId(page), chunk.clear());
                    int at = page * ChunkId.CHUNK_BYTES;
                    chunk.get(0, content, at, Math.min(ChunkId.CHUNK_BYTES, content.length - at));
                }
            }
            return content;
        }
    }

    /// What tells which checkpoints there are.
    @FunctionalInterface
    interface Listing {
        List<CheckpointRecord> checkpoints() throws StoreException;
    }

    /// Checkpoints that stay until they are given free.
    ///
    /// @param free gives them free; calling it again does nothing
    record Pinned(List<CheckpointRecord> checkpoints, Runnable free) {}

    /// Pins those that there are now; none of them is deleted between the look and the pin.
    Pinned pin(Listing listing) throws StoreException {
        List<CheckpointRecord> found;
        synchronized (pins) {
            found = listing.checkpoints();
            found.forEach(each -> pins.pin(each, false));
        }
        AtomicBoolean pinned = new AtomicBoolean(true);
        return new Pinned(found, () -> {
            if (pinned.getAndSet(false)) {
                found.forEach(each -> unpin(each, false));
            }
        });
    }

    private void unpin(CheckpointRecord checkpoint, boolean briefly) {
        synchronized (pins) {
            pins.unpin(checkpoint, briefly);
        }
    }

    /// Those that have an image open.
    Set<Long> checkpointsInUse() {
        synchronized (pins) {
            return pins.ids();
        }
    }

    /// One that is read, not only briefly.
    Optional<CheckpointRecord> anyInUse() {
        synchronized (pins) {
            return pins.any();
        }
    }

    /// Deletes unless somebody reads one of these checkpoints; waits a moment for those who read briefly. Meanwhile nobody
    /// begins to read.
    ///
    /// @param what    begins the message that it cannot be deleted
    /// @param deleted which checkpoints it is about
    <T> T deleteUnlessRead(String what, Predicate<CheckpointRecord> deleted, LockedWork<T> deletion)
            throws StoreException {
        synchronized (pins) {
            pins.refuse(what, deleted);
            return deletion.run();
        }
    }
}
