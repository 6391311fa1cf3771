package dev.freezeframe.dedup;

import dev.freezeframe.store.IncomingExperiment;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.store.pack.PackDraft;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/// The chunks of an experiment from elsewhere on their way into a store: each is compared, byte by byte, with what the store
/// has, and stored only if it is new. Takes them in batches; nothing is kept in memory between two of them but the index that
/// all deduplicators of the store share.
///
/// For one thread at a time.
public final class IncomingChunks implements AutoCloseable {
    private final Store store;
    private final IncomingExperiment experiment;
    private final DedupOptions options;
    private final ChunkHash hash = ChunkHash.xxh128();
    private final StoreIndex stored;
    private final PageProbe probe = new PageProbe();
    private final long[] hashed = new long[2];
    private final long[] candidates = new long[ChunkIndex.MAX_SAME_HASH];
    private long newChunks;
    private long sharedChunks;
    private long newBytes;

    /// @param experiment stays the caller's to close, after this
    public IncomingChunks(Store store, IncomingExperiment experiment, DedupOptions options) throws StoreException {
        this.store = store;
        this.experiment = experiment;
        this.options = options;
        this.stored = StoreIndex.shared(store);
    }

    /// Takes a batch of chunks.
    ///
    /// @param contents direct, little endian; the content of chunk i at 4096·i
    /// @param origin   where they first came from
    /// @param ids      receives the id that each has in the store
    public void add(ByteBuffer contents, int count, ChunkOrigin origin, long[] ids) throws StoreException {
        if (contents.order() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalArgumentException("hashes are of little-endian words");
        }
        try (WriteLease lease = experiment.beginBatch(); Batch batch = new Batch(lease, origin)) {
            for (int i = 0; i < count; i++) {
                ids[i] = batch.chunk(contents, i * ChunkId.CHUNK_BYTES);
                experiment.use(ids[i]);
            }
            batch.writeAll();
        }
    }

    /// Chunks that the store did not have.
    public long newChunks() {
        return newChunks;
    }

    /// Chunks that it had, or that came before.
    public long sharedChunks() {
        return sharedChunks;
    }

    /// What the new ones added to the store: packs and hashes.
    public long newBytes() {
        return newBytes;
    }

    /// The packs that a batch fills. What is in them can be found by this batch only, until they are written.
    private final class Batch implements AutoCloseable {
        private final WriteLease lease;
        private final ChunkOrigin origin;
        private final ChunkIndex mine = new ChunkIndex(Long.MAX_VALUE);
        private final Map<Long, PackDraft> drafts = new HashMap<>();
        private PackDraft compressible;
        private PackDraft incompressible;

        Batch(WriteLease lease, ChunkOrigin origin) {
            this.lease = lease;
            this.origin = origin;
        }

        long chunk(ByteBuffer contents, int position) throws StoreException {
            if (PageProbe.isZero(contents, position)) {
                return ChunkId.ZERO;
            }
            hash.hash(contents, position, hashed);
            int found = stored.find(hashed[0], hashed[1], candidates);
            for (int i = 0; i < found; i++) {
                if (options.trustHash() || isStored(candidates[i], contents, position)) {
                    sharedChunks++;
                    return candidates[i];
                }
            }
            found = mine.find(hashed[0], hashed[1], candidates);
            for (int i = 0; i < found; i++) {
                PackDraft draft = drafts.get(ChunkId.packId(candidates[i]));
                if (draft != null && draft.equalsAt(ChunkId.slot(candidates[i]), contents, position)) {
                    sharedChunks++;
                    return candidates[i];
                }
            }
            newChunks++;
            PackDraft draft;
            if (probe.looksCompressible(contents, position)) {
                draft = compressible = withRoom(compressible, options.zstdLevel());
            } else {
                draft = incompressible = withRoom(incompressible, Integer.MIN_VALUE);
            }
            long id = draft.add(contents, position, hashed[0], hashed[1]);
            mine.add(hashed[0], hashed[1], id);
            return id;
        }

        private boolean isStored(long candidate, ByteBuffer contents, int position) throws StoreException {
            try {
                return store.chunkEquals(candidate, contents, position);
            } catch (StoreException e) {
                if (e.reason() != Reason.DAMAGED) {
                    throw e;
                }
                stored.damaged(hashed[0], hashed[1], candidate, e);
                return false;
            }
        }

        private PackDraft withRoom(PackDraft draft, int zstdLevel) throws StoreException {
            if (draft != null && !draft.isFull()) {
                return draft;
            }
            write(draft, zstdLevel);
            PackDraft fresh = store.newPack(origin);
            drafts.put(fresh.packId(), fresh);
            return fresh;
        }

        void writeAll() throws StoreException {
            write(compressible, options.zstdLevel());
            write(incompressible, Integer.MIN_VALUE);
        }

        /// From then on its chunks are found in the store.
        private void write(PackDraft draft, int zstdLevel) throws StoreException {
            if (draft != null) {
                newBytes += experiment.write(lease, draft, zstdLevel);
                drafts.remove(draft.packId());
                draft.close();
            }
        }

        @Override
        public void close() {
            drafts.values().forEach(PackDraft::close);
        }
    }

    /// Gives the index up.
    @Override
    public void close() {
        stored.release(store);
    }
}
