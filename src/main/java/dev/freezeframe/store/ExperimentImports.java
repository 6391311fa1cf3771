package dev.freezeframe.store;

import dev.freezeframe.store.catalog.Catalog;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.ReplayLogTable;
import dev.freezeframe.store.catalog.SimulationTable;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.ImportedCheckpoint;
import dev.freezeframe.store.model.ImportedIntervals;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.LogPiece;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The experiments that are on their way into a store. What they have brought so far is safe from collection until they are
/// committed; what one leaves that is given up goes. For any thread.
final class ExperimentImports {
    private static final Logger LOG = LoggerFactory.getLogger(ExperimentImports.class);
    /// A few megabytes of a log, much less than what stays free.
    private static final int PIECES_BETWEEN_LOOKS = 16;

    private final Path store;
    private final StoreFile file;
    private final CheckpointWriting writing;
    private final CheckpointDeletions deletions;
    private final SpaceRecovery space;
    private final BootFiles bootFiles;
    private final List<IncomingExperiment> incoming;

    /// @param incoming those that are under way; `space` looks at them too
    ExperimentImports(Path store, StoreFile file, CheckpointWriting writing, CheckpointDeletions deletions,
            SpaceRecovery space, List<IncomingExperiment> incoming) {
        this.store = store;
        this.file = file;
        this.writing = writing;
        this.deletions = deletions;
        this.space = space;
        this.bootFiles = new BootFiles(store);
        this.incoming = incoming;
    }

    IncomingExperiment begin() throws StoreException {
        file.requireSpace();
        IncomingExperiment begun = new IncomingExperiment(this, file.generation());
        incoming.add(begun);
        return begun;
    }

    CheckpointWriting writing() {
        return writing;
    }

    /// Those that came with experiments from elsewhere.
    BootFiles bootFiles() {
        return bootFiles;
    }

    ExperimentRecord commit(long generation, ExperimentRecord experiment, ImportOrigin imported,
            IncomingExperiment.Source source, IncomingExperiment.LogSource log,
            IncomingExperiment.SimulationSource simulations) throws IOException {
        file.requireSpace();
        ExperimentRecord record;
        try {
            record = file.access("import experiment " + experiment.name(), now -> {
                if (now.generation() != generation) {
                    throw new StoreException(Reason.FAILED,
                            "the store had to be opened anew since the import was begun; import again");
                }
                return now.transact(session -> insert(session, experiment, imported, source, log,
                        simulations));
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        try {
            file.sync();
        } catch (StoreException e) {
            try {
                deletions.deleteExperiment(record.name());
                file.sync();
                retainBootFiles();
            } catch (StoreException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
        return record;
    }

    private ExperimentRecord insert(Database.Session session, ExperimentRecord experiment, ImportOrigin imported,
            IncomingExperiment.Source source, IncomingExperiment.LogSource log,
            IncomingExperiment.SimulationSource simulations) throws SQLException, StoreException {
        if (Catalog.experiment(session, experiment.name()).isPresent()) {
            throw new StoreException(Reason.REFUSED, "the store has an experiment " + experiment.name()
                    + " by now; import under another name with --name");
        }
        long id = Catalog.insert(session, experiment);
        if (experiment.endedAt().isPresent()) {
            Catalog.finish(session, id, experiment.endedAt().get(), experiment.endReason().orElse(""));
        }
        Catalog.insert(session, id, imported);
        Map<Integer, Long> ids = new HashMap<>();
        try {
            for (Optional<ImportedCheckpoint> next = source.next(); next.isPresent(); next = source.next()) {
                Catalog.insert(session, id, next.get(), ids);
            }
            int pieces = 0;
            for (Optional<LogPiece> next = log.next(); next.isPresent(); next = log.next()) {
                if (pieces++ % PIECES_BETWEEN_LOOKS == 0) {
                    file.requireSpace();
                }
                ReplayLogTable.put(session, id, next.get());
            }
            long simulation = 0;
            for (Optional<ImportedIntervals> next = simulations.next(); next.isPresent(); next = simulations.next()) {
                file.requireSpace();
                if (next.get().begun().isPresent()) {
                    SimulationRecord begun = next.get().begun().get().ofExperiment(id);
                    simulation = SimulationTable.insert(session, begun);
                    SimulationTable.end(session, simulation, begun.endedAt().orElseThrow());
                }
                for (SimulatedInterval each : next.get().intervals()) {
                    SimulationTable.put(session, simulation, each);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Catalog.experiment(session, id).orElseThrow();
    }

    /// @param written packs that are to go again, unless somebody else has come to use them
    void end(IncomingExperiment ended, List<Long> written) {
        if (!incoming.remove(ended)) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            if (!written.isEmpty()) {
                space.dropUnused(new HashSet<>(written)::contains);
            }
            retainBootFiles();
        } catch (StoreException e) {
            LOG.warn("what an import left in store {} will go with the next collection", store, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Deletes the boot files that no experiment names any more.
    void retainBootFiles() throws StoreException {
        // one that ends meanwhile is among the experiments, or was among these
        List<IncomingExperiment> arriving = List.copyOf(incoming);
        List<ExperimentRecord> experiments = file.read("list experiments", Catalog::experiments);
        try {
            // a hash of 256 bits stands in a record for nothing else
            bootFiles.retain(hash -> Stream.concat(arriving.stream(), incoming.stream()).anyMatch(each -> each.names(
                    hash)) || experiments.stream().anyMatch(each -> each.machineJson().contains(hash)));
        } catch (IOException e) {
            LOG.warn("boot files that nobody needs stay in store {}", store, e);
        }
    }
}
