package dev.freezeframe.store.pack;

import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Deque;

/// A pack that is being filled, outside the heap. The chunk ids that it hands out are final; a chunk that turns out not to
/// be needed can be dropped again until the pack is written. For one thread at a time.
public final class PackDraft implements AutoCloseable {
    /// Chunks in a pack that [dev.freezeframe.store.Store#newPack] starts.
    public static final int CHUNKS = 64;

    private final long packId;
    private final ChunkOrigin origin;
    private final int capacity;
    private final Deque<ByteBuffer> pool;
    private final long[] hashes;
    private final BitSet live = new BitSet();
    private ByteBuffer raw;
    private int slots;

    public PackDraft(long packId, ChunkOrigin origin, ByteBuffer raw, Deque<ByteBuffer> pool) {
        this.packId = packId;
        this.origin = origin;
        this.raw = raw;
        this.pool = pool;
        this.capacity = raw.capacity() / ChunkId.CHUNK_BYTES;
        this.hashes = new long[2 * capacity];
    }

    /// The id that the pack has and will keep.
    public long packId() {
        return packId;
    }

    /// Where its chunks come from.
    public ChunkOrigin origin() {
        return origin;
    }

    /// Whether no slot is left.
    public boolean isFull() {
        return slots == capacity;
    }

    /// Slots used so far, dropped ones included.
    public int slots() {
        return slots;
    }

    /// Slots that hold a chunk.
    public int liveSlots() {
        return live.cardinality();
    }

    /// Whether a slot holds a chunk.
    public boolean isLive(int slot) {
        return live.get(slot);
    }

    /// Copies a chunk into the next slot.
    ///
    /// @param source direct or not; its position and limit are left alone
    /// @return the id that the chunk has from now on
    public long add(ByteBuffer source, int position, long hashLow, long hashHigh) {
        int slot = slots;
        raw.put(slot * ChunkId.CHUNK_BYTES, source, position, ChunkId.CHUNK_BYTES);
        hashes[2 * slot] = hashLow;
        hashes[2 * slot + 1] = hashHigh;
        live.set(slot);
        slots++;
        return ChunkId.of(packId, slot);
    }

    /// Whether a slot holds just these bytes.
    public boolean equalsAt(int slot, ByteBuffer page, int position) {
        return raw.slice(slot * ChunkId.CHUNK_BYTES, ChunkId.CHUNK_BYTES)
                .equals(page.slice(position, ChunkId.CHUNK_BYTES));
    }

    /// Leaves a slot empty for good.
    public void drop(int slot) {
        live.clear(slot);
    }

    /// Low half of the hash that the chunk was added with.
    public long hashLow(int slot) {
        return hashes[2 * slot];
    }

    /// High half of the hash that the chunk was added with.
    public long hashHigh(int slot) {
        return hashes[2 * slot + 1];
    }

    public long[] hashes() {
        return hashes;
    }

    public BitSet live() {
        return live;
    }

    /// Moves the live chunks together, in slot order, to the start of the buffer. The draft can only be written after it.
    public ByteBuffer pressTogether() {
        int to = 0;
        for (int slot = live.nextSetBit(0); slot >= 0; slot = live.nextSetBit(slot + 1)) {
            if (slot != to) {
                raw.put(to * ChunkId.CHUNK_BYTES, raw, slot * ChunkId.CHUNK_BYTES, ChunkId.CHUNK_BYTES);
            }
            to++;
        }
        return raw;
    }

    /// Gives the memory back, written or not.
    @Override
    public void close() {
        if (raw != null) {
            pool.push(raw);
            raw = null;
        }
    }
}
