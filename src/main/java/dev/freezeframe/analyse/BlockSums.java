package dev.freezeframe.analyse;

import dev.freezeframe.store.figure.DiskMetrics;

/// Blocks of disks, summed up over disks and checkpoints. The last five add up to the first.
///
/// @param dirty that capture handed over
/// @param unchanged same content as in the checkpoint before
/// @param zero zero now
/// @param duplicateDisk content that a disk had brought in
/// @param duplicateRam content that RAM had brought in: the page cache's copy of the block, mostly
/// @param fresh chunks that were added
/// @param readBytes content read from QEMU
/// @param readMicros time that this took, the guests running
public record BlockSums(long dirty, long unchanged, long zero, long duplicateDisk, long duplicateRam, long fresh,
        long readBytes, long readMicros) {

    /// Of nothing.
    public static final BlockSums NONE = new BlockSums(0, 0, 0, 0, 0, 0, 0, 0);

    /// These and one more disk of one checkpoint.
    public BlockSums plus(DiskMetrics disk) {
        return new BlockSums(dirty + disk.dirtyBlocks(), unchanged + disk.unchangedBlocks(), zero + disk.zeroBlocks(),
                duplicateDisk + disk.duplicateDiskBlocks(), duplicateRam + disk.duplicateRamBlocks(), fresh + disk
                        .newBlocks(),
                readBytes + disk.readBytes(), readMicros + disk.readMicros());
    }

    /// The share of the dirty blocks that need no room because RAM has them, from 0 to 1.
    public double sharedWithRam() {
        return dirty == 0 ? 0 : (double) duplicateRam / dirty;
    }

    /// How fast blocks were read, in bytes a second; 0 if none were.
    public double readBytesPerSecond() {
        return readMicros == 0 ? 0 : readBytes * 1e6 / readMicros;
    }
}
