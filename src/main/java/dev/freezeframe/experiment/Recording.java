package dev.freezeframe.experiment;

import dev.freezeframe.capture.CaptureListener;
import dev.freezeframe.capture.Checkpointer;
import dev.freezeframe.capture.DirtyTracker;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.machine.Machine;
import dev.freezeframe.migration.DeviceStateSource;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.ExperimentRecord;
import dev.freezeframe.store.NewCheckpoint;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A machine being recorded: checkpoints are taken on schedule and stored in the background until told to stop.
/// Closing it stores what was captured and closes the experiment; the machine runs on, it belongs to the caller.
///
/// Several machines may be recorded into one store at the same time.
public final class Recording implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Recording.class);
    private static final DateTimeFormatter NAME_TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")
            .withZone(ZoneId.systemDefault());

    private final Store store;
    private final ExperimentRecord experiment;
    private final Deduplicator deduplicator;
    private final Pipeline pipeline;
    private final Checkpointer checkpointer;
    private final String trackerName;
    private final CountDownLatch captureEnded = new CountDownLatch(1);
    private volatile String endReason = "stopped";
    private volatile boolean failed;
    private boolean closed;

    /// Starts recording a machine that runs.
    ///
    /// @param parent the checkpoint that the machine was restored from, if it was
    /// @param untouchedSinceParent whether the machine has not run since it was restored; then its first checkpoint is a
    ///     difference to the parent
    /// @throws IOException if the machine cannot be tracked or the store not be written, with one line for the user
    public static Recording start(Store store, Machine machine, Optional<CheckpointRecord> parent,
            boolean untouchedSinceParent, RecordingOptions options, RecordingListener listener) throws IOException {
        DirtyTracker tracker = options.tracker().trackerFor(machine);
        DeviceStateSource devices = null;
        Recording recording = null;
        try {
            devices = DeviceStateSource.open(machine.captureQmp(), ProcessHandle.of(machine.pid())
                    .orElseThrow(() -> new IOException("QEMU has ended already")), machine.hasOtherWritableRam());
            Optional<PageMap> base = parent.isPresent() && untouchedSinceParent
                    ? Optional.of(store.pageMap(parent.get().id(), NewCheckpoint.RAM))
                    : Optional.empty();
            recording = new Recording(store, machine, parent, base, tracker, devices, options, listener);
            recording.begin(base.isPresent(), options);
            return recording;
        } finally {
            if (recording == null) {
                tracker.close();
                if (devices != null) {
                    devices.close();
                }
            }
        }
    }

    private Recording(Store store, Machine machine, Optional<CheckpointRecord> parent, Optional<PageMap> base,
            DirtyTracker tracker, DeviceStateSource devices, RecordingOptions options, RecordingListener listener)
            throws IOException {
        this.store = store;
        trackerName = tracker.name();
        experiment = createExperiment(store, machine, parent);
        try {
            deduplicator = new Deduplicator(store, options.dedup());
        } catch (IOException | RuntimeException e) {
            store.finishExperiment(experiment.id(), "could not start: " + e.getMessage());
            throw e;
        }
        pipeline = new Pipeline(deduplicator::begin, experiment.id(), machine.ramBytes(), base, listener, this::giveUp);
        checkpointer = new Checkpointer(machine, tracker, devices, pipeline, new CaptureListener() {
            @Override
            public void checkpointFailed(int number, Exception cause) {
                listener.checkpointFailed(number, cause);
            }

            @Override
            public void captureEnded(String reason, boolean itFailed) {
                endReason = reason;
                failed = itFailed;
                listener.captureEnded(reason);
                captureEnded.countDown();
            }
        }, options.capture(), 1);
    }

    private void begin(boolean alreadyStored, RecordingOptions options) throws IOException {
        pipeline.start(checkpointer::frameLost);
        try {
            checkpointer.start(alreadyStored, options.checkpoints().orElse(Long.MAX_VALUE));
        } catch (IOException | RuntimeException e) {
            close("could not start: " + e.getMessage());
            throw e;
        }
    }

    private static ExperimentRecord createExperiment(Store store, Machine machine, Optional<CheckpointRecord> parent)
            throws IOException {
        Instant now = Instant.now();
        String profile = machine.spec().profile().name();
        String name = profile + "-" + NAME_TIME.format(now);
        for (int again = 2; store.experiment(name).isPresent(); again++) {
            name = profile + "-" + NAME_TIME.format(now) + "-" + again;
        }
        long id = store.createExperiment(ExperimentRecord.starting(name, profile, machine.toRecord().toString(),
                machine.ramBytes(), parent.map(CheckpointRecord::id), now));
        return store.experiment(id).orElseThrow();
    }

    /// The experiment that is being recorded, as it was when it began.
    public ExperimentRecord experiment() {
        return experiment;
    }

    /// Name of the dirty tracker in use.
    public String trackerName() {
        return trackerName;
    }

    /// The interval that holds now.
    public Duration interval() {
        return checkpointer.interval();
    }

    /// Changes the interval from the next tick on.
    public void changeInterval(Duration interval) {
        checkpointer.changeInterval(interval);
    }

    /// Takes one checkpoint now, besides those on schedule.
    public void checkpointNow() {
        checkpointer.checkpointNow();
    }

    /// How full the queue between capture and store is, from 0 to 1.
    public double pipelineFill() {
        return pipeline.fill();
    }

    /// Waits until no more checkpoints are taken: all were, the machine ended, or the recording was closed.
    ///
    /// @return whether that came within the time
    public boolean awaitCaptureEnd(Duration time) throws InterruptedException {
        return captureEnded.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// Why capture ended, or that it was stopped.
    public String endReason() {
        return endReason;
    }

    /// Whether capture ended for a reason that is neither the caller's nor the guest's own: a QEMU that died, a store that
    /// cannot be written, a fault of this program. What was stored until then is kept.
    public boolean failed() {
        return failed;
    }

    /// Ends the recording. Checkpoints already captured are stored first.
    @Override
    public void close() throws IOException {
        close(null);
    }

    private synchronized void close(String reason) throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            try (deduplicator; pipeline; checkpointer) {
                LOG.debug("closing the recording of {}", experiment.name());
            }
        } finally {
            store.finishExperiment(experiment.id(), reason == null ? endReason : reason);
        }
    }

    private void giveUp(String reason) {
        checkpointer.stop(reason, true);
    }
}
