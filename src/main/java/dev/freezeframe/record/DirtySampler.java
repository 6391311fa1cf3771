package dev.freezeframe.record;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Registration;
import dev.freezeframe.capture.Checkpointer;
import dev.freezeframe.capture.dirty.DirtyCounter;
import dev.freezeframe.linux.Threads;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts dirty pages between checkpoints, a few times a second, in a thread of its own and only while somebody wants to
/// know. It leaves the machine alone while a checkpoint is being taken and shortly before, so no pause waits for it.
final class DirtySampler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DirtySampler.class);
    /// Between two samples.
    private static final Duration PERIOD = Duration.ofMillis(200);
    /// Whoever asked so long ago is taken not to look any more.
    private static final long INTEREST_NANOS = Duration.ofSeconds(2).toNanos();
    /// Some minutes; the oldest are given up.
    private static final int KEPT_SAMPLES = 2048;

    private final InstantSource clock;
    private final Checkpointer checkpointer;
    private final Optional<DirtyCounter> counter;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    @GuardedBy("samples")
    private final ArrayDeque<DirtySample> samples = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wanted = lock.newCondition();
    private final Thread thread;
    private volatile long lastAskedNanos = System.nanoTime() - INTEREST_NANOS;
    private volatile boolean closed;
    private volatile DirtySample newest;

    /// Only the sampling thread touches what follows.
    private long checkpointOfLast = -1;
    private long pagesOfLast;
    private long nanosOfLast;

    /// An identity of its own for each registration.
    private static final class Listener {
        private final Consumer<DirtySample> consumer;

        Listener(Consumer<DirtySample> consumer) {
            this.consumer = consumer;
        }
    }

    /// @param clock the one that tells when a checkpoint was taken
    DirtySampler(Checkpointer checkpointer, InstantSource clock) {
        this.clock = clock;
        this.checkpointer = checkpointer;
        Optional<DirtyCounter> found;
        try {
            found = checkpointer.dirtyCounter();
        } catch (IOException e) {
            LOG.warn("dirty pages are not counted between checkpoints: {}", e.getMessage());
            found = Optional.empty();
        }
        counter = found;
        thread = Thread.ofPlatform().name("dirty-sampler").daemon().unstarted(this::run);
        if (counter.isPresent()) {
            thread.start();
        }
    }

    /// Whether dirty pages can be counted between checkpoints.
    boolean isPossible() {
        return counter.isPresent();
    }

    /// The newest sample, and a sign that somebody is interested in the next.
    Optional<DirtySample> newest() {
        ask();
        return Optional.ofNullable(newest);
    }

    List<DirtySample> samples() {
        ask();
        synchronized (samples) {
            return List.copyOf(samples);
        }
    }

    Registration onSample(Consumer<DirtySample> listener) {
        Listener own = new Listener(listener);
        listeners.add(own);
        ask();
        return () -> listeners.remove(own);
    }

    private void ask() {
        boolean asleep = System.nanoTime() - lastAskedNanos > INTEREST_NANOS;
        lastAskedNanos = System.nanoTime();
        if (asleep) {
            lock.lock();
            try {
                wanted.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void run() {
        try {
            while (awaitInterest()) {
                sample();
                Thread.sleep(PERIOD);
            }
        } catch (IOException e) {
            LOG.debug("dirty pages cannot be counted any more", e);
        } catch (InterruptedException e) {
            LOG.debug("sampling ends");
        }
    }

    private boolean awaitInterest() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && listeners.isEmpty() && System.nanoTime() - lastAskedNanos > INTEREST_NANOS) {
                wanted.await();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void sample() throws IOException {
        long checkpoint = checkpointer.checkpointsTaken();
        if (checkpoint == 0 || checkpointer.isBusy()) {
            return;
        }
        long now = System.nanoTime();
        OptionalLong counted = counter.orElseThrow().count(() -> closed || checkpointer.isBusy());
        if (counted.isEmpty() || checkpointer.checkpointsTaken() != checkpoint) {
            return;
        }
        long pages = counted.getAsLong();
        boolean sameInterval = checkpoint == checkpointOfLast && pages >= pagesOfLast;
        long sinceNanos = sameInterval ? nanosOfLast : checkpointer.lastTakenNanos();
        double seconds = Math.max(1, now - sinceNanos) / 1e9;
        var sample = new DirtySample(clock.instant(), pages, (sameInterval ? pages - pagesOfLast : pages) / seconds);
        checkpointOfLast = checkpoint;
        pagesOfLast = pages;
        nanosOfLast = now;
        newest = sample;
        synchronized (samples) {
            if (samples.size() == KEPT_SAMPLES) {
                samples.removeFirst();
            }
            samples.addLast(sample);
        }
        for (Listener listener : listeners) {
            try {
                listener.consumer.accept(sample);
            } catch (RuntimeException e) {
                LOG.error("a listener to dirty samples failed", e);
            }
        }
    }

    /// Ends sampling and waits for that, so that the tracker can be closed.
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        Threads.join(thread);
        counter.ifPresent(DirtyCounter::close);
    }
}
