package dev.freezeframe.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.ImportedCheckpoint;
import dev.freezeframe.store.model.ImportedIntervals;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.LogPiece;
import dev.freezeframe.store.pack.PackDraft;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// An experiment on its way into the store from outside. Either all of it can be seen in the end, or closing this leaves
/// nothing of it: no checkpoint, and no chunk that nobody else has come to use.
///
/// Chunks come first, then one transaction with everything that names them. In between, garbage collection leaves alone what
/// was found or written for it, so recordings, deletions and collections go on beside it; only each batch of chunks holds
/// deletions up. For one thread at a time.
public final class IncomingExperiment implements AutoCloseable {
    private final ExperimentImports imports;
    private final long generation;
    /// Chunks that it will name, one bit per slot.
    @GuardedBy("used")
    private final Map<Long, BitSet> used = new HashMap<>();
    private final TreeSet<Long> written = new TreeSet<>();
    @GuardedBy("used")
    private final TreeSet<String> bootFiles = new TreeSet<>();
    private boolean done;

    /// Gives one checkpoint after the other, by number; its chunks already are those of this store.
    @FunctionalInterface
    public interface Source {
        /// The next one, empty after the last.
        Optional<ImportedCheckpoint> next() throws IOException;
    }

    /// Gives the log of the run, one piece behind the other.
    @FunctionalInterface
    public interface LogSource {
        /// The next one, empty after the last.
        Optional<LogPiece> next() throws IOException;
    }

    /// Gives the simulations of the run, some intervals behind the others.
    @FunctionalInterface
    public interface SimulationSource {
        /// The next ones, empty after the last.
        Optional<ImportedIntervals> next() throws IOException;
    }

    IncomingExperiment(ExperimentImports imports, long generation) {
        this.imports = imports;
        this.generation = generation;
    }

    /// Begins a batch of chunks. Close it soon: nothing can be deleted while it is open.
    public WriteLease beginBatch() throws StoreException {
        WriteLease lease = imports.writing().lease();
        if (lease.generation() != generation) {
            lease.close();
            throw new StoreException(Reason.FAILED,
                    "the store had to be opened anew since the import was begun; import again");
        }
        return lease;
    }

    /// Notes that a chunk will be named; call it in the batch in which it was found or written.
    public void use(long chunkId) {
        if (chunkId != ChunkId.ZERO) {
            synchronized (used) {
                used.computeIfAbsent(ChunkId.packId(chunkId), _ -> new BitSet(PackDraft.CHUNKS))
                        .set(ChunkId.slot(chunkId));
            }
        }
    }

    /// Stores a pack of new chunks.
    ///
    /// @return bytes added to the store
    public long write(WriteLease batch, PackDraft draft, int zstdLevel) throws StoreException {
        if (draft.liveSlots() > 0) {
            written.add(draft.packId());
        }
        return imports.writing().write(batch, draft, zstdLevel);
    }

    /// Keeps a boot file in the store. It is there under its hash from then on, as long as an experiment names that.
    public void keepBootFile(String sha256, BootFiles.Content content) throws StoreException {
        synchronized (used) {
            bootFiles.add(sha256);
        }
        imports.bootFiles().put(sha256, content);
    }

    /// Makes the experiment visible in one transaction, and survive a power failure.
    ///
    /// @param imported where it came from
    /// @throws StoreException if the name is taken, or it cannot be stored; then nothing of it can be seen
    /// @throws IOException    what a source threw
    public ExperimentRecord commit(ExperimentRecord experiment, ImportOrigin imported, Source source, LogSource log,
            SimulationSource simulations) throws IOException {
        ExperimentRecord record = imports.commit(generation, experiment, imported, source, log, simulations);
        done = true;
        return record;
    }

    /// Adds what must not be collected.
    void addTo(Map<Long, BitSet> inUse) {
        synchronized (used) {
            used.forEach((pack, slots) -> inUse.computeIfAbsent(pack, _ -> new BitSet(PackDraft.CHUNKS)).or(slots));
        }
    }

    boolean names(String bootFile) {
        synchronized (used) {
            return bootFiles.contains(bootFile);
        }
    }

    /// Ends it; what is not committed is taken back.
    @Override
    public void close() {
        imports.end(this, done ? List.of() : List.copyOf(written));
    }
}
