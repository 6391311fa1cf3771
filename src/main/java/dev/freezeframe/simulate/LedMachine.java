package dev.freezeframe.simulate;

import dev.freezeframe.base.Closing;
import dev.freezeframe.restore.Replay;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A machine that executes one interval of a recorded run again, led by its log, for somebody to look at: it runs from the
/// checkpoint and stands by itself at the instruction of the next one. Nothing is compared there.
public final class LedMachine implements AutoCloseable {
    private final Interval interval;
    private final RestoredMachines machines;
    private final RunLog log;

    private LedMachine(Interval interval, RestoredMachines machines, RunLog log) {
        this.interval = interval;
        this.machines = machines;
        this.log = log;
    }

    /// Restores one.
    ///
    /// @param options of one machine; what they say of replaying is done here
    /// @throws IOException in one line, if the run cannot be executed again, or there is nothing behind the checkpoint
    public static LedMachine restore(Store store, CheckpointRecord checkpoint, RestoreOptions options)
            throws IOException {
        ExperimentRecord experiment = store.experiment(checkpoint.experimentId()).orElseThrow();
        RestoreOptions restoring = options
                .withQemuBinary(new Simulation(store, experiment, new Simulation.Options(1, false,
                        Optional.empty(), options.qemuBinary(), Optional.empty())).qemu().path());
        CheckpointRecord next = store.checkpoints(experiment.id()).stream()
                .filter(each -> each.number() > checkpoint.number())
                .findFirst()
                .orElseThrow(() -> new IOException("the log of the run ends with checkpoint " + checkpoint.name()
                        + ": there is no later one that it could lead to; take one before that, or leave --replay out"));
        Interval interval = new Interval(checkpoint.number(), checkpoint, checkpoint, next);
        RunLog log = RunLog.of(store, experiment, restoring.qemuBinary().orElseThrow(), List.of(interval));
        RestoredMachines machines = null;
        try {
            Optional<String> missing = log.missing(interval);
            if (missing.isPresent()) {
                throw new IOException(missing.get());
            }
            machines = new Restorer(store).restore(checkpoint,
                    restoring.withReplay(new Replay(log.path(), IntervalRun.until(
                            interval)), List.of()));
            return new LedMachine(interval, machines, log);
        } finally {
            if (machines == null) {
                log.close();
            }
        }
    }

    /// What it executes.
    public Interval interval() {
        return interval;
    }

    /// At which instruction it stands.
    public long until() {
        return interval.to().metrics().of(CheckpointFigure.INSTRUCTIONS);
    }

    /// The machine, which goes with this.
    public RestoredMachines machines() {
        return machines;
    }

    @Override
    public void close() {
        Closing.each(machines::close, log::close);
    }
}
