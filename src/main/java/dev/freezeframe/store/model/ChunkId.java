package dev.freezeframe.store.model;

import dev.freezeframe.base.GuestPage;

/// The number of a chunk: which pack holds it and in which slot of that pack. Ids never change while a chunk lives, so
/// compaction rewrites packs and never page maps.
public final class ChunkId {
    /// The chunk of 4096 zero bytes. It is nowhere stored.
    public static final long ZERO = 0;
    /// Bytes in a chunk, a page and a block.
    public static final int CHUNK_BYTES = GuestPage.BYTES;
    /// Low bits of an id that number the slot.
    public static final int SLOT_BITS = 10;
    /// Ids stay below 2^40 (4 PiB of unique content), so that an index can keep hash bits beside them.
    public static final int ID_BITS = 40;
    public static final int MAX_SLOTS = 1 << SLOT_BITS;
    public static final long MAX_PACK_ID = (1L << (ID_BITS - SLOT_BITS)) - 1;

    private ChunkId() {}

    /// The id of a slot; pack numbers start at 1.
    public static long of(long packId, int slot) {
        assert packId > 0 && packId <= MAX_PACK_ID && slot >= 0 && slot < MAX_SLOTS;
        return (packId << SLOT_BITS) | slot;
    }

    /// The pack that a chunk is in.
    public static long packId(long chunkId) {
        return chunkId >>> SLOT_BITS;
    }

    /// The slot of its pack that a chunk is in.
    public static int slot(long chunkId) {
        return (int) (chunkId & (MAX_SLOTS - 1));
    }

    public static boolean isValid(long chunkId) {
        return chunkId == ZERO || (chunkId >= MAX_SLOTS && chunkId < 1L << ID_BITS);
    }
}
