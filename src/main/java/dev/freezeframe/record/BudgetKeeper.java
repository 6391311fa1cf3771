package dev.freezeframe.record;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.Threads;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.upkeep.GcReport;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a recording within its budget, and away from a full disk. Stopping is decided as each checkpoint is stored;
/// thinning and reclaiming go on in a thread of their own, so a checkpoint waits for neither, except for the moments in
/// which the store deletes.
public final class BudgetKeeper implements AutoCloseable {
    /// So much of the file system stays free, or is free inside the store's file: the store refuses to write below a quarter
    /// of it.
    public static final long DISK_RESERVE_BYTES = 128L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(BudgetKeeper.class);
    /// One look at the store's garbage reads all page maps and holds recordings up meanwhile, so without need not more often.
    private static final long BETWEEN_COLLECTIONS_NANOS = Duration.ofSeconds(5).toNanos();
    /// Where bytes are to be had at once, collecting may take one part in so many of the time.
    private static final int COLLECTING_SHARE = 10;
    /// Thinning to a byte limit goes on to this share of it, so that it does not begin again at once.
    private static final double BYTES_AFTER_THINNING = 0.9;
    /// From this share of the limit on, a person should know that thinning is late.
    private static final double BEHIND = 1.25;
    /// Most that one round deletes before it looks again what that brought.
    private static final int MOST_VICTIMS = 64;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    /// When something failed, such as a store that is busy.
    private static final Duration TRY_AGAIN = Duration.ofSeconds(2);

    private final InstantSource clock;
    private final Store store;
    private final long experimentId;
    private final Consumer<List<CheckpointRecord>> thinnedListener;
    private final EndOfRecording end;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Thread thread;

    @GuardedBy("lock")
    private final Map<Integer, CheckpointRecord> checkpoints = new TreeMap<>();
    @GuardedBy("lock")
    private Budget budget;
    @GuardedBy("lock")
    private long storedBytes;
    @GuardedBy("lock")
    private long logBytes;
    @GuardedBy("lock")
    private long deletedBytes;
    @GuardedBy("lock")
    private long reclaimedBytes;
    @GuardedBy("lock")
    private long thinned;
    @GuardedBy("lock")
    private Optional<String> remark = Optional.empty();
    @GuardedBy("lock")
    private boolean exhausted;
    @GuardedBy("lock")
    private boolean closed;

    /// Only the thinning thread touches what follows.
    private boolean garbage;
    private long collectedNanos = System.nanoTime() - BETWEEN_COLLECTIONS_NANOS;
    private long collectingNanos;

    /// Ends the recording.
    interface EndOfRecording {
        void end(String reason, boolean failed);
    }

