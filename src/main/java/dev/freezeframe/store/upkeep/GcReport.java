package dev.freezeframe.store.upkeep;

import java.util.Optional;

/// What [dev.freezeframe.store.Store#gc] did.
///
/// @param chunksDropped  chunks that no checkpoint used any more
/// @param packsDeleted   packs without any chunk left
/// @param packsRewritten packs that lost some of their chunks
/// @param freedBytes     what the packs that went and those that shrank took, less what is left of them
/// @param bytesBefore    size of the store's file before, and of what was put aside for a full disk if that was given up
/// @param bytesAfter     and after
/// @param notShrunk      why the file was not made shorter, if it was not; what is free inside it is used by what comes
public record GcReport(long chunksDropped, long packsDeleted, long packsRewritten, long freedBytes, long bytesBefore,
        long bytesAfter,
        Optional<String> notShrunk) {}
