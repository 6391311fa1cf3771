package dev.freezeframe.store;

import dev.freezeframe.store.catalog.Catalog;
import dev.freezeframe.store.catalog.Database.Work;
import dev.freezeframe.store.catalog.PackTable;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.lock.CommitGate;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkWatcher;
import dev.freezeframe.store.pack.PackCodec;
import dev.freezeframe.store.pack.PackDraft;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes packs and checkpoints under a lease that holds deletions off, and tells those who watch which chunks there are. A
/// checkpoint that was reported as stored is on disk. For any thread.
final class CheckpointWriting {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointWriting.class);

    private final StoreFile file;
    private final StoredChunks chunks;
    private final CommitGate gate;
    private final AtomicLong lastPackId = new AtomicLong();
    private final Deque<ByteBuffer> draftBuffers = new ConcurrentLinkedDeque<>();
    private final List<ChunkWatcher> watchers = new CopyOnWriteArrayList<>();

    CheckpointWriting(StoreFile file, StoredChunks chunks, CommitGate gate) {
        this.file = file;
        this.chunks = chunks;
        this.gate = gate;
    }

    /// Learns what a store holds that was just opened, and again whenever its database had to be opened anew.
    void begin() throws StoreException {
        lastPackId.set(file.read("open", PackTable::lastPackId));
        Work<Void> readOrigins = session -> {
            chunks.packs().diskPacks().load(session);
            return null;
        };
        file.read("open", readOrigins);
        file.whenReopened(chunks::forgetAll, session -> {
            readOrigins.run(session);
            for (ChunkWatcher watcher : watchers) {
                watcher.reset();
                PackTable.forEachChunk(session, watcher);
            }
            return null;
        });
    }

    /// Waits for a running deletion, and holds the next one off until the lease is closed.
    WriteLease lease() throws StoreException {
        gate.enter();
        boolean done = false;
        try {
            WriteLease lease = new WriteLease(gate, file.generation());
            done = true;
            return lease;
        } finally {
            if (!done) {
                gate.leave();
            }
        }
    }

    /// Starts a pack of [PackDraft#CHUNKS] chunks under an id of its own.
    PackDraft newPack(ChunkOrigin origin) throws StoreException {
        long id = lastPackId.incrementAndGet();
        if (id > ChunkId.MAX_PACK_ID) {
            throw new StoreException(Reason.REFUSED, "the store has given out all its pack ids; use a new store");
        }
        ByteBuffer raw = draftBuffers.poll();
        return new PackDraft(id, origin,
                raw == null ? ByteBuffer.allocateDirect(PackDraft.CHUNKS * ChunkId.CHUNK_BYTES) : raw, draftBuffers);
    }

    /// Compresses and stores the live chunks of a draft, and tells the watchers.
    ///
    /// @return bytes added to the store
    long write(WriteLease lease, PackDraft draft, int zstdLevel) throws StoreException {
        BitSet live = draft.live();
        if (live.isEmpty()) {
            return 0;
        }
        file.requireSpace();
        PackCodec.Row row = chunks.packs().encode(draft, zstdLevel);
        long bytes = file.write(lease, "store a pack",
                session -> PackTable.insert(session, row, draft.origin(), live, draft.hashes()));
        file.ifStill(lease.generation(), () -> {
            chunks.packs().diskPacks().set(draft.packId(), draft.origin() == ChunkOrigin.DISK);
            tell(draft);
        });
        return bytes;
    }

    private void tell(PackDraft draft) {
        BitSet live = draft.live();
        for (int slot = live.nextSetBit(0); slot >= 0; slot = live.nextSetBit(slot + 1)) {
            for (ChunkWatcher watcher : watchers) {
                watcher.stored(ChunkId.of(draft.packId(), slot), draft.hashLow(slot), draft.hashHigh(slot));
            }
        }
    }

    /// Makes a checkpoint visible in one transaction, and survive a power failure.
    CheckpointRecord commit(WriteLease lease, NewCheckpoint checkpoint) throws StoreException {
        file.requireSpace();
        CheckpointRecord record = file.write(lease, "commit checkpoint " + checkpoint.number(), session -> {
            ExperimentRecord experiment = Catalog.experiment(session, checkpoint.experimentId())
                    .orElseThrow(() -> new StoreException(Reason.NOT_FOUND,
                            "experiment id " + checkpoint.experimentId()
                                    + " is not in the store any more; start a new recording"));
            return Catalog.insert(session, checkpoint, experiment.name());
        });
        try {
            file.sync();
        } catch (StoreException e) {
            settle(record, e);
        }
        return record;
    }

    /// Decides about a checkpoint whose transaction is done but that could not be forced to disk: returns if it is on disk
    /// nevertheless, else takes it back and throws. H2 mostly gives its file up in such a case; what is on disk then shows
    /// when it has been opened anew, and it is whole, because H2 writes its states one after another.
    private void settle(CheckpointRecord record, StoreException failure) throws StoreException {
        try {
            if (isVisible(record)) {
                file.sync();
                LOG.warn("{}, but the second attempt did it: checkpoint {} is stored", failure.getMessage(),
                        record.name());
                return;
            }
        } catch (StoreException again) {
            failure.addSuppressed(again);
            takeBack(record, failure);
        }
        throw failure;
    }

    private void takeBack(CheckpointRecord record, StoreException failure) {
        try {
            if (isVisible(record)) {
                file.write("take checkpoint " + record.name() + " back", session -> {
                    Catalog.deleteCheckpoint(session, record.id());
                    return null;
                });
            }
        } catch (StoreException e) {
            failure.addSuppressed(e);
        }
    }

    /// By its number too: after H2 went back to an older state, another one may have its id.
    private boolean isVisible(CheckpointRecord record) throws StoreException {
        return file.read("look a checkpoint up", session -> Catalog.checkpoint(session, record.id()))
                .filter(found -> found.experimentId() == record.experimentId() && found.number() == record.number())
                .isPresent();
    }

    /// Adds a watcher, after telling it about every stored chunk that it wants, the newest packs first.
    void watch(ChunkWatcher watcher) throws StoreException {
        gate.alone(() -> {
            file.read("read the chunk index", session -> {
                PackTable.forEachChunk(session, watcher);
                return null;
            });
            watchers.add(watcher);
            return null;
        });
    }

    /// Tells a watcher nothing more.
    void unwatch(ChunkWatcher watcher) {
        watchers.remove(watcher);
    }

    /// A chunk is about to go.
    void dropped(long chunkId, long hashLow, long hashHigh) {
        watchers.forEach(watcher -> watcher.dropped(chunkId, hashLow, hashHigh));
    }
}
