package dev.freezeframe.record;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Registration;
import dev.freezeframe.capture.CaptureListener;
import dev.freezeframe.capture.Checkpointer;
import dev.freezeframe.capture.Sessions;
import dev.freezeframe.capture.dirty.DirtyTracker;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.dedup.DiskToStore;
import dev.freezeframe.linux.SteadyClock;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.profile.RamBlock;
import dev.freezeframe.qemu.stream.DeviceStateSource;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A machine being recorded: checkpoints are taken on schedule and stored in the background until told to stop.
/// Closing it stores what was captured and closes the experiment; the machine runs on, it belongs to the caller.
///
/// Several machines may be recorded into one store at the same time.
public final class Recording implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Recording.class);
    /// So many tries, and not one that succeeded, are no bad luck any more.
    private static final int MOST_FAILURES_BEFORE_THE_FIRST = 10;
    private static final String SCAN_CANNOT = "the scan tracker compares all of RAM, which takes as long as a checkpoint;"
            + " only the userfault tracker can count between checkpoints";
    private static final DateTimeFormatter NAME_TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")
            .withZone(ZoneId.systemDefault());

    private final Store store;
    private final SteadyClock clock;
    private final ExperimentRecord experiment;
    private final Deduplicator deduplicator;
    private final StoringPipeline pipeline;
    private final Checkpointer checkpointer;
    private final BudgetKeeper budgetKeeper;
    private final Optional<PictureTaker> pictures;
    private final Optional<ReplayLogKeeper> replayLog;
    private final DirtySampler sampler;
    private final String trackerName;
    private final long startedNanos = System.nanoTime();
    private final AtomicLong stored = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong failuresBeforeTheFirst = new AtomicLong();
    /// Of the failures, those of checkpoints that had been taken.
    private final AtomicLong lost = new AtomicLong();
    private volatile long endedNanos;
    private final CountDownLatch captureEnded = new CountDownLatch(1);
    private volatile String endReason = "stopped";
    private volatile boolean failed;
    @GuardedBy("this")
    private boolean closed;

    /// Starts recording a machine that runs.
    ///
    /// @param parent the checkpoint that the machine was restored from, if it was
    /// @param untouchedSinceParent whether the machine has not run since it was restored; then its first checkpoint is a
    ///     difference to the parent
    /// @throws IOException if the machine cannot be tracked or the store not be written, with one line for the user
    public static Recording start(Store store, Machine machine, Optional<CheckpointRecord> parent,
            boolean untouchedSinceParent, RecordingOptions options, RecordingListener listener) throws IOException {
        Optional<String> noRoom = BudgetKeeper.roomProblem(store);
        if (noRoom.isPresent()) {
            throw new IOException(noRoom.get());
        }
        if (machine.hasOtherWritableRam() && !machine.disks().isEmpty()) {
            // QEMU refuses to inactivate its block nodes ("bdrv_inactivate_all() failed") with a filter in the graph.
            throw new IOException(besideDisks(machine.ramBlocks()));
        }
        Optional<String> heapTooSmall = MemoryNeed.ofRecording(machine.ramBytes(), List.of(), 0, false).heapProblem(
                Runtime.getRuntime().maxMemory());
        if (heapTooSmall.isPresent()) {
            throw new IOException(heapTooSmall.get());
        }
        DirtyTracker tracker = options.tracker().trackerFor(machine);
        DeviceStateSource devices = null;
        Recording recording = null;
        try {
            devices = DeviceStateSource.open(machine.captureQmp(), ProcessHandle.of(machine.pid())
                    .orElseThrow(() -> new IOException("QEMU has ended already")), machine.hasOtherWritableRam());
            Optional<PageMap> base = parent.isPresent() && untouchedSinceParent
                    ? Optional.of(store.pageMap(parent.get().id(), NewCheckpoint.RAM))
                    : Optional.empty();
            List<DiskToStore> disks = new ArrayList<>();
            for (MachineDisk disk : machine.disks()) {
                disks.add(new DiskToStore(disk.id(), disk.sizeBytes(), base.isPresent()
                        ? Optional.of(store.pageMap(parent.get().id(), NewCheckpoint.disk(disk.id())))
                        : Optional.empty()));
            }
            try (Beginning beginning = new Beginning(store, machine, parent, options.name())) {
                recording = new Recording(beginning, store, machine, base, disks, tracker, devices, options, listener);
                beginning.succeeded();
            }
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

    /// What there is to take back when a recording does not come to begin, whatever kept it from that: of an experiment that
    /// nobody records, the store would say that it is being recorded.
    private static final class Beginning implements AutoCloseable {
        private final Store store;
        private final SteadyClock clock = SteadyClock.start();
        private final ExperimentRecord experiment;
        private final List<AutoCloseable> opened = new ArrayList<>();
        private boolean done;

        Beginning(Store store, Machine machine, Optional<CheckpointRecord> parent, Optional<String> wanted)
                throws StoreException {
            this.store = store;
            String profile = machine.spec().profile().name();
            experiment = createExperiment(store, wanted.orElse(profile + "-" + NAME_TIME.format(clock.instant())),
                    name -> ExperimentRecord.starting(name, profile, machine.toRecord().toString(), machine.ramBytes(),
                            parent.map(CheckpointRecord::id), clock.instant()));
        }

        <T extends AutoCloseable> T opened(T resource) {
            opened.add(resource);
            return resource;
        }

        void succeeded() {
            done = true;
        }

        @Override
        public void close() throws IOException {
            if (done) {
                return;
            }
            for (AutoCloseable resource : opened.reversed()) {
                try {
                    resource.close();
                } catch (Exception e) {
                    LOG.debug("closing what was opened for a recording that did not begin", e);
                }
            }
            store.finishExperiment(experiment.id(), "could not start; the log says why", clock.instant());
        }
    }

    private Recording(Beginning beginning, Store store, Machine machine, Optional<PageMap> base,
            List<DiskToStore> disks,
            DirtyTracker tracker, DeviceStateSource devices, RecordingOptions options, RecordingListener listener)
            throws IOException {
        this.store = store;
        clock = beginning.clock;
        trackerName = tracker.name();
        experiment = beginning.experiment;
        deduplicator = beginning.opened(new Deduplicator(store, options.dedup()));
        budgetKeeper = new BudgetKeeper(store, experiment.id(), options.budget(), listener::checkpointsThinned,
                this::end, clock);
        pictures = options.pictures()
                ? Optional.of(new PictureTaker(machine, store, listener::pictureStored))
                : Optional.empty();
        replayLog = machine.replayLog().isPresent()
                ? Optional.of(beginning.opened(ReplayLogKeeper.start(store, machine, experiment.id())))
                : Optional.empty();
        pipeline = new StoringPipeline(deduplicator::begin, experiment.id(), machine.ramBytes(), base, disks,
                new RecordingListener() {
                    @Override
                    public void checkpointStored(CheckpointRecord checkpoint) {
                        stored.incrementAndGet();
                        pictures.ifPresent(taker -> taker.stored(checkpoint));
                        budgetKeeper.stored(checkpoint);
                        listener.checkpointStored(checkpoint);
                    }

                    @Override
                    public void checkpointFailed(int number, Exception cause) {
                        failures.incrementAndGet();
                        lost.incrementAndGet();
                        budgetKeeper.stopIfDiskIsFull();
                        listener.checkpointFailed(number, cause);
                    }

                    @Override
                    public void captureEnded(String reason) {
                        // The checkpointer tells.
                    }
                }, this::giveUp, this::keepLog);
        checkpointer = new Checkpointer(machine, Sessions.of(machine), clock, tracker, devices, pipeline,
                new CaptureListener() {
                    @Override
                    public void checkpointTaken(int number) {
                        pictures.ifPresent(taker -> taker.taken(number));
                        budgetKeeper.taken(checkpointer.checkpointsTaken() + 1 - lost.get());
                    }

                    @Override
                    public void checkpointFailed(int number, Exception cause) {
                        failures.incrementAndGet();
                        listener.checkpointFailed(number, cause);
                        endIfNoneCanBeTaken(cause);
                    }

                    @Override
                    public void captureWaits(String reason) {
                        listener.captureWaits(reason);
                    }

                    @Override
                    public void captureEnded(String reason, boolean itFailed) {
                        endedNanos = System.nanoTime();
                        endReason = reason;
                        failed = itFailed;
                        listener.captureEnded(reason);
                        captureEnded.countDown();
                    }
                }, options.capture(), 1);
        beginning.opened(checkpointer);
        sampler = new DirtySampler(checkpointer, clock);
    }

    private void begin(boolean alreadyStored, RecordingOptions options) throws IOException {
        boolean begun = false;
        String problem = "the log says why";
        try {
            pipeline.start(checkpointer::frameLost);
            budgetKeeper.start();
            pictures.ifPresent(PictureTaker::start);
            checkpointer.start(alreadyStored, options.checkpoints().orElse(Long.MAX_VALUE));
            begun = true;
        } catch (IOException | RuntimeException e) {
            problem = e.getMessage();
            throw e;
        } finally {
            if (!begun) {
                close("could not start: " + problem);
            }
        }
    }

    /// Creates one under the first name that nobody else has: this one, then with a number behind it.
    static ExperimentRecord createExperiment(Store store, String wantedName, Function<String, ExperimentRecord> record)
            throws StoreException {
        String name = wantedName;
        for (int again = 2;; again++) {
            if (store.experiment(name).isEmpty()) {
                try {
                    return store.experiment(store.createExperiment(record.apply(name))).orElseThrow();
                } catch (StoreException e) {
                    if (store.experiment(name).isEmpty()) {
                        throw e;
                    }
                    LOG.debug("{} was taken this moment", name, e);
                }
            }
            name = wantedName + "-" + again;
        }
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

    /// What is known at this moment. Cheap, and for any thread: asks neither QEMU nor the store.
    ///
    /// While somebody asks, dirty pages are counted between checkpoints, some times a second.
    public LiveFigures live() {
        long end = endedNanos;
        boolean ended = end != 0;
        Duration elapsed = Duration.ofNanos((ended ? end : System.nanoTime()) - startedNanos);
        return new LiveFigures(elapsed, checkpointer.checkpointsTaken(), stored.get(), checkpointer.lateTicks(),
                failures
                        .get(),
                pipeline.fill(), checkpointer.interval(), ended ? Duration.ZERO : checkpointer.timeToNextTick(),
                sampler.newest(), sampler.isPossible() ? Optional.empty() : Optional.of(SCAN_CANNOT),
                budgetKeeper.use(),
                ended);
    }

    /// The dirty pages between checkpoints as far as they were counted, the oldest first, some minutes at most. Nothing is
    /// counted unless somebody asks here or for [#live], or listens.
    public List<DirtySample> dirtySamples() {
        return sampler.samples();
    }

    /// Calls `listener` for every count of dirty pages between checkpoints, in a thread of its own, until the registration is
    /// closed. Never where [LiveFigures#dirtyUnknownReason] says why.
    public Registration onDirtySample(Consumer<DirtySample> listener) {
        return sampler.onSample(listener);
    }

    /// Puts another budget in the place of the one that holds. One that is used up already stops or thins at once.
    public void changeBudget(Budget budget) {
        budgetKeeper.changeBudget(budget);
    }

    /// How much of the budget is used.
    public BudgetUse budgetUse() {
        return budgetKeeper.use();
    }

    /// Free space of the file system that a store is on, in bytes, for this user. Quick, but may wait for a file system on
    /// another machine. A recording ends when less than [#diskReserveBytes] are left.
    public static long freeDiskBytes(Store store) {
        return BudgetKeeper.freeBytes(store);
    }

    /// So much of the file system stays free.
    public static long diskReserveBytes() {
        return BudgetKeeper.DISK_RESERVE_BYTES;
    }

    /// Ticks at which no checkpoint was taken because the guest slept or was stopped, by a debugger say. They are not late.
    public long standingTicks() {
        return checkpointer.standingTicks();
    }

    /// Whether a checkpoint is being taken, or will be within a moment.
    public boolean isCapturing() {
        return checkpointer.isBusy();
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

    /// Has it take no more checkpoints, for a reason that is the caller's; does not wait. What was captured is stored when it
    /// is closed.
    ///
    /// @param reason as [#endReason] is to say it
    public void stop(String reason) {
        end(reason, false);
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
            // In this order, the last first: nothing counts pages of a tracker that is closed.
            try (deduplicator;
                    budgetKeeper;
                    PictureTaker _ = pictures.orElse(null);
                    ReplayLogKeeper _ = replayLog.orElse(null);
                    pipeline;
                    checkpointer;
                    sampler) {
                LOG.debug("closing the recording of {}", experiment.name());
            }
        } finally {
            store.finishExperiment(experiment.id(), reason == null ? endReason : reason, clock.instant());
        }
    }

    /// Why a machine with such memory and a disk that the guest can write cannot be recorded.
    static String besideDisks(List<RamBlock> blocks) {
        List<String> others = blocks.stream().filter(block -> block.writable() && !block.name().equals(RamBlock.MAIN))
                .map(
                        RamBlock::name)
                .toList();
        boolean flash = others.stream().allMatch(name -> name.contains("flash"));
        return "a machine that has other memory than its RAM (" + String.join(", ", others)
                + ") and a disk that the guest can write cannot be recorded: QEMU saves such memory by a migration only, and"
                + " refuses that while a disk is frozen; " + (flash
                        ? "instead of a firmware on if=pflash set the profile's firmware to one image that has code and"
                                + " variables, such as /usr/share/ovmf/OVMF.fd"
                        : "set the profile's display to \"none\" if it is a graphics card's")
                + ", or the disk to \"readOnly\": true";
    }

    /// What fails from the first try on has a reason that stays.
    private void endIfNoneCanBeTaken(Exception cause) {
        if (checkpointer.checkpointsTaken() == 0 && failuresBeforeTheFirst
                .incrementAndGet() == MOST_FAILURES_BEFORE_THE_FIRST) {
            giveUp("none of the first " + MOST_FAILURES_BEFORE_THE_FIRST + " checkpoints could be taken: " + (cause
                    .getMessage() == null ? cause.toString() : cause.getMessage()));
        }
    }

    private void keepLog(long logOffset) {
        try {
            ReplayLogKeeper keeper = replayLog.orElseThrow();
            keeper.stored(logOffset);
            budgetKeeper.logTakes(keeper.storedBytes());
        } catch (StoreException | RuntimeException e) {
            // the checkpoint is stored, whatever comes of this
            LOG.warn("the log is not stored yet: {}", e.getMessage());
        }
    }

    private void giveUp(String reason) {
        end(reason, true);
    }

    private void end(String reason, boolean itFailed) {
        checkpointer.stop(reason, itFailed);
    }
}
