package dev.freezeframe.store;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.lock.CommitGate;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.upkeep.GarbageCollection;
import dev.freezeframe.store.upkeep.GcReport;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/// Gets back the space of chunks that no checkpoint uses: drops them, moves what stays together, and makes the file shorter
/// where nothing is recorded or read. Never makes the store larger. For any thread; two collections work one after the other.
final class SpaceRecovery {
    /// What a collection on a full disk moves at most, of a small file.
    private static final long GATHER_BYTES = 64 << 20;
    /// A file with less waste than this is left alone.
    private static final double WORTH_SHRINKING = 0.95;

    private final StoreFile file;
    private final StoredChunks chunks;
    private final CommitGate gate;
    private final RunningRecordings recordings;
    private final CheckpointImages images;
    private final CheckpointWriting writing;
    private final Consumer<Map<Long, BitSet>> alsoUsed;

    /// @param alsoUsed adds chunks that must stay though no page map names them, by pack
    SpaceRecovery(StoreFile file, StoredChunks chunks, CommitGate gate, RunningRecordings recordings,
            CheckpointImages images, CheckpointWriting writing, Consumer<Map<Long, BitSet>> alsoUsed) {
        this.file = file;
        this.chunks = chunks;
        this.gate = gate;
        this.recordings = recordings;
        this.images = images;
        this.writing = writing;
        this.alsoUsed = alsoUsed;
    }

    /// Drops what nobody uses and makes the file shorter.
    synchronized GcReport collect(Progress progress) throws StoreException {
        // what is given up is the store's, too
        long before = file.spendReserve() + file.sizeBytes();
        boolean full = file.isFull();
        // Packs are written anew only where there is room for them and for the shorter file; else that makes it longer.
        boolean tight = !recordings.areAny() && file.freeBytes() < 2 * file.neededToShrink();
        GarbageCollection collection = drop(progress, _ -> true, !tight && !full);
        // A recording that is refused for lack of room would wait for room that only its commits make free.
        boolean gathered = full || (tight && file.freeBytes() < file.neededToShrink());
        if (gathered) {
            gather(Math.max(GATHER_BYTES, before / 8), progress);
        }
        Optional<String> notShrunk = gate.alone(() -> shrink(collection.foundNothing(), progress));
        if (recordings.areAny() && !gathered) {
            // what it leaves behind is free when the recording has gone on for a while
            file.access("gather what is in use", now -> now.gather(StoreFile.GATHER_STEP_BYTES));
        } else if (tight && !gathered) {
            gather(Math.max(GATHER_BYTES, before / 8), progress);
        }
        // to free room in a file without any takes some more first
        long after = file.sizeBytes();
        return collection.report(before + file.cutReserve(after - before), after, notShrunk);
    }

    /// Drops what nobody uses of some packs.
    synchronized void dropUnused(LongPredicate considered) throws StoreException {
        drop(Progress.NONE, considered, true);
    }

    /// @param considered packs that it is about
    /// @param rewriting  whether packs that are partly in use are written anew
    private GarbageCollection drop(Progress progress, LongPredicate considered, boolean rewriting)
            throws StoreException {
        try {
            GarbageCollection collection = new GarbageCollection(chunks.packs(), chunks.readPacks(), file.usable(),
                    progress, considered, alsoUsed);
            gate.alone(() -> {
                try {
                    collection.mark(writing::dropped);
                } catch (SQLException e) {
                    throw file.failure("change the store", e);
                }
                return null;
            });
            collection.sweep(rewriting);
            file.sync();
            return collection;
        } catch (SQLException e) {
            throw file.failure("collect garbage", e);
        }
    }

    /// Moves what is in use together.
    ///
    /// @param mostBytes how much at most, in small steps
    private void gather(long mostBytes, Progress progress) throws StoreException {
        boolean more = true;
        for (long moved = 0; moved < mostBytes && more; moved += StoreFile.GATHER_STEP_BYTES) {
            progress.at("gather", moved, mostBytes);
            more = file.access("gather what is in use", now -> {
                boolean moreToMove = now.gather(StoreFile.GATHER_STEP_BYTES);
                // or the next step would find no room inside
                now.turnOver();
                return moreToMove;
            });
        }
    }

    /// Copies what is in use to a new file, and puts that in the place of the old one.
    private Optional<String> shrink(boolean foundNothing, Progress progress) throws StoreException {
        double used = file.access("measure", Database::usedShare);
        if (foundNothing && used > WORTH_SHRINKING) {
            return Optional.of("nothing is to be gained");
        }
        Optional<String> hindrance = recordings.shrink(() -> images.anyInUse().map(read -> "checkpoint " + read.name()
                + " is being read, by a machine or an export; collect again when that has ended"));
        if (hindrance.isPresent()) {
            return hindrance;
        }
        try {
            long needed = file.neededToShrink();
            long free = file.freeBytes();
            if (free < needed) {
                return Optional.of("to make the file shorter " + (needed >> 20)
                        + " MiB have to be free on the file system, to copy what is in use, and there are "
                        + (free >> 20) + "; what is recorded next uses the room inside the file, "
                        + (file.roomInside() >> 20) + " MiB");
            }
            progress.at("shrink", 0, 1);
            return file.shrink();
        } finally {
            recordings.shrunk();
        }
    }
}
