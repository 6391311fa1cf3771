package dev.freezeframe.store;

/// What [Store#gc] did.
///
/// @param chunksDropped  chunks that no checkpoint used any more
/// @param packsDeleted   packs without any chunk left
/// @param packsRewritten packs that lost some of their chunks
/// @param bytesBefore    size of the store's file before
/// @param bytesAfter     and after
public record GcReport(long chunksDropped, long packsDeleted, long packsRewritten, long bytesBefore, long bytesAfter) {}
