package dev.freezeframe.dedup;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.PageMap;
import java.util.Optional;

/// A disk of a checkpoint that is to be written.
///
/// @param id        such as `disk0`; its image is called by [dev.freezeframe.store.model.NewCheckpoint#disk]
/// @param sizeBytes as the guest sees it, of any alignment
/// @param previous  the map that the disk differs from: that of the checkpoint before, or, in the first of a restored machine,
///                  that of the checkpoint it came from; without one, a block that is not added is zero. A disk may have got
///                  another size since: what is new is zero
public record DiskToStore(String id, long sizeBytes, Optional<PageMap> previous) {
    /// No disk is larger: 4 TiB.
    public static final long MAX_SIZE_BYTES = Disk.MOST_BYTES;

    /// @throws IllegalArgumentException with a line for the user
    public DiskToStore {
        if (!id.matches("[A-Za-z0-9_.-]{1,100}")) {
            throw new IllegalArgumentException(
                    "\"" + ShownText.marked(id) + "\" is no id of a disk: one is 1 to"
                            + " 100 letters, digits, '-', '_' or '.'");
        }
        if (sizeBytes <= 0 || sizeBytes > MAX_SIZE_BYTES) {
            throw new IllegalArgumentException(
                    "disk " + id + " has " + sizeBytes + " bytes; a disk that is checkpointed has"
                            + " 1 byte to 4 TiB");
        }
    }

    /// Blocks of 4096 bytes, the last one begun counted.
    int blocks() {
        return (int) ((sizeBytes + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES);
    }
}
