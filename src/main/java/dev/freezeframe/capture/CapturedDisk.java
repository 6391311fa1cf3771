package dev.freezeframe.capture;

/// What was read of one disk for a frame; the contents went ahead in slabs.
///
/// @param id the disk's, as in the profile
/// @param sizeBytes the size that the guest sees
/// @param blocks the blocks that were captured; blocks outside are as in the checkpoint before
/// @param readBytes bytes that QEMU was asked for: blocks that it knows to be zero need none
/// @param readMicros from RESUME on until all was read and handed over, the guest running
public record CapturedDisk(String id, long sizeBytes, BlockRanges blocks, long readBytes, long readMicros) {}
