package dev.freezeframe.store;

import dev.freezeframe.store.catalog.Catalog;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.lock.CommitGate;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes checkpoints and experiments. Nothing goes that a running recording builds on or that somebody reads, and all others
/// stay whole. For any thread.
final class CheckpointDeletions {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointDeletions.class);

    private final StoreFile file;
    private final CommitGate gate;
    private final RunningRecordings recordings;
    private final CheckpointImages images;

    CheckpointDeletions(StoreFile file, CommitGate gate, RunningRecordings recordings, CheckpointImages images) {
        this.file = file;
        this.gate = gate;
        this.recordings = recordings;
        this.images = images;
    }

    /// On disk with the next [StoreFile#sync].
    void delete(CheckpointName name) throws StoreException {
        file.spendReserve();
        gate.alone(() -> {
            CheckpointRecord checkpoint = find(name)
                    .orElseThrow(() -> new StoreException(Reason.NOT_FOUND,
                            "there is no checkpoint " + name + "; freezeframe list shows those that there are"));
            return recordings.holdStill(() -> {
                if (recordings.experimentIds().contains(checkpoint.experimentId()) && isNewest(checkpoint)) {
                    throw new StoreException(Reason.REFUSED, "checkpoint " + checkpoint.name()
                            + " is the newest of a running recording; stop it, or wait for the next one");
                }
                refuseIfParent(parent -> parent.id() == checkpoint.id());
                return images.deleteUnlessRead("checkpoint " + checkpoint.name(),
                        pinned -> pinned.id() == checkpoint.id(),
                        () -> file.write("delete checkpoint " + checkpoint.name(), session -> {
                            Catalog.deleteCheckpoint(session, checkpoint.id());
                            return null;
                        }));
            });
        });
    }

    /// Those that can be. Recordings go on in between.
    ///
    /// @return those that are gone, by this or by somebody else before
    List<CheckpointName> delete(List<CheckpointName> names) throws StoreException {
        List<CheckpointName> gone = new ArrayList<>();
        for (CheckpointName name : names) {
            try {
                delete(name);
                gone.add(name);
            } catch (StoreException e) {
                switch (e.reason()) {
                    case NOT_FOUND -> gone.add(name);
                    case REFUSED -> LOG.debug("{}", e.getMessage());
                    default -> throw e;
                }
            }
        }
        return gone;
    }

    /// On disk with the next [StoreFile#sync].
    void deleteExperiment(String name) throws StoreException {
        file.spendReserve();
        gate.alone(() -> {
            ExperimentRecord experiment = file.read("look an experiment up", session -> Catalog.experiment(session,
                    name)).orElseThrow(() -> new StoreException(Reason.NOT_FOUND,
                            "there is no experiment " + name + "; freezeframe list shows those that there are"));
            return recordings.holdStill(() -> {
                if (recordings.experimentIds().contains(experiment.id())) {
                    throw new StoreException(Reason.REFUSED,
                            "experiment " + name + " is being recorded; stop it first");
                }
                refuseIfParent(parent -> parent.experimentId() == experiment.id());
                return images.deleteUnlessRead("experiment " + name, pinned -> pinned.experimentId() == experiment.id(),
                        () -> file.write("delete experiment " + name, session -> {
                            Catalog.deleteExperiment(session, experiment.id());
                            return null;
                        }));
            });
        });
    }

    private Optional<CheckpointRecord> find(CheckpointName name) throws StoreException {
        return file.read("look a checkpoint up", session -> Catalog.find(session, name));
    }

    private boolean isNewest(CheckpointRecord checkpoint) throws StoreException {
        return find(new CheckpointName(Optional.of(checkpoint.experimentName()), Optional.empty()))
                .filter(newest -> newest.id() == checkpoint.id()).isPresent();
    }

    /// Refuses to delete what the first checkpoint of a running recording may be a difference to.
    private void refuseIfParent(Predicate<CheckpointRecord> deleted) throws StoreException {
        for (long id : recordings.experimentIds()) {
            Optional<ExperimentRecord> running = file.read("look an experiment up", session -> Catalog.experiment(
                    session, id));
            Optional<Long> parentId = running.flatMap(ExperimentRecord::parentCheckpointId);
            Optional<CheckpointRecord> parent = parentId.isEmpty()
                    ? Optional.empty()
                    : file.read("look a checkpoint up", session -> Catalog.checkpoint(session, parentId.get()));
            if (parent.filter(deleted).isPresent()) {
                throw new StoreException(Reason.REFUSED, "the running recording " + running.get().name()
                        + " builds on checkpoint " + parent.get().name() + "; stop it first");
            }
        }
    }
}
