package dev.freezeframe.store.figure;

/// Everything measured about one disk of a checkpoint. The blocks add up: `dirtyBlocks = unchangedBlocks + zeroBlocks +
/// duplicateDiskBlocks + duplicateRamBlocks + newBlocks`; each block that capture handed over counts once, even if it was
/// handed over twice.
///
/// @param disk                the disk's id, such as `disk0`
/// @param sizeBytes           as the guest sees it
/// @param dirtyBlocks         distinct blocks that capture handed over
/// @param unchangedBlocks     of these: same content as in the checkpoint before
/// @param zeroBlocks          of these: zero now
/// @param duplicateDiskBlocks of these: content that a disk brought in, in this checkpoint or any before
/// @param duplicateRamBlocks  of these: content that RAM brought in, in this checkpoint or any before
/// @param newBlocks           chunks that this disk added
/// @param readBytes           content that was read from QEMU
/// @param readMicros          time that this took, while the guest ran
/// @param storedBytes         bytes that the disk added to the store: packs, hashes and page maps
public record DiskMetrics(String disk, long sizeBytes, long dirtyBlocks, long unchangedBlocks, long zeroBlocks,
        long duplicateDiskBlocks, long duplicateRamBlocks, long newBlocks, long readBytes, long readMicros,
        long storedBytes) {

    /// The same with more bytes stored.
    public DiskMetrics plusStored(long bytes) {
        return new DiskMetrics(disk, sizeBytes, dirtyBlocks, unchangedBlocks, zeroBlocks, duplicateDiskBlocks,
                duplicateRamBlocks, newBlocks, readBytes, readMicros, storedBytes + bytes);
    }

    /// Whether the blocks add up and nothing is negative.
    public boolean addsUp() {
        return sizeBytes >= 0 && unchangedBlocks >= 0 && zeroBlocks >= 0 && duplicateDiskBlocks >= 0
                && duplicateRamBlocks >= 0 && newBlocks >= 0
                && dirtyBlocks == unchangedBlocks + zeroBlocks + duplicateDiskBlocks + duplicateRamBlocks + newBlocks;
    }
}
