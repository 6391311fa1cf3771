package dev.freezeframe.dedup;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkHash;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// Turns captured pages into chunks of a store and finds those that are already there, of whatever experiment. Safe for any
/// number of recordings at once, each with a thread of its own. All deduplicators of a store share one index, whose memory is
/// bounded by a quarter of the Java heap; what it has no room for is only stored once more.
public final class Deduplicator implements AutoCloseable {
    private final Store store;
    private final DedupOptions options;
    private final ChunkHash hash;
    private final StoreIndex index;
    private final AtomicBoolean closed = new AtomicBoolean();

    /// Reads the hashes of the stored chunks, unless another deduplicator of the store has them in memory.
    public Deduplicator(Store store, DedupOptions options) throws StoreException {
        this(store, options, ChunkHash.xxh128(), StoreIndex.shared(store));
    }

    private Deduplicator(Store store, DedupOptions options, ChunkHash hash, StoreIndex index) {
        this.store = store;
        this.options = options;
        this.hash = hash;
        this.index = index;
    }

    /// With a hash and an index of its own.
    ///
    /// @param indexBytes bound of the index's memory
    static Deduplicator with(Store store, DedupOptions options, ChunkHash hash, long indexBytes) throws StoreException {
        return new Deduplicator(store, options, hash, StoreIndex.unshared(store, indexBytes));
    }

    /// Starts a checkpoint.
    ///
    /// @param number      counts from 1 within the experiment
    /// @param previousRam the map that this checkpoint differs from: that of the checkpoint before, or, in the first of a
    ///                    restored machine, that of the checkpoint it came from; without one, a page that is not added
    ///                    is zero
    /// @param ramBytes    guest RAM
    /// @param disks       every disk that the checkpoint has an image of, each id once
    public CheckpointWriter begin(long experimentId, int number, Optional<PageMap> previousRam, long ramBytes,
            List<DiskToStore> disks) throws StoreException {
        return new StoringWriter(store, options, hash, index, experimentId, number, previousRam, ramBytes, disks);
    }

    ChunkIndex index() {
        return index.chunks();
    }

    /// Gives the index up; with the last deduplicator of a store, its memory is free again.
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            index.release(store);
        }
    }
}
