package dev.freezeframe.experiment;

import dev.freezeframe.capture.CapturedFrame;
import dev.freezeframe.capture.FrameMetrics;
import dev.freezeframe.capture.FrameSink;
import dev.freezeframe.capture.PausePhases;
import dev.freezeframe.capture.Slab;
import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.Committed;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.store.CaptureMetrics;
import dev.freezeframe.store.NewCheckpoint;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.PhaseMicros;
import dev.freezeframe.store.PreCopyMetrics;
import dev.freezeframe.store.StoreException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes captured frames from the checkpointer to the store, one after another, in a thread of its own.
/// A frame becomes a checkpoint whole or not at all; one that fails gives its pages back to the checkpointer, together with
/// every frame behind it that was captured as a difference to it.
///
/// The queue holds references only. What bounds the memory is the pool that the slabs come from, and [#hasRoom], which
/// refuses a new frame while too many wait.
final class Pipeline implements FrameSink, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

    /// Frames that may be in the pipeline. Some let a slow commit or the first, full frame pass without making the next ones
    /// late; more would only make what the user sees older. Their memory is bounded by the slabs, not by this.
    private static final int MOST_FRAMES_WAITING = 4;
    /// After this many failures one after another the store is taken to be unusable.
    private static final int MOST_FAILURES_IN_A_ROW = 5;

    private sealed interface Part {
        record Pages(int number, Slab slab) implements Part {}

        record Complete(CapturedFrame frame, long nanos) implements Part {}

        record Abandon(int number) implements Part {}

        record EndOfRecording() implements Part {}
    }

    private final Deduplicator deduplicator;
    private final long experimentId;
    private final long ramBytes;
    private final RecordingListener listener;
    private final Runnable giveUp;
    private final BlockingQueue<Part> parts = new LinkedBlockingQueue<>();
    private final AtomicInteger framesWaiting = new AtomicInteger();
    private final Thread thread;
    private volatile ToLongFunction<CapturedFrame> frameLost;

    /// Only the pipeline thread touches what follows.
    private Optional<PageMap> newestRam;
    private CheckpointWriter writer;
    private Exception writerFailure;
    private long acceptedGeneration;
    private int failuresInARow;

    /// @param newestRam what the machine's RAM held when recording began, for a machine that was restored
    /// @param giveUp called when storing fails again and again
    Pipeline(Deduplicator deduplicator, long experimentId, long ramBytes, Optional<PageMap> newestRam,
            RecordingListener listener, Runnable giveUp) {
        this.deduplicator = deduplicator;
        this.experimentId = experimentId;
        this.ramBytes = ramBytes;
        this.newestRam = newestRam;
        this.listener = listener;
        this.giveUp = giveUp;
        thread = Thread.ofPlatform().name("pipeline").unstarted(this::run);
    }

    /// Starts the thread.
    ///
    /// @param lostFrames told of every frame that does not reach the store; answers the generation to go on with
    void start(ToLongFunction<CapturedFrame> lostFrames) {
        frameLost = lostFrames;
        thread.start();
    }

    @Override
    public boolean hasRoom() {
        return framesWaiting.get() < MOST_FRAMES_WAITING;
    }

    /// How full the queue is, from 0 to 1.
    double fill() {
        return Math.min(1, (double) framesWaiting.get() / MOST_FRAMES_WAITING);
    }

    @Override
    public void pages(int number, Slab slab) {
        parts.add(new Part.Pages(number, slab));
    }

    @Override
    public void complete(CapturedFrame frame) {
        framesWaiting.incrementAndGet();
        parts.add(new Part.Complete(frame, System.nanoTime()));
    }

    @Override
    public void abandon(int number) {
        parts.add(new Part.Abandon(number));
    }

    /// Stores what waits, then ends. Call after the checkpointer was closed.
    @Override
    public void close() {
        parts.add(new Part.EndOfRecording());
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        boolean going = true;
        while (going) {
            try {
                going = switch (parts.take()) {
                    case Part.Pages(int number, Slab slab) -> {
                        store(number, slab);
                        yield true;
                    }
                    case Part.Complete(CapturedFrame frame, long nanos) -> {
                        finish(frame, nanos);
                        yield true;
                    }
                    case Part.Abandon(int _) -> {
                        forgetWriter();
                        yield true;
                    }
                    case Part.EndOfRecording() -> false;
                };
            } catch (InterruptedException e) {
                LOG.warn("pipeline interrupted; what waits in it is not stored");
                Thread.currentThread().interrupt();
                going = false;
            }
        }
        forgetWriter();
    }

    private void store(int number, Slab slab) {
        try {
            if (writerFailure == null) {
                if (writer == null) {
                    writer = deduplicator.begin(experimentId, number, newestRam, ramBytes);
                }
                writer.addRam(slab.pages(), slab.count(), slab.contents());
            }
        } catch (StoreException | RuntimeException e) {
            writerFailure = e;
        } finally {
            slab.release();
        }
    }

    private void finish(CapturedFrame frame, long completedNanos) {
        try {
            if (frame.generation() < acceptedGeneration) {
                throw new StoreException(StoreException.Reason.FAILED, "checkpoint " + frame.number()
                        + " builds on one that could not be stored; its pages are in the next one");
            }
            if (writerFailure != null) {
                throw writerFailure;
            }
            if (writer == null) {
                writer = deduplicator.begin(experimentId, frame.number(), newestRam, ramBytes);
            }
            writer.addImage(NewCheckpoint.DEVICE_STATE, frame.deviceState().toBytes());
            Committed committed = writer.commit(metricsOf(frame.metrics()));
            writer = null;
            newestRam = Optional.of(committed.ram());
            failuresInARow = 0;
            framesWaiting.decrementAndGet();
            LOG.debug("checkpoint {} stored {} ms after the pause", frame.number(),
                    (System.nanoTime() - completedNanos) / 1_000_000);
            listener.checkpointStored(committed.checkpoint());
        } catch (Exception e) {
            acceptedGeneration = frameLost.applyAsLong(frame);
            framesWaiting.decrementAndGet();
            forgetWriter();
            listener.checkpointFailed(frame.number(), e);
            if (++failuresInARow == MOST_FAILURES_IN_A_ROW) {
                giveUp.run();
            }
        }
    }

    private void forgetWriter() {
        if (writer != null) {
            writer.abort();
            writer = null;
        }
        writerFailure = null;
    }

    private static CaptureMetrics metricsOf(FrameMetrics frame) {
        PausePhases phases = frame.phases();
        return new CaptureMetrics(frame.capturedAt(), frame.intervalMillis(), frame.late(), phases.totalMicros(),
                new PhaseMicros(phases.stop(), phases.deviceState(), phases.harvest(), phases.copy(), phases.disks(),
                        phases.resume()),
                new PreCopyMetrics(frame.preCopyRounds(), frame.preCopyMicros(), frame.preCopiedPages(),
                        frame.pausePages()),
                0);
    }
}
