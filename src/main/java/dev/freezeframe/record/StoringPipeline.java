package dev.freezeframe.record;

import dev.freezeframe.capture.BlockRanges;
import dev.freezeframe.capture.CapturedDisk;
import dev.freezeframe.capture.CapturedFrame;
import dev.freezeframe.capture.FrameMetrics;
import dev.freezeframe.capture.FrameSink;
import dev.freezeframe.capture.PausePhases;
import dev.freezeframe.capture.Slab;
import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.Committed;
import dev.freezeframe.dedup.DiskToStore;
import dev.freezeframe.linux.Threads;
import dev.freezeframe.qemu.stream.DeviceStateException;
import dev.freezeframe.qemu.stream.ReplayPosition;
import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.DiskRead;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes captured frames from the checkpointer to the store, one after another, in a thread of its own.
/// A frame becomes a checkpoint whole or not at all; one that fails gives its pages back to the checkpointer, together with
/// every frame behind it that was captured as a difference to it.
///
/// The queue holds references only. What bounds the memory is the pool that the slabs come from, and [#hasRoom], which
/// refuses a new frame while too many wait.
final class StoringPipeline implements FrameSink, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StoringPipeline.class);

    /// Frames that may be in the pipeline. Some let a slow commit or the first, full frame pass without making the next ones
    /// late; more would only make what the user sees older. Their memory is bounded by the slabs, not by this.
    private static final int MOST_FRAMES_WAITING = 4;
    /// After this many failures one after another the store is taken to be unusable.
    private static final int MOST_FAILURES_IN_A_ROW = 5;

    private sealed interface Part {
        record Pages(int number, long generation, Slab slab) implements Part {}

        record Blocks(int number, long generation, int disk, Slab slab) implements Part {}

        record ZeroBlocks(int number, long generation, int disk, BlockRanges.Range blocks) implements Part {}

        record Complete(CapturedFrame frame, long nanos) implements Part {}

        record Abandon(int number) implements Part {}

        record EndOfRecording() implements Part {}
    }

    @FunctionalInterface
    private interface Addition {
        void to(CheckpointWriter writer) throws StoreException;
    }

    private final WriterSource writers;
    private final long experimentId;
    private final long ramBytes;
    private final RecordingListener listener;
    private final Consumer<String> giveUp;
    private final LongConsumer loggedTo;
    private final BlockingQueue<Part> parts = new LinkedBlockingQueue<>();
    private final AtomicInteger framesWaiting = new AtomicInteger();
    private final Thread thread;
    private volatile ToLongFunction<CapturedFrame> frameLost;

    /// Only the pipeline thread touches what follows.
    private Optional<PageMap> newestRam;
    /// Each with the map of the newest checkpoint.
    private List<DiskToStore> disks;
    private CheckpointWriter writer;
    private Throwable writerFailure;
    private long acceptedGeneration;
    private int failuresInARow;
    private boolean storeTaken;

    /// Where a checkpoint's writer comes from, which is [dev.freezeframe.dedup.Deduplicator#begin].
    interface WriterSource {
        CheckpointWriter begin(long experimentId, int number, Optional<PageMap> previousRam, long ramBytes,
                List<DiskToStore> disks)
                throws StoreException;
    }

    /// @param newestRam what the machine's RAM held when recording began, for a machine that was restored
    /// @param disks the machine's writable disks, with what they held when recording began
    /// @param giveUp called with a reason when storing has no prospect of success any more
    /// @param loggedTo told how far QEMU's log goes up to each checkpoint that was stored, where its run can be replayed
    StoringPipeline(WriterSource writers, long experimentId, long ramBytes, Optional<PageMap> newestRam,
            List<DiskToStore> disks,
            RecordingListener listener, Consumer<String> giveUp, LongConsumer loggedTo) {
        this.writers = writers;
        this.experimentId = experimentId;
        this.ramBytes = ramBytes;
        this.newestRam = newestRam;
        this.disks = List.copyOf(disks);
        this.listener = listener;
        this.giveUp = giveUp;
        this.loggedTo = loggedTo;
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
    public void pages(int number, long generation, Slab slab) {
        parts.add(new Part.Pages(number, generation, slab));
    }

    @Override
    public void blocks(int number, long generation, int disk, Slab slab) {
        parts.add(new Part.Blocks(number, generation, disk, slab));
    }

    @Override
    public void zeroBlocks(int number, long generation, int disk, BlockRanges.Range blocks) {
        parts.add(new Part.ZeroBlocks(number, generation, disk, blocks));
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
        Threads.join(thread);
    }

    private void run() {
        boolean going = true;
        while (going) {
            try {
                going = handle(parts.take());
            } catch (InterruptedException e) {
                LOG.warn("pipeline interrupted; what waits in it is not stored");
                Thread.currentThread().interrupt();
                going = false;
            } catch (RuntimeException | Error e) {
                // Slabs must keep flowing back whatever happens, or the checkpointer waits for them for ever.
                LOG.error("fault in the pipeline", e);
                giveUp.accept("fault in the pipeline: " + e + "; the log has more");
            }
        }
        forgetWriter();
    }

    private boolean handle(Part part) {
        switch (part) {
            case Part.Pages(int number, long generation, Slab slab) -> {
                try (slab) {
                    store(number, generation, into -> into.addRam(slab.pages(), slab.count(), slab.contents()));
                }
            }
            case Part.Blocks(int number, long generation, int disk, Slab slab) -> {
                try (slab) {
                    store(number, generation,
                            into -> into.addBlocks(disk, slab.pages(), slab.count(), slab.contents()));
                }
            }
            case Part.ZeroBlocks(int number, long generation, int disk, BlockRanges.Range blocks) -> store(number,
                    generation, into -> into.addZeroBlocks(disk, Math.toIntExact(blocks.first()), Math.toIntExact(blocks
                            .count())));
            case Part.Complete(CapturedFrame frame, long nanos) -> finish(frame, nanos);
            case Part.Abandon(int _) -> forgetWriter();
            case Part.EndOfRecording() -> {
                return false;
            }
        }
        return true;
    }

    private void store(int number, long generation, Addition addition) {
        if (generation < acceptedGeneration || writerFailure != null) {
            return;
        }
        try {
            addition.to(writer(number));
        } catch (StoreException | RuntimeException | Error e) {
            writerFailure = e;
        }
    }

    private CheckpointWriter writer(int number) throws StoreException {
        if (writer == null) {
            writer = writers.begin(experimentId, number, newestRam, ramBytes, disks);
        }
        return writer;
    }

    private void finish(CapturedFrame frame, long completedNanos) {
        Committed committed = null;
        Exception failure = null;
        boolean doomed = frame.generation() < acceptedGeneration;
        try {
            if (doomed) {
                throw new StoreException(StoreException.Reason.FAILED, "checkpoint " + frame.number()
                        + " builds on one that could not be stored; its pages are in the next one");
            }
            if (writerFailure != null) {
                throw writerFailure;
            }
            writer(frame.number()).addImage(NewCheckpoint.DEVICE_STATE, frame.deviceState().toBytes());
            Optional<ReplayPosition> position = position(frame);
            committed = writer.commit(metricsOf(frame));
            writer = null;
            newestRam = Optional.of(committed.ram());
            disks = newest(committed);
            failuresInARow = 0;
            position.ifPresent(each -> loggedTo.accept(each.logOffset()));
        } catch (Exception e) {
            failure = e;
        } catch (Throwable fault) {
            LOG.error("fault while storing checkpoint {}", frame.number(), fault);
            failure = new IOException("checkpoint " + frame.number() + " could not be stored: " + fault
                    + "; its pages are in the next one", fault);
        }
        if (failure != null) {
            // Before there is room again, so that the next frame begins with these pages.
            acceptedGeneration = frameLost.applyAsLong(frame);
            forgetWriter();
        }
        framesWaiting.decrementAndGet();
        if (failure == null) {
            LOG.debug("checkpoint {} stored {} ms after the pause", frame.number(),
                    (System.nanoTime() - completedNanos) / 1_000_000);
            listener.checkpointStored(committed.checkpoint());
            return;
        }
        if (failure instanceof StoreException store && store.reason() == StoreException.Reason.IN_USE) {
            // It belongs to another program by now, and stays there. That is said once, not for each frame under way.
            storeTaken = true;
            giveUp.accept(failure.getMessage());
        }
        if (storeTaken) {
            return;
        }
        listener.checkpointFailed(frame.number(), failure);
        // A frame that only fell with another one says nothing about the store.
        if (!doomed && ++failuresInARow == MOST_FAILURES_IN_A_ROW) {
            giveUp.accept("the store failed " + MOST_FAILURES_IN_A_ROW + " times in a row: " + failure.getMessage());
        }
    }

    private void forgetWriter() {
        if (writer != null) {
            writer.abort();
            writer = null;
        }
        writerFailure = null;
    }

    private List<DiskToStore> newest(Committed committed) {
        List<DiskToStore> newest = new ArrayList<>();
        for (int i = 0; i < disks.size(); i++) {
            newest.add(
                    new DiskToStore(disks.get(i).id(), disks.get(i).sizeBytes(),
                            Optional.of(committed.disks().get(i))));
        }
        return newest;
    }

    private static Optional<ReplayPosition> position(CapturedFrame captured) throws DeviceStateException {
        return captured.deviceState().replayPosition();
    }

    private static CaptureMetrics metricsOf(CapturedFrame captured) throws DeviceStateException {
        FrameMetrics frame = captured.metrics();
        PausePhases phases = frame.phases();
        return CaptureMetrics.at(frame.capturedAt(), captured.disks().stream().map(StoringPipeline::metricsOf).toList())
                .with(CheckpointFigure.INTERVAL, frame.intervalMillis())
                .with(CheckpointFigure.LATE, frame.late())
                .with(CheckpointFigure.PAUSE, phases.totalMicros())
                .with(CheckpointFigure.STOP, phases.stop())
                .with(CheckpointFigure.DEVICE_STATE, phases.deviceState())
                .with(CheckpointFigure.HARVEST, phases.harvest())
                .with(CheckpointFigure.COPY, phases.copy())
                .with(CheckpointFigure.DISKS, phases.disks())
                .with(CheckpointFigure.RESUME, phases.resume())
                .with(CheckpointFigure.PRE_COPY_ROUNDS, frame.preCopyRounds())
                .with(CheckpointFigure.PRE_COPY_TIME, frame.preCopyMicros())
                .with(CheckpointFigure.PRE_COPIED_PAGES, frame.preCopiedPages())
                .with(CheckpointFigure.PAUSE_PAGES, frame.pausePages())
                .with(CheckpointFigure.INSTRUCTIONS, position(captured).map(ReplayPosition::instructions).orElse(0L));
    }

    private static DiskRead metricsOf(CapturedDisk disk) {
        return new DiskRead(disk.id(), disk.sizeBytes(), disk.readBytes(), disk.readMicros());
    }
}
