package dev.freezeframe.store;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.PackTable;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.Pack;
import dev.freezeframe.store.pack.PackCache;
import dev.freezeframe.store.pack.PageReader;
import dev.freezeframe.store.pack.PageSink;
import java.io.IOException;
import java.nio.ByteBuffer;

/// The chunks of an open store, by their ids: what they hold and where they first came from. What cannot be read is said in one
/// line, and [Store#verify] lists what it concerns. For any thread.
final class StoredChunks implements AutoCloseable {
    /// Bounds of what is kept decompressed in memory, where the heap is large: for dedup, and for readers of images.
    private static final long MOST_BYTES = 96 << 20;
    private static final long MOST_READ_BYTES = 128 << 20;

    private final StoreFile file;
    private final PackTable packs;
    private final PackCache readPacks;

    StoredChunks(StoreFile file) {
        this.file = file;
        this.packs = new PackTable(Math.min(MOST_BYTES, Runtime.getRuntime().maxMemory() / 8));
        this.readPacks = new PackCache(Math.min(MOST_READ_BYTES, Runtime.getRuntime().maxMemory() / 8),
                packId -> pack(packId, false));
    }

    /// The table of packs.
    PackTable packs() {
        return packs;
    }

    /// Those that readers of images share.
    PackCache readPacks() {
        return readPacks;
    }

    /// What was known of a database that is opened anew is void.
    void forgetAll() {
        packs.forgetAll();
        readPacks.forgetAll();
    }

    Pack pack(long packId, boolean keep) throws StoreException {
        return file.access("read pack " + packId, now -> packs.load(now, packId, keep));
    }

    /// As quick as a look-up in memory. A chunk that is not stored has none, and is said to be from RAM.
    ChunkOrigin origin(long chunkId) {
        return packs.diskPacks().contains(ChunkId.packId(chunkId)) ? ChunkOrigin.DISK : ChunkOrigin.RAM;
    }

    /// Puts the 4096 bytes of a chunk into `target` at its position.
    void read(long chunkId, ByteBuffer target) throws StoreException {
        if (chunkId == ChunkId.ZERO) {
            target.put(new byte[ChunkId.CHUNK_BYTES]);
            return;
        }
        try {
            Pack pack = pack(ChunkId.packId(chunkId), true);
            target.put(pack.raw(), pack.offset(ChunkId.slot(chunkId)), ChunkId.CHUNK_BYTES);
        } catch (CorruptionException e) {
            throw unreadable(chunkId, e);
        }
    }

    /// Whether a chunk holds just the 4096 bytes of `page` from `position` on.
    boolean equals(long chunkId, ByteBuffer page, int position) throws StoreException {
        try {
            return pack(ChunkId.packId(chunkId), true).equalsAt(ChunkId.slot(chunkId), page, position);
        } catch (CorruptionException e) {
            throw unreadable(chunkId, e);
        }
    }

    private static StoreException unreadable(long chunkId, CorruptionException e) {
        return new StoreException(Reason.DAMAGED, "chunk " + chunkId + " cannot be read: " + e.getMessage()
                + "; verify lists every checkpoint that is affected", e);
    }

    /// Reads every page of a map that is not zero, each once, pack by pack in no particular order.
    ///
    /// @param threads how many work at it; the sink is called from each of them
    void readPages(PageMap map, int threads, PageSink sink) throws IOException {
        new PageReader(map, packId -> pack(packId, false), sink).run(threads);
    }

    /// What is read ahead is given up.
    void endReading() {
        readPacks.close();
    }

    /// Comes after [#endReading] and the end of the file.
    @Override
    public void close() {
        packs.close();
    }
}
