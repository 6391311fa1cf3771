package dev.freezeframe.bench;

import dev.freezeframe.store.figure.DiskMetrics;
import java.util.List;

/// The blocks of one checkpoint, or of several, by what it took to store them. They add up to the dirty ones.
///
/// @param dirty blocks that were captured
/// @param duplicateOfRam of these: saved because a page of RAM has, or had, the same content
/// @param duplicateOfDisk of these: saved because a disk has, or had, the same content
/// @param unchanged of these: same content as in the checkpoint before
public record SavedBlocks(long dirty, long unchanged, long zero, long duplicateOfDisk, long duplicateOfRam,
        long stored) {
    /// Nothing was captured.
    public static final SavedBlocks NONE = new SavedBlocks(0, 0, 0, 0, 0, 0);

    /// Those of all disks of a checkpoint.
    public static SavedBlocks of(List<DiskMetrics> disks) {
        return disks.stream().map(disk -> new SavedBlocks(disk.dirtyBlocks(), disk.unchangedBlocks(), disk.zeroBlocks(),
                disk.duplicateDiskBlocks(), disk.duplicateRamBlocks(), disk.newBlocks())).reduce(NONE,
                        SavedBlocks::plus);
    }

    /// Both together.
    public SavedBlocks plus(SavedBlocks other) {
        return new SavedBlocks(dirty + other.dirty, unchanged + other.unchanged, zero + other.zero, duplicateOfDisk
                + other.duplicateOfDisk, duplicateOfRam + other.duplicateOfRam, stored + other.stored);
    }

    /// The part of all dirty blocks that RAM saved; 0 where there are none.
    public double shareSavedByRam() {
        return dirty == 0 ? 0 : (double) duplicateOfRam / dirty;
    }
}
