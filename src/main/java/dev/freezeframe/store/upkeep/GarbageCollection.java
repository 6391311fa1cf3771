package dev.freezeframe.store.upkeep;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.base.Progress;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.ImageTable.Image;
import dev.freezeframe.store.catalog.ImageTable;
import dev.freezeframe.store.catalog.PackTable.PackHashes;
import dev.freezeframe.store.catalog.PackTable;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.PackCache;
import dev.freezeframe.store.pack.PackDraft;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Mark and sweep over the packs of a store. A chunk that a page map names is never dropped, and chunk ids never change, so
/// no page map is rewritten.
///
/// Marking needs the store to itself, because a checkpoint on its way may refer to a chunk that nothing else refers to;
/// it reads page maps only and takes a moment. From then on nobody can find a dead chunk any more, and the sweep goes on
/// beside recordings: packs without a live chunk go, packs with many dead ones are rewritten with empty slots. Shortening the
/// file is up to [dev.freezeframe.store.Store#gc].
public final class GarbageCollection {
    private static final Logger LOG = LoggerFactory.getLogger(GarbageCollection.class);
    /// A pack is rewritten if at least one in so many of its chunks is dead; the others keep theirs, still to be found.
    private static final int WORTHWHILE = 8;
    private static final int REWRITE_LEVEL = 3;

    private final PackTable packs;
    private final PackCache readPacks;
    private final Database database;
    private final Progress progress;
    /// Which packs it is about, and what is in use though no page map names it.
    private final LongPredicate considered;
    private final Consumer<Map<Long, BitSet>> alsoUsed;
    private final List<Dead> dead = new ArrayList<>();
    private long chunksDropped;
    private long packsDeleted;
    private long packsRewritten;
    private long freedBytes;

    /// The dead chunks of a pack, one bit per slot.
    private record Dead(long packId, BitSet slots, boolean whole) {}

    /// @param considered packs that may be collected
    /// @param alsoUsed   adds chunks that must stay though no page map names them, by pack
    public GarbageCollection(PackTable packs, PackCache readPacks, Database database, Progress progress,
            LongPredicate considered, Consumer<Map<Long, BitSet>> alsoUsed) {
        this.considered = considered;
        this.alsoUsed = alsoUsed;
        this.packs = packs;
        this.readPacks = readPacks;
        this.database = database;
        this.progress = progress;
    }

    /// Finds the dead chunks and tells `dropped` about them. Call with the store to oneself.
    public void mark(PackTable.ChunkVisitor dropped) throws SQLException, StoreException {
        Map<Long, BitSet> used = database.transact(session -> {
            Map<Long, BitSet> found = new HashMap<>();
            List<Image> images = ImageTable.allImages(session);
            for (int i = 0; i < images.size(); i++) {
                progress.at("mark", i, images.size());
                try {
                    ImageTable.forEachOwnChunk(session, images.get(i),
                            id -> found.computeIfAbsent(ChunkId.packId(id), pack -> new BitSet(PackDraft.CHUNKS))
                                    .set(ChunkId.slot(id)));
                } catch (StoreException e) {
                    throw new StoreException(e.reason(),
                            "nothing was collected, because what is in use cannot be told: " + e.getMessage()
                                    + "; delete the damaged checkpoints first",
                            e);
                }
            }
            return found;
        });
        alsoUsed.accept(used);
        database.transact(session -> {
            List<Long> ids = PackTable.packIds(session, 0);
            while (!ids.isEmpty()) {
                for (long id : ids) {
                    if (!considered.test(id)) {
                        continue;
                    }
                    try {
                        consider(PackTable.hashes(session, id), used.get(id), dropped);
                    } catch (CorruptionException e) {
                        // its slots are unknown, so it stays; verify tells
                    }
                }
                ids = PackTable.packIds(session, ids.getLast());
            }
            return null;
        });
    }

    private void consider(PackHashes pack, BitSet used, PackTable.ChunkVisitor dropped) {
        BitSet slots = (BitSet) pack.live.clone();
        if (used != null) {
            slots.andNot(used);
        }
        int live = pack.live.cardinality();
        int gone = slots.cardinality();
        if (gone * WORTHWHILE >= live && (gone > 0 || live == 0)) {
            dead.add(new Dead(pack.packId, slots, gone == live));
            chunksDropped += gone;
            pack.forEach((id, low, high) -> {
                if (slots.get(ChunkId.slot(id))) {
                    dropped.chunk(id, low, high);
                }
            });
        }
    }

    /// Deletes what [#mark] found; a pack that is damaged and partly in use stays. Recordings may go on beside it.
    ///
    /// @param rewriting whether packs that are partly in use are written anew; else all of them stay
    public void sweep(boolean rewriting) throws SQLException, StoreException {
        for (int i = 0; i < dead.size(); i++) {
            progress.at("sweep", i, dead.size());
            Dead each = dead.get(i);
            if (!each.whole && !rewriting) {
                chunksDropped -= each.slots.cardinality();
                continue;
            }
            database.transact(session -> {
                long before = PackTable.storedBytes(session, each.packId);
                if (each.whole) {
                    PackTable.delete(session, each.packId);
                    freedBytes += before;
                    packsDeleted++;
                    return null;
                }
                try {
                    PackHashes old = PackTable.hashes(session, each.packId);
                    BitSet live = (BitSet) old.live.clone();
                    live.andNot(each.slots);
                    packs.rewrite(session, packs.load(session, each.packId), old, live, REWRITE_LEVEL);
                    freedBytes += before - PackTable.storedBytes(session, each.packId);
                    packsRewritten++;
                } catch (CorruptionException e) {
                    chunksDropped -= each.slots.cardinality();
                    LOG.warn(
                            "pack {} is damaged ({}) and stays as it is; verify lists every checkpoint that is affected,"
                                    + " deleting those frees its space",
                            each.packId, e.getMessage());
                }
                return null;
            });
            packs.forget(each.packId);
            readPacks.forget(each.packId);
            if (each.whole) {
                packs.diskPacks().set(each.packId, false);
            }
        }
    }

    public boolean foundNothing() {
        return dead.isEmpty();
    }

    public GcReport report(long bytesBefore, long bytesAfter, Optional<String> notShrunk) {
        return new GcReport(chunksDropped, packsDeleted, packsRewritten, freedBytes, bytesBefore, bytesAfter,
                notShrunk);
    }
}
