package dev.freezeframe.store.pack;

/// Told about every chunk that can be referred to, so that an index in memory can follow. Calls come from the thread that
/// changes the store, and a chunk that has been dropped must not be referred to once [#dropped] has returned.
public interface ChunkWatcher {
    /// A chunk is stored and may be referred to.
    void stored(long chunkId, long hashLow, long hashHigh);

    /// Whether a chunk with this id would be of interest; if not, none with a lower id is. Asked while the stored chunks are
    /// told, the newest packs first, to spare reading what there is no room for.
    boolean wants(long chunkId);

    /// A chunk is about to be deleted.
    void dropped(long chunkId, long hashLow, long hashHigh);

    /// Everything said so far is void; every chunk that is still there will be told again.
    void reset();
}
