package dev.freezeframe.bench;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.analyse.RunStatistics;
import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingListener;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// Counts what recordings of a measurement stored and what they gave up, one recording at a time. A recording without a
/// checkpoint is a failed measurement, whose reason is told.
final class RunMeter implements RecordingListener {
    /// Significant digits of every histogram.
    static final int DIGITS = 3;

    private static final Duration LONGEST_RECORDING = Duration.ofMinutes(10);
    private static final Duration LONGEST_CHECKPOINT = Duration.ofMinutes(2);

    private final Consumer<CheckpointRecord> each;
    private final RunStatistics statistics = new RunStatistics();
    @GuardedBy("this")
    private CheckpointRecord newest;
    @GuardedBy("this")
    private int stored;
    @GuardedBy("this")
    private int failed;
    /// Why the last one failed, unless one was stored after it.
    @GuardedBy("this")
    private Exception failure;
    @GuardedBy("this")
    private String ended = "";

    /// @param each called with every checkpoint that is in the store, in the pipeline's own thread
    RunMeter(Consumer<CheckpointRecord> each) {
        this.each = each;
    }

    /// Records a machine until the options end it.
    void record(Store store, Machine machine, RecordingOptions options) throws IOException, InterruptedException {
        int before = stored();
        captureEnded("");
        try (Recording recording = Recording.start(store, machine, Optional.empty(), false, options, this)) {
            if (!recording.awaitCaptureEnd(LONGEST_RECORDING)) {
                throw new IOException("the recording did not come to its end in " + LONGEST_RECORDING.toMinutes()
                        + " minutes");
            }
        }
        if (stored() == before) {
            throw nothingStored();
        }
    }

    /// Waits for a checkpoint of a recording that is under way.
    ///
    /// @param count checkpoints in all
    /// @return the newest
    /// @throws IOException if one was given up meanwhile, or none comes any more
    synchronized CheckpointRecord awaitStored(int count) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LONGEST_CHECKPOINT.toNanos();
        while (stored < count) {
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (failure != null || !ended.isEmpty() || leftMillis <= 0) {
                throw nothingStored();
            }
            wait(leftMillis);
        }
        return newest;
    }

    private synchronized IOException nothingStored() {
        String why = failure != null ? failure.getMessage() : ended.isEmpty() ? "none came" : ended;
        return new IOException("no checkpoint was stored: " + why, failure);
    }

    @Override
    public void checkpointStored(CheckpointRecord checkpoint) {
        each.accept(checkpoint);
        synchronized (this) {
            statistics.add(checkpoint);
            newest = checkpoint;
            stored++;
            failure = null;
            notifyAll();
        }
    }

    @Override
    public synchronized void checkpointFailed(int number, Exception cause) {
        failed++;
        failure = cause;
        notifyAll();
    }

    @Override
    public synchronized void captureEnded(String reason) {
        ended = reason;
        notifyAll();
    }

    /// Checkpoints in the store, over all recordings.
    synchronized int stored() {
        return stored;
    }

    /// Checkpoints that were given up; the guest ran on, and the next one had what changed.
    synchronized int failed() {
        return failed;
    }

    synchronized RunSummary summary() {
        return statistics.summary();
    }
}
