package dev.freezeframe.dedup;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkWatcher;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The chunks of a store that can be found by their contents, kept up to date while it is in use. All deduplicators of a
/// store share one, so that its memory is bounded for the process; chunks that turned out to be damaged are not in it.
final class StoreIndex {
    private static final Logger LOG = LoggerFactory.getLogger(StoreIndex.class);
    /// More damaged packs are neither remembered nor reported one by one.
    private static final int MAX_DAMAGED_PACKS = 1000;

    @GuardedBy("SHARED")
    private static final Map<Store, StoreIndex> SHARED = new WeakHashMap<>();

    private final ChunkIndex chunks;
    /// Found to be unreadable since the store was opened.
    private final Set<Long> damagedPacks = ConcurrentHashMap.newKeySet();
    private final ChunkWatcher watcher = new ChunkWatcher() {
        @Override
        public void stored(long chunkId, long hashLow, long hashHigh) {
            if (!isKnownToBeDamaged(chunkId)) {
                chunks.add(hashLow, hashHigh, chunkId);
            }
        }

        @Override
        public void dropped(long chunkId, long hashLow, long hashHigh) {
            chunks.remove(hashLow, hashHigh, chunkId);
        }

        @Override
        public boolean wants(long chunkId) {
            return chunks.wants(chunkId);
        }

        @Override
        public void reset() {
            chunks.clear();
        }
    };
    @GuardedBy("SHARED")
    private int users;
    @GuardedBy("this")
    private boolean loaded;

    private StoreIndex(long maxBytes, int users) {
        chunks = new ChunkIndex(maxBytes);
        this.users = users;
    }

    /// A quarter of the heap: beside it there are the packs in memory, the page maps and what H2 needs.
    static long usualMaxBytes() {
        return Runtime.getRuntime().maxMemory() / 4;
    }

    /// The index that is shared by the deduplicators of a store; the first of them reads it.
    static StoreIndex shared(Store store) throws StoreException {
        StoreIndex index;
        synchronized (SHARED) {
            index = SHARED.computeIfAbsent(store, _ -> new StoreIndex(usualMaxBytes(), 0));
            index.users++;
        }
        return index.loadedFor(store);
    }

    /// An index of its own.
    static StoreIndex unshared(Store store, long maxBytes) throws StoreException {
        return new StoreIndex(maxBytes, 1).loadedFor(store);
    }

    private synchronized StoreIndex loadedFor(Store store) throws StoreException {
        try {
            if (!loaded) {
                chunks.clear();
                store.watch(watcher);
                loaded = true;
            }
            return this;
        } finally {
            if (!loaded) {
                release(store);
            }
        }
    }

    /// Ends one use; the last one ends the watching.
    @SuppressWarnings("ReferenceEquality") // an unshared index may be beside the shared one
    void release(Store store) {
        synchronized (SHARED) {
            users--;
            if (users == 0) {
                store.unwatch(watcher);
                if (SHARED.get(store) == this) {
                    SHARED.remove(store);
                }
            }
        }
    }

    /// Looks a hash up.
    ///
    /// @param candidates receives the ids of chunks with this hash, at most [ChunkIndex#MAX_SAME_HASH]
    /// @return how many
    int find(long low, long high, long[] candidates) {
        int found = chunks.find(low, high, candidates);
        if (damagedPacks.isEmpty()) {
            return found;
        }
        int sound = 0;
        for (int i = 0; i < found; i++) {
            if (isKnownToBeDamaged(candidates[i])) {
                chunks.remove(low, high, candidates[i]);
            } else {
                candidates[sound++] = candidates[i];
            }
        }
        return sound;
    }

    /// Forgets a chunk that cannot be read, and all others of its pack; says so once per pack.
    void damaged(long low, long high, long chunkId, StoreException cause) {
        chunks.remove(low, high, chunkId);
        if (damagedPacks.size() < MAX_DAMAGED_PACKS && damagedPacks.add(ChunkId.packId(chunkId))) {
            LOG.warn("{}; recording goes on and stores such contents again", cause.getMessage());
            if (damagedPacks.size() == MAX_DAMAGED_PACKS) {
                LOG.warn("more packs are damaged than are reported here; verify lists all");
            }
        }
    }

    private boolean isKnownToBeDamaged(long chunkId) {
        return !damagedPacks.isEmpty() && damagedPacks.contains(ChunkId.packId(chunkId));
    }

    ChunkIndex chunks() {
        return chunks;
    }
}
