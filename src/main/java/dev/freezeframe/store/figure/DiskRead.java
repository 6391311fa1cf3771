package dev.freezeframe.store.figure;

/// What capture measured about reading one disk of a checkpoint.
///
/// @param disk       the disk's id, such as `disk0`
/// @param sizeBytes  as the guest sees it
/// @param readBytes  content that was read from QEMU; blocks that are known to be zero are not read
/// @param readMicros from the first request until the last answer
public record DiskRead(String disk, long sizeBytes, long readBytes, long readMicros) {}
