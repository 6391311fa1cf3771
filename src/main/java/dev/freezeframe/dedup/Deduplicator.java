package dev.freezeframe.dedup;

import dev.freezeframe.store.ChunkHash;
import dev.freezeframe.store.ChunkWatcher;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreException;
import java.util.Optional;

/// Turns captured pages into chunks of a store and knows every chunk that is already there, of whatever experiment. Safe for
/// any number of recordings at once, each with a thread of its own; one per store is enough and finds most.
public final class Deduplicator implements AutoCloseable {
    private final Store store;
    private final DedupOptions options;
    private final ChunkHash hash;
    private final ChunkIndex index = new ChunkIndex();
    private final ChunkWatcher watcher = new ChunkWatcher() {
        @Override
        public void stored(long chunkId, long hashLow, long hashHigh) {
            index.add(hashLow, hashHigh, chunkId);
        }

        @Override
        public void dropped(long chunkId, long hashLow, long hashHigh) {
            index.remove(hashLow, hashHigh, chunkId);
        }

        @Override
        public void reset() {
            index.clear();
        }
    };

    /// Reads the hashes of all stored chunks.
    public Deduplicator(Store store, DedupOptions options) throws StoreException {
        this(store, options, ChunkHash.xxh128());
    }

    Deduplicator(Store store, DedupOptions options, ChunkHash hash) throws StoreException {
        this.store = store;
        this.options = options;
        this.hash = hash;
        store.watch(watcher);
    }

    /// Starts a checkpoint.
    ///
    /// @param number      counts from 1 within the experiment
    /// @param previousRam the map that this checkpoint differs from: that of the checkpoint before, or, in the first of a
    ///                    restored machine, that of the checkpoint it came from; without one, a page that is not added
    ///                    is zero
    /// @param ramBytes    guest RAM
    public CheckpointWriter begin(long experimentId, int number, Optional<PageMap> previousRam, long ramBytes)
            throws StoreException {
        return new StoringWriter(store, options, hash, index, experimentId, number, previousRam, ramBytes);
    }

    ChunkIndex index() {
        return index;
    }

    @Override
    public void close() {
        store.unwatch(watcher);
    }
}
