package dev.freezeframe.capture;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.capture.dirty.DirtyCounter;
import dev.freezeframe.capture.dirty.DirtyTracker;
import dev.freezeframe.linux.Threads;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.UnsentPackets;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.DeviceStateSource;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes checkpoints of a running machine on a fixed schedule and hands them to a sink as frames.
/// The guest stands still only for the pause window; whatever fails, it runs on, and no page that changed is ever left out
/// of the next checkpoint.
///
/// ## Pre-copy
///
/// Live migration's idea (Clark et al., *Live Migration of Virtual Machines*, NSDI 2005) serves here too: shortly before a
/// checkpoint is due the dirty set is harvested and copied while the guest runs, again and again as long as the set gets
/// smaller, so that the pause has to copy only what changed in the last fraction of a millisecond. The work starts ahead of
/// the tick by as long as it took the last time, so that the stop falls on the tick.
///
/// ## Losing nothing
///
/// A harvest resets what it reports, so harvested pages are owed to the store from then on. If a checkpoint fails in
/// capture, its pages are carried into the next one. If it fails later, in the pipeline, the sink calls [#frameLost]: the
/// pages are captured again, and frames that were captured without them carry an older generation and must be given up as
/// well.
public final class Checkpointer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Checkpointer.class);

    /// Most rounds of pre-copy after waits for memory.
    private static final int MOST_LAST_ROUNDS = 4;
    /// Room for pages in the pause beyond what the last round found, in pages.
    private static final int PAUSE_RESERVE_PAGES = 4 * Slab.CAPACITY;

    /// The tick is taken early rather than after a wait shorter than this.
    private static final long WORTH_WAITING_NANOS = 500_000;
    /// So long before a checkpoint nobody else looks at the machine's page tables.
    private static final long QUIET_BEFORE_NANOS = 3_000_000;
    /// When to try again what could not be done at once.
    private static final Duration SOON = Duration.ofMillis(10);

    private final Machine machine;
    private final Sessions sessions;
    private final InstantSource clock;
    private final DirtyTracker tracker;
    private final DeviceStateSource deviceState;
    private final SlabPool pool;
    private final DiskFreezer disks;
    private final FrameSink sink;
    private final CaptureListener listener;
    private final CaptureOptions options;
    private final FrameAssembler frame;
    private final PreCopy preCopy;
    private final PauseWindow pauseWindow;
    private final QuietPause pause;
    private final TickSchedule schedule;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    @GuardedBy("lock")
    private boolean stopping;
    @GuardedBy("lock")
    private String stopReason = "stopped";
    @GuardedBy("lock")
    private boolean stopFailed;
    @GuardedBy("lock")
    private boolean checkpointRequested;
    private long checkpointsWanted = Long.MAX_VALUE;
    private final OwedContent owed = new OwedContent();

    /// Only the checkpointing thread touches what follows.
    private final BitSet dirty = new BitSet();
    private int number;
    private boolean first = true;
    private int unreportedLate;
    /// What the listener was told last that checkpoints wait for; empty while they do not.
    private Optional<String> waitingFor = Optional.empty();
    /// Written by the checkpointing thread, read by those who watch.
    private volatile long leadNanos;
    private volatile boolean capturing;
    private volatile long lastTaken;
    private final AtomicLong taken = new AtomicLong();
    private final AtomicLong late = new AtomicLong();
    private final AtomicLong standing = new AtomicLong();

    /// Prepares to capture a machine. The tracker and the source are closed with this object; the machine and the sessions are
    /// not.
    ///
    /// @param sessions [Sessions#of] the machine
    /// @param clock tells when a checkpoint was taken; one that goes back puts checkpoints in a wrong order
    /// @param firstNumber number of the first checkpoint
    public Checkpointer(Machine machine, Sessions sessions, InstantSource clock, DirtyTracker tracker,
            DeviceStateSource deviceState, FrameSink sink, CaptureListener listener, CaptureOptions options,
            int firstNumber) {
        this.machine = machine;
        this.sessions = sessions;
        this.clock = clock;
        this.tracker = tracker;
        this.deviceState = deviceState;
        this.sink = sink;
        this.listener = listener;
        this.options = options;
        number = firstNumber;
        pool = new SlabPool(options.bufferBytesFor(machine.ramBytes()));
        frame = new FrameAssembler(tracker.contents(), pool, sink);
        preCopy = new PreCopy(tracker, frame, dirty, options.maxPreCopyRounds());
        disks = DiskFreezer.of(machine, sessions, options);
        pauseWindow = new PauseWindow(sessions, tracker, deviceState, disks);
        pause = new QuietPause(pauseWindow, preCopy, disks, new UnsentPackets(machine, sessions.patience()));
        schedule = new TickSchedule(options.interval(), System.nanoTime());
        thread = Thread.ofPlatform().name("checkpointer").unstarted(this::runSchedule);
    }

    /// Starts tracking and takes the first checkpoint at once.
    ///
    /// @param alreadyStored whether what the machine's RAM and disks hold now is in the store already, as for a machine that was just
    ///     restored and has not run yet; then the first checkpoint holds only what changes from here on
    /// @param count how many checkpoints to take before stopping by itself
    /// @throws IOException if the machine's pages cannot be tracked, or its disks not be frozen
    public void start(boolean alreadyStored, long count) throws IOException {
        BitSet populated = new BitSet();
        tracker.start(populated, alreadyStored);
        disks.start();
        owed.begin(populated, alreadyStored ? disks.nothing() : disks.everything());
        checkpointsWanted = count;
        schedule.changeInterval(options.interval(), System.nanoTime());
        thread.start();
    }

    /// The interval that holds now.
    public Duration interval() {
        return schedule.interval();
    }

    /// Changes the interval, from the next tick on.
    public void changeInterval(Duration interval) {
        schedule.changeInterval(interval, System.nanoTime());
        wake();
    }

    /// How long it is until the next tick; zero while one is being taken late.
    public Duration timeToNextTick() {
        return Duration.ofNanos(Math.max(0, schedule.nextTickNanos() - System.nanoTime()));
    }

    /// Checkpoints taken, whatever became of them in the pipeline.
    public long checkpointsTaken() {
        return taken.get();
    }

    /// When the newest checkpoint was complete, by [System#nanoTime]; 0 before the first.
    public long lastTakenNanos() {
        return lastTaken;
    }

    /// Ticks that were missed or taken late.
    public long lateTicks() {
        return late.get();
    }

    /// Ticks that passed while the guest slept or was stopped by somebody: there was nothing to take, so they are not late.
    public long standingTicks() {
        return standing.get();
    }

    /// Something that counts the pages that changed since the last checkpoint; empty where the tracker has none. Close it
    /// before this object.
    public Optional<DirtyCounter> dirtyCounter() throws IOException {
        return tracker.counter();
    }

    /// Whether a checkpoint is being taken, or will be within a moment. Whoever only watches leaves the machine alone then.
    public boolean isBusy() {
        return capturing || schedule.nextTickNanos() - leadNanos - System.nanoTime() < QUIET_BEFORE_NANOS;
    }

    /// Takes one checkpoint now, besides those on schedule.
    public void checkpointNow() {
        lock.lock();
        try {
            checkpointRequested = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Tells that a completed frame did not reach the store. Its pages will be captured again.
    ///
    /// @return the generation from which on frames may be stored; those of older generations, already queued or being
    ///     captured, build on the lost one and must be given up by calling this for each of them
    public long frameLost(CapturedFrame lost) {
        return owed.lost(lost.pages(), lost.disks().stream().map(CapturedDisk::blocks).toList());
    }

    /// Has checkpointing end after the checkpoint that is being taken, if any. Does not wait for that.
    ///
    /// @param failed whether that is for a reason that the user has to know as a failure
    public void stop(String reason, boolean failed) {
        lock.lock();
        try {
            if (!stopping) {
                stopping = true;
                stopReason = reason;
                stopFailed = failed;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Ends checkpointing as [#stop] does, and waits until it has ended.
    @Override
    public void close() {
        stop("stopped", false);
        Threads.join(thread);
        try (tracker; deviceState; disks; pauseWindow) {
            LOG.debug("capture closed");
        }
    }

    private void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void runSchedule() {
        String endReason = null;
        boolean failed = false;
        try {
            attempt(pauseWindow::rehearse);
            while (taken.get() < checkpointsWanted && awaitTick()) {
                attempt(pauseWindow::letGoIfStanding);
                RunState runState = RunState.of(machine, sessions);
                if (runState instanceof RunState.Ended(String reason, boolean notItsOwnDoing)) {
                    endReason = reason;
                    failed = notItsOwnDoing;
                    break;
                }
                tellOfWaiting(runState);
                if (!(runState instanceof RunState.Running) || !sink.hasRoom()) {
                    // A paused machine has nothing new to capture, one that does not answer cannot be captured, and a full
                    // pipeline cannot take it: all will pass. Only a pause makes no checkpoint late.
                    skipTick(!(runState instanceof RunState.Paused));
                } else if (takeCheckpoint()) {
                    taken.incrementAndGet();
                }
            }
            if (endReason == null && taken.get() >= checkpointsWanted) {
                endReason = "as many checkpoints as asked for";
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            LOG.error("checkpointing stopped by a fault of its own", e);
            endReason = "fault in the checkpointer: " + e + "; the log has more";
            failed = true;
        } finally {
            attempt(pauseWindow::letGoIfStanding);
            if (endReason == null) {
                reportStop();
            } else {
                listener.captureEnded(endReason, failed);
            }
        }
    }

    private interface Attempt {
        void run() throws IOException;
    }

    /// What came of it, the question for the machine's state tells.
    private static void attempt(Attempt attempt) {
        try {
            attempt.run();
        } catch (IOException e) {
            LOG.debug("QEMU did not do as it was told", e);
        }
    }

    /// Once for everything that checkpoints wait for without anybody having asked for it.
    private void tellOfWaiting(RunState now) {
        Optional<String> reason = now.reasonToTell();
        if (reason.isPresent() && !reason.equals(waitingFor)) {
            LOG.info("checkpoints wait: {}", reason.get());
            listener.captureWaits(reason.get());
        }
        waitingFor = reason;
    }

    private void reportStop() {
        String reason;
        boolean failed;
        lock.lock();
        try {
            reason = stopReason;
            failed = stopFailed;
        } finally {
            lock.unlock();
        }
        listener.captureEnded(reason, failed);
    }

    /// Waits until pre-copy should begin for the next tick.
    ///
    /// @return false if checkpointing is to end
    private boolean awaitTick() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!stopping && !checkpointRequested) {
                long wait = schedule.nextTickNanos() - leadNanos - System.nanoTime();
                if (wait <= 0) {
                    return true;
                }
                changed.awaitNanos(wait);
            }
            return !stopping;
        } finally {
            lock.unlock();
        }
    }

    private void skipTick(boolean countAsLate) throws InterruptedException {
        if (schedule.nextTickNanos() - leadNanos > System.nanoTime()) {
            // Not on schedule: a checkpoint was asked for and cannot be had at once. It stays asked for.
            Thread.sleep(SOON);
            return;
        }
        int skipped = schedule.skip(System.nanoTime());
        if (countAsLate) {
            noteLate(skipped);
        } else {
            standing.addAndGet(skipped);
        }
    }

    private void noteLate(int ticks) {
        unreportedLate += ticks;
        late.addAndGet(ticks);
    }

    private boolean takeCheckpoint() throws InterruptedException {
        capturing = true;
        try {
            return capture();
        } finally {
            capturing = false;
        }
    }

    private boolean capture() throws InterruptedException {
        int checkpoint = number++;
        boolean offSchedule;
        dirty.clear();
        OwedContent.Taken besides = owed.take(dirty, disks.nothing());
        lock.lock();
        try {
            offSchedule = checkpointRequested;
            checkpointRequested = false;
        } finally {
            lock.unlock();
        }
        frame.begin(checkpoint, besides.generation());
        boolean tickTaken = offSchedule;
        try {
            long started = System.nanoTime();
            disks.prepare(besides.blocks());
            preCopy.begin();
            preCopy.copyAhead();
            leadNanos = System.nanoTime() - started;
            if (first) {
                // The first checkpoint copies all of RAM, however long that takes; the schedule begins with its pause.
                schedule.restart(System.nanoTime());
                first = false;
            } else if (!offSchedule && awaitTickAfterPreCopy()) {
                preCopy.copyAhead();
            }
            noteLate(offSchedule ? 0 : schedule.take(System.nanoTime()));
            tickTaken = true;
            Duration interval = schedule.interval();
            for (int i = 0; i < MOST_LAST_ROUNDS && frame.reserve(2 * PAUSE_RESERVE_PAGES); i++) {
                // While this waited for memory the guest went on writing.
                preCopy.copyAhead();
            }
            PausePhases phases = pause.run(frame, dirty);
            DeviceState devices = deviceState.take();
            var metrics = new FrameMetrics(stoppedAt(), interval.toMillis(), phases, preCopy.rounds(),
                    leadNanos / 1000, preCopy.pages(), dirty.cardinality(), unreportedLate);
            BitSet pages = (BitSet) frame.captured().clone();
            // The disks are read into the same memory, so the pages are sent on their way first.
            frame.complete();
            List<CapturedDisk> diskBlocks = disks.read(checkpoint, besides.generation(), sink, pool, besides.blocks());
            disks.finish();
            sink.complete(new CapturedFrame(checkpoint, besides.generation(), pages, devices, diskBlocks, metrics));
            unreportedLate = 0;
            capturing = false;
            lastTaken = System.nanoTime();
            listener.checkpointTaken(checkpoint);
            return true;
        } catch (PauseWindow.FoundStandingException e) {
            LOG.debug("no checkpoint {}", checkpoint, e);
            takeBack(tickTaken, besides.blocks());
            foundStanding(offSchedule);
            return false;
        } catch (IOException | RuntimeException e) {
            takeBack(tickTaken, besides.blocks());
            if (!(RunState.of(machine, sessions) instanceof RunState.Ended)) {
                listener.checkpointFailed(checkpoint, e);
            }
            return false;
        } catch (InterruptedException | Error e) {
            takeBack(tickTaken, besides.blocks());
            throw e;
        }
    }

    /// The guest was put to sleep or stopped by somebody else just before the pause: as one that stood before, it has nothing to
    /// capture, which the next question for its state tells. What was asked for stays asked for.
    private void foundStanding(boolean asked) {
        if (asked) {
            checkpointNow();
        } else {
            standing.incrementAndGet();
        }
    }

    private Instant stoppedAt() {
        return clock.instant().minusNanos(System.nanoTime() - pauseWindow.stoppedNanos());
    }

    /// After a checkpoint that came to nothing: its pages and blocks belong to the next one.
    private void takeBack(boolean tickTaken, List<BlockRanges> besides) {
        pauseWindow.release();
        try {
            disks.giveUp();
        } catch (IOException e) {
            LOG.debug("the disks' views are taken down before the next checkpoint", e);
        }
        dirty.or(frame.captured());
        owed.giveBack(dirty, besides);
        frame.abandon();
        if (!tickTaken) {
            schedule.skip(System.nanoTime());
        }
    }

    /// Pre-copy started early by its usual length; what it did not need of that is waited for here.
    ///
    /// @return whether the wait was so long that another round of pre-copy pays
    private boolean awaitTickAfterPreCopy() throws InterruptedException {
        if (schedule.nextTickNanos() - System.nanoTime() < WORTH_WAITING_NANOS) {
            return false;
        }
        lock.lockInterruptibly();
        try {
            long early = schedule.nextTickNanos() - System.nanoTime();
            while (early > 0 && !stopping && !checkpointRequested) {
                changed.awaitNanos(early);
                early = schedule.nextTickNanos() - System.nanoTime();
            }
        } finally {
            lock.unlock();
        }
        return true;
    }
}
