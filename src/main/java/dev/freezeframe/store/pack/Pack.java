package dev.freezeframe.store.pack;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.model.ChunkId;
import java.nio.ByteBuffer;
import java.util.BitSet;

/// The chunks of a pack, decompressed and checked. Immutable.
public final class Pack {
    private final long packId;
    private final int slots;
    /// Where in `raw` the chunk of a slot is, as its number; -1 for a slot without a chunk. Null when nothing is missing.
    private final short[] ranks;
    private final byte[] raw;

    private Pack(long packId, int slots, short[] ranks, byte[] raw) {
        this.packId = packId;
        this.slots = slots;
        this.ranks = ranks;
        this.raw = raw;
    }

    static Pack of(long packId, int slots, BitSet live, byte[] raw) {
        short[] ranks = null;
        if (live.cardinality() != slots) {
            ranks = new short[slots];
            short rank = 0;
            for (int slot = 0; slot < slots; slot++) {
                ranks[slot] = live.get(slot) ? rank++ : -1;
            }
        }
        return new Pack(packId, slots, ranks, raw);
    }

    public int sizeBytes() {
        return raw.length + (ranks == null ? 0 : 2 * ranks.length) + 64;
    }

    public int slots() {
        return slots;
    }

    public boolean holds(int slot) {
        return slot < slots && (ranks == null || ranks[slot] >= 0);
    }

    /// Where the chunk begins in [#raw()].
    public int offset(int slot) throws CorruptionException {
        if (!holds(slot)) {
            throw new CorruptionException("pack " + packId + " has no chunk in slot " + slot);
        }
        return offsetOfLive(slot);
    }

    public int offsetOfLive(int slot) {
        return (ranks == null ? slot : ranks[slot]) * ChunkId.CHUNK_BYTES;
    }

    public byte[] raw() {
        return raw;
    }

    public boolean equalsAt(int slot, ByteBuffer page, int position) throws CorruptionException {
        ByteBuffer mine = ByteBuffer.wrap(raw, offset(slot), ChunkId.CHUNK_BYTES);
        return mine.equals(page.slice(position, ChunkId.CHUNK_BYTES));
    }
}
