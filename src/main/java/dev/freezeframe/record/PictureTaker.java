package dev.freezeframe.record;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.Threads;
import dev.freezeframe.qemu.machine.GuestScreen;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.Picture;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives checkpoints their pictures: the guest's screen as a thumbnail, or the end of its console where it has no screen.
/// Works in a thread of its own right after the guest runs again; what it cannot keep up with goes without a picture, and
/// no checkpoint fails or waits for one.
///
/// So the picture shows the guest some milliseconds after the checkpoint; the console's end is fetched at once.
final class PictureTaker implements AutoCloseable {
    /// At most so many pictures a second are taken, however short the interval is.
    static final Duration LEAST_BETWEEN = Duration.ofMillis(250);
    static final int MOST_PIXELS_WIDE = 240;
    static final int MOST_SCREEN_BYTES = 20 << 10;
    private static final int CONSOLE_LINES = 24;
    private static final int CONSOLE_BYTES = 4 << 10;
    /// Taken and waiting for their checkpoints to be stored; more wait only when the store has fallen far behind.
    private static final int MOST_WAITING = 8;

    private static final Logger LOG = LoggerFactory.getLogger(PictureTaker.class);

    private final Machine machine;
    private final Store store;
    private final BiConsumer<CheckpointRecord, Picture> listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Thread thread = Thread.ofPlatform().name("pictures").daemon().unstarted(this::run);

    @GuardedBy("lock")
    private Optional<Request> request = Optional.empty();
    @GuardedBy("lock")
    private final ArrayDeque<Taken> waiting = new ArrayDeque<>();
    @GuardedBy("lock")
    private final ArrayDeque<CheckpointRecord> storedCheckpoints = new ArrayDeque<>();
    @GuardedBy("lock")
    private boolean busy;
    @GuardedBy("lock")
    private boolean closed;

    /// Only the checkpointing thread touches this.
    private long lastRequestNanos = System.nanoTime() - LEAST_BETWEEN.toNanos();

    /// @param console the end of the console at the checkpoint; empty where there is a screen
    private record Request(int number, Optional<String> console) {}

    private record Taken(int number, Picture picture) {}

    private record Match(CheckpointRecord checkpoint, Picture picture) {}

    /// @param listener told of every picture that is stored, in the picture taker's thread
    PictureTaker(Machine machine, Store store, BiConsumer<CheckpointRecord, Picture> listener) {
        this.machine = machine;
        this.store = store;
        this.listener = listener;
    }

    void start() {
        thread.start();
    }

    /// A checkpoint was captured this moment. Called from the checkpointing thread, which does not wait here.
    void taken(int number) {
        long now = System.nanoTime();
        if (now - lastRequestNanos < LEAST_BETWEEN.toNanos()) {
            return;
        }
        Optional<String> console = machine.hasDisplay()
                ? Optional.empty()
                : Optional.of(machine.console().lastLines(CONSOLE_LINES, CONSOLE_BYTES));
        lock.lock();
        try {
            if (!busy) {
                lastRequestNanos = now;
                request = Optional.of(new Request(number, console));
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// A checkpoint is in the store, so that its picture can go there too.
    void stored(CheckpointRecord checkpoint) {
        lock.lock();
        try {
            storedCheckpoints.addLast(checkpoint);
            if (storedCheckpoints.size() > MOST_WAITING) {
                storedCheckpoints.removeFirst();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        GuestScreen screen = null;
        try {
            while (awaitWork()) {
                Optional<Request> next = nextRequest();
                if (next.isPresent()) {
                    if (screen == null && next.get().console.isEmpty()) {
                        screen = GuestScreen.of(machine);
                    }
                    take(next.get(), screen);
                }
                for (Optional<Match> match = nextMatch(); match.isPresent(); match = nextMatch()) {
                    keep(match.get());
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("no more pictures");
        } catch (IOException | RuntimeException e) {
            LOG.warn("there will be no more pictures of {}: {}", machine, e.getMessage());
        } finally {
            if (screen != null) {
                screen.close();
            }
        }
    }

    private boolean awaitWork() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && request.isEmpty() && match().isEmpty()) {
                changed.await();
            }
            return request.isPresent() || match().isPresent();
        } finally {
            lock.unlock();
        }
    }

    private Optional<Request> nextRequest() {
        lock.lock();
        try {
            Optional<Request> next = closed ? Optional.empty() : request;
            request = Optional.empty();
            busy = next.isPresent();
            return next;
        } finally {
            lock.unlock();
        }
    }

    private void take(Request wanted, GuestScreen screen) {
        Picture picture = null;
        try {
            picture = wanted.console.isPresent()
                    ? Picture.ofConsole(wanted.console.get())
                    : new Picture(Picture.Kind.SCREEN, PngFile.thumbnail(screen.capture(), MOST_PIXELS_WIDE,
                            MOST_SCREEN_BYTES));
        } catch (IOException e) {
            LOG.debug("checkpoint {} goes without a picture", wanted.number, e);
        }
        lock.lock();
        try {
            busy = false;
            if (picture != null) {
                waiting.addLast(new Taken(wanted.number, picture));
            }
            if (waiting.size() > MOST_WAITING) {
                waiting.removeFirst();
            }
        } finally {
            lock.unlock();
        }
    }

    /// A picture whose checkpoint is stored.
    @GuardedBy("lock")
    private Optional<Match> match() {
        for (Taken taken : waiting) {
            for (CheckpointRecord checkpoint : storedCheckpoints) {
                if (checkpoint.number() == taken.number) {
                    return Optional.of(new Match(checkpoint, taken.picture));
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Match> nextMatch() {
        lock.lock();
        try {
            Optional<Match> found = match();
            found.ifPresent(match -> {
                for (Iterator<Taken> i = waiting.iterator(); i.hasNext();) {
                    if (i.next().number <= match.checkpoint.number()) {
                        i.remove();
                    }
                }
            });
            return found;
        } finally {
            lock.unlock();
        }
    }

    private void keep(Match match) {
        try {
            if (store.putPicture(match.checkpoint.id(), match.picture)) {
                listener.accept(match.checkpoint, match.picture);
            }
        } catch (IOException e) {
            LOG.debug("the picture of {} is not kept", match.checkpoint.name(), e);
        } catch (RuntimeException e) {
            LOG.error("a listener to pictures failed", e);
        }
    }

    /// Keeps the pictures that are taken, and takes no more. Call when everything is stored.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            request = Optional.empty();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        Threads.join(thread);
    }
}