    /// @param thinnedListener told of what was deleted, in the thinning thread
    /// @param clock the one that tells when a checkpoint was taken
    BudgetKeeper(Store store, long experimentId, Budget budget, Consumer<List<CheckpointRecord>> thinnedListener,
            EndOfRecording end, InstantSource clock) {
        this.clock = clock;
        this.store = store;
        this.experimentId = experimentId;
        this.budget = budget;
        this.thinnedListener = thinnedListener;
        this.end = end;
        thread = Thread.ofPlatform().name("thinning").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /// Why nothing can be recorded for lack of room, or empty.
    static Optional<String> roomProblem(Store store) {
        long free = freeBytes(store);
        return free >= DISK_RESERVE_BYTES || free + roomInside(store) >= DISK_RESERVE_BYTES
                ? Optional.empty()
                : Optional.of("the file system of store " + store.directory() + " has only " + (free >> 20)
                        + " MiB left, and " + (DISK_RESERVE_BYTES >> 20)
                        + " MiB stay in reserve; free some space, delete checkpoints and collect, or use another store");
    }

    /// A checkpoint is in the store. Called from the pipeline's thread.
    void stored(CheckpointRecord checkpoint) {
        BudgetUse use;
        lock.lock();
        try {
            checkpoints.put(checkpoint.number(), checkpoint);
            storedBytes += checkpoint.metrics().storedBytes();
            use = use();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        stopIfUsedUp(use);
        stopIfDiskIsFull();
    }

    /// The log of the run takes so much by now. Counts when the next checkpoint is stored.
    void logTakes(long bytes) {
        lock.lock();
        try {
            logBytes = bytes;
        } finally {
            lock.unlock();
        }
    }

    /// Another checkpoint was captured; stopping must not wait until it is stored, or some more would follow it.
    ///
    /// @param expected how many checkpoints the recording will have once the queue is empty
    void taken(long expected) {
        Budget now;
        lock.lock();
        try {
            now = budget;
        } finally {
            lock.unlock();
        }
        if (now.rule() == Budget.Rule.STOP && now.checkpoints().isPresent() && expected >= now.checkpoints()
                .getAsLong()) {
            end.end(usedUp(now), false);
        }
    }

    private static String usedUp(Budget budget) {
        return "the budget is used up: " + budget.describe();
    }

    private void stopIfUsedUp(BudgetUse use) {
        if (use.isOver() && use.budget().rule() == Budget.Rule.STOP) {
            end.end(usedUp(use.budget()), false);
        }
    }

    /// Called for every checkpoint that failed, too: then nothing is stored any more.
    void stopIfDiskIsFull() {
        long free = freeBytes(store);
        if (free < DISK_RESERVE_BYTES && free + roomInside(store) < DISK_RESERVE_BYTES) {
            // As short as the other reasons, which the list of experiments shows beside each other.
            end.end("the disk is nearly full, " + (free >> 20) + " MiB free", true);
        }
    }

    /// Asked only where the disk is nearly full; 0 where the store does not answer.
    private static long roomInside(Store store) {
        try {
            return store.roomInsideBytes();
        } catch (StoreException e) {
            LOG.debug("the room inside the store is not known", e);
            return 0;
        }
    }

    /// One system call; 0 also where the file system does not answer.
    static long freeBytes(Store store) {
        return store.directory().toFile().getUsableSpace();
    }

    void changeBudget(Budget other) {
        BudgetUse use;
        lock.lock();
        try {
            budget = other;
            exhausted = false;
            remark = Optional.empty();
            use = use();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        stopIfUsedUp(use);
    }

    @GuardedBy("lock")
    private long usedBytes() {
        return storedBytes + logBytes - reclaimedBytes;
    }

    /// How much is used now.
    BudgetUse use() {
        lock.lock();
        try {
            long bytes = usedBytes();
            boolean behind = budget.rule() == Budget.Rule.THIN && budget.bytes().isPresent()
                    && bytes > BEHIND * budget.bytes().getAsLong();
            return new BudgetUse(budget, bytes, checkpoints.size(), thinned, reclaimedBytes, remark.isEmpty() && behind
                    ? Optional.of("thinning is behind: the guest writes faster than space is reclaimed")
                    : remark);
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            while (awaitWork()) {
                try {
                    work();
                } catch (StoreException e) {
                    LOG.warn("thinning did not succeed and is tried again: {}", e.getMessage());
                    remark("thinning is late: " + e.getMessage());
                    pause(TRY_AGAIN);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("thinning ends");
        } catch (RuntimeException | Error e) {
            LOG.error("thinning stopped by a fault of its own", e);
            end.end("fault while thinning: " + e + "; the log has more", true);
        }
    }

    private boolean awaitWork() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && !(isThinningDue() || garbage)) {
                changed.await();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean isThinningDue() {
        return budget.rule() == Budget.Rule.THIN && use().isOver() && !exhausted;
    }

    /// Waits, unless the end comes first.
    private void pause(Duration time) throws InterruptedException {
        long until = System.nanoTime() + time.toNanos();
        lock.lockInterruptibly();
        try {
            for (long left = time.toNanos(); left > 0 && !closed; left = until - System.nanoTime()) {
                changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void work() throws StoreException, InterruptedException {
        int excess = 0;
        boolean bytesOver = false;
        lock.lock();
        try {
            BudgetUse use = use();
            if (isThinningDue()) {
                excess = Math.clamp(budget.checkpoints().isPresent()
                        ? use.checkpoints() - budget.checkpoints().getAsLong()
                        : 0, 0, MOST_VICTIMS);
                bytesOver = budget.bytes().isPresent() && use.bytes() >= budget.bytes().getAsLong();
            }
        } finally {
            lock.unlock();
        }
        if (excess > 0 && !delete(excess, 0)) {
            nothingLeft();
        }
        long wait = bytesOver ? COLLECTING_SHARE * collectingNanos : BETWEEN_COLLECTIONS_NANOS;
        if (garbage && System.nanoTime() - collectedNanos >= wait) {
            collect();
        }
        // What was deleted brings its bytes only when it is collected, so first that, then the next.
        long toFree = bytesOver && !garbage ? bytesToFree() : 0;
        if (toFree > 0) {
            Optional<String> inVain = whyInVain();
            if (inVain.isPresent()) {
                giveUp("nothing more is thinned out", inVain.get());
            } else if (!delete(MOST_VICTIMS, toFree)) {
                nothingLeft();
            }
        }
        if (garbage) {
            pause(LOOK_AGAIN);
        }
    }

    private long bytesToFree() {
        lock.lock();
        try {
            long used = usedBytes();
            return budget.bytes().isPresent() && used >= budget.bytes().getAsLong()
                    ? used - (long) (BYTES_AFTER_THINNING * budget.bytes().getAsLong())
                    : 0;
        } finally {
            lock.unlock();
        }
    }

    private Optional<String> whyInVain() throws StoreException {
        Set<Long> kept = toKeep();
        lock.lock();
        try {
            return budget.bytes().isEmpty()
                    ? Optional.empty()
                    : Thinning.whyInVain(List.copyOf(checkpoints.values()), kept, logBytes, budget.bytes().getAsLong());
        } finally {
            lock.unlock();
        }
    }

    private void nothingLeft() {
        Budget now;
        lock.lock();
        try {
            now = budget;
        } finally {
            lock.unlock();
        }
        giveUp("nothing is left to thin out", "the budget is used up and nothing is left to thin out: " + now
                .describe());
    }

    private void giveUp(String why, String reason) {
        lock.lock();
        try {
            exhausted = true;
            remark = Optional.of(why);
        } finally {
            lock.unlock();
        }
        end.end(reason, false);
    }

    private void remark(String text) {
        lock.lock();
        try {
            remark = Optional.of(text);
        } finally {
            lock.unlock();
        }
    }

    /// Deletes checkpoints by the rule.
    ///
    /// @param most how many at most
    /// @param bytes until those deleted had added so many to the store; 0 for as many as `most` says
    /// @return whether there was any to delete
    private boolean delete(int most, long bytes) throws StoreException {
        List<CheckpointRecord> present;
        lock.lock();
        try {
            present = List.copyOf(checkpoints.values());
        } finally {
            lock.unlock();
        }
        Map<Long, CheckpointRecord> byId = new TreeMap<>();
        List<Thinning.Candidate> candidates = new ArrayList<>();
        for (CheckpointRecord checkpoint : present) {
            byId.put(checkpoint.id(), checkpoint);
            candidates.add(new Thinning.Candidate(checkpoint.id(), checkpoint.metrics().capturedAt()));
        }
        Map<CheckpointName, CheckpointRecord> victims = new LinkedHashMap<>();
        long toDelete = 0;
        for (Thinning.Candidate victim : Thinning.victims(candidates, toKeep(), most, clock.instant())) {
            CheckpointRecord checkpoint = byId.get(victim.id());
            if (bytes > 0 && toDelete >= bytes) {
                break;
            }
            victims.put(checkpoint.name(), checkpoint);
            toDelete += checkpoint.metrics().storedBytes();
        }
        if (victims.isEmpty()) {
            return false;
        }
        List<CheckpointRecord> deleted = store.delete(List.copyOf(victims.keySet())).stream().map(victims::get)
                .toList();
        note(deleted, deleted.stream().mapToLong(each -> each.metrics().storedBytes()).sum());
        return true;
    }

    private void note(List<CheckpointRecord> deleted, long bytes) {
        if (deleted.isEmpty()) {
            return;
        }
        garbage = true;
        lock.lock();
        try {
            deleted.forEach(checkpoint -> checkpoints.remove(checkpoint.number()));
            thinned += deleted.size();
            deletedBytes += bytes;
            exhausted = false;
            remark = Optional.empty();
        } finally {
            lock.unlock();
        }
        thinnedListener.accept(List.copyOf(deleted));
    }

    /// Checkpoints that somebody wrote something about, that another experiment began at, or that a machine reads.
    private Set<Long> toKeep() throws StoreException {
        Set<Long> kept = new HashSet<>(store.checkpointsInUse());
        for (ExperimentRecord experiment : store.experiments()) {
            experiment.parentCheckpointId().ifPresent(kept::add);
        }
        for (Map.Entry<Long, Annotation> each : store.annotations(experimentId).entrySet()) {
            if (!each.getValue().isEmpty()) {
                kept.add(each.getKey());
            }
        }
        return kept;
    }

    private void collect() throws StoreException {
        if (!garbage) {
            return;
        }
        long started = System.nanoTime();
        GcReport report;
        try {
            report = store.gc((_, _, _) -> {
                if (isClosed()) {
                    throw new ClosedWhileCollecting();
                }
            });
        } catch (ClosedWhileCollecting e) {
            LOG.debug("collecting garbage ends with the recording");
            return;
        }
        garbage = false;
        collectedNanos = System.nanoTime();
        collectingNanos = collectedNanos - started;
        lock.lock();
        try {
            // Others may have left garbage too; what they did not free is not this recording's to use.
            reclaimedBytes = Math.min(deletedBytes, reclaimedBytes + report.freedBytes());
        } finally {
            lock.unlock();
        }
        LOG.debug("thinning reclaimed {} bytes in {} ms", report.freedBytes(), collectingNanos / 1_000_000);
    }

    private static final class ClosedWhileCollecting extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /// Ends thinning after what it is at. Space that is not reclaimed yet is, with the next `gc`.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        Threads.join(thread);
    }
}
