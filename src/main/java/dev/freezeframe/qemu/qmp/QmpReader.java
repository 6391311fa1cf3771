package dev.freezeframe.qemu.qmp;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.socket.PeerFate;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.qmp.QmpOutcome.Lost;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The reading side of a QMP session. To read is a role that passes between threads, because handing a reply from one thread
/// to another costs as much as QEMU needs for it: a thread that waits for something reads the socket itself where nobody else
/// does, and delivers what comes for others on the way. A background thread has the role while nobody waits, and gives it up
/// for [#LINGER] after it delivered a reply, as the next command usually follows soon. So the first command after a quiet time
/// costs one thread switch more than those behind it.
final class QmpReader {
    private static final Logger LOG = LoggerFactory.getLogger(QmpReader.class);
    private static final int READ_BUFFER_BYTES = 64 << 10;
    /// Enough, on a busy computer too, for the exit status of a process whose sockets were just closed by the kernel.
    private static final Duration FATE_PATIENCE = Duration.ofSeconds(2);
    /// How long the background thread leaves the socket to the callers after one of them was served.
    static final Duration LINGER = Duration.ofMillis(3);
    /// The time may have passed while this process itself stood still, and the answer lie in the socket. So before a wait is
    /// given up the socket is read once more, for as long as that takes a thread that gets to run.
    private static final long LAST_LOOK_NANOS = 20_000_000;
    /// The same where it is another thread that reads, which has to get to run first: a twentieth of the time, within these.
    private static final long SHORTEST_LOOK_OF_ANOTHER_NANOS = 200_000_000;
    private static final long LONGEST_LOOK_OF_ANOTHER_NANOS = 1_000_000_000;
    /// A waiting thread that reads looks up this often, to see whether it was interrupted.
    private static final int READ_SLICE_MILLIS = 64;
    /// How long the background thread sleeps while a caller reads, unless it is woken.
    private static final long DEEP_SLEEP_NANOS = 100_000_000;

    private final UnixConnection connection;
    private final PeerFate fate;
    private final Session session;
    private final Thread background;
    /// Whoever holds it has the reading role.
    private final ReentrantLock reading = new ReentrantLock();
    @GuardedBy("reading")
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(READ_BUFFER_BYTES).flip();
    @GuardedBy("reading")
    private final QmpLines lines;
    @GuardedBy("reading")
    private int readTimeoutMillis;
    /// Replies delivered so far; of whoever has the role, which is more than the checker can see.
    private long delivered;
    /// Threads that wait while another one reads; when that one leaves, somebody has to read for them.
    private final AtomicInteger followers = new AtomicInteger();
    private volatile long lastUseNanos = System.nanoTime();

    /// Whom it reads for. Called by the thread that has the role.
    interface Session {
        /// Takes the next line.
        ///
        /// @param line good during the call only
        /// @return whether it was the reply to a command
        boolean line(byte[] line, int length) throws QmpException;

        /// Takes note that nothing more will come.
        void end(Lost reason);

        /// Whether the session has ended, by whatever; nothing is read for it then. For any thread.
        boolean isLost();
    }

    /// @param fate asked when the connection ends
    QmpReader(UnixConnection connection, PeerFate fate, int maxLineBytes, Session session) {
        this.connection = connection;
        this.fate = fate;
        this.session = session;
        this.lines = new QmpLines(maxLineBytes);
        this.background = Thread.ofPlatform().name("qmp-reader").daemon().unstarted(this::readInBackground);
    }

    void start() {
        background.start();
    }

    /// Waits for something that the session's messages bring, and reads them meanwhile.
    ///
    /// @param what it is, for messages
    /// @throws QmpException a time-out, an interruption, or what the future failed with
    /// @throws IllegalStateException in a thread that takes a message right now
    <T> T await(CompletableFuture<T> future, String what, Duration timeout) throws QmpException {
        if (!future.isDone() && reading.isHeldByCurrentThread()) {
            throw new IllegalStateException("an event listener may not wait for QEMU: it holds up the reader");
        }
        long deadline = System.nanoTime() + timeout.toNanos();
        boolean lastLook = false;
        try {
            while (!future.isDone()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                long leftNanos = deadline - System.nanoTime();
                if (leftNanos <= 0) {
                    if (lastLook) {
                        throw new TimeoutException();
                    }
                    lastLook = true;
                    leftNanos = LAST_LOOK_NANOS;
                    deadline = System.nanoTime() + leftNanos;
                }
                if (!session.isLost() && reading.tryLock()) {
                    readFor(future, deadline);
                } else {
                    follow(future, lastLook
                            ? Math.clamp(timeout.toNanos() / 20, SHORTEST_LOOK_OF_ANOTHER_NANOS,
                                    LONGEST_LOOK_OF_ANOTHER_NANOS)
                            : leftNanos);
                }
            }
            return future.get();
        } catch (TimeoutException e) {
            throw QmpException.of(QmpException.Kind.TIMED_OUT, "QEMU did not answer within " + timeout.toMillis()
                    + " ms: " + what);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw QmpException.of(QmpException.Kind.INTERRUPTED, "interrupted while waiting for " + what);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof QmpException cause) {
                throw QmpException.of(cause.kind(), cause.getMessage());
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /// Reads in the calling thread, which holds the role, at least once and until its answer is there, the time is over or the
    /// thread is interrupted.
    private void readFor(CompletableFuture<?> future, long deadline) {
        long start = System.nanoTime();
        try {
            long left = deadline - start;
            while (!future.isDone() && !session.isLost()) {
                readOnce(Math.clamp(left / 1_000_000 + 1, 1, READ_SLICE_MILLIS));
                left = deadline - System.nanoTime();
                if (left <= 0 || Thread.currentThread().isInterrupted()) {
                    break;
                }
            }
        } finally {
            lastUseNanos = System.nanoTime();
            reading.unlock();
            // After a long read the background thread sleeps deeply; after a short one it looks by itself.
            if (followers.get() > 0 || lastUseNanos - start > LINGER.toNanos()) {
                LockSupport.unpark(background);
            }
        }
    }

    /// Waits while another thread reads, no longer than this.
    private void follow(CompletableFuture<?> future, long leftNanos) throws InterruptedException, ExecutionException {
        followers.incrementAndGet();
        try {
            // Once more, now that whoever gives the role up can see that somebody waits.
            if (!session.isLost() && reading.tryLock()) {
                reading.unlock();
                return;
            }
            future.get(leftNanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            LOG.trace("nothing yet", e);
        } finally {
            followers.decrementAndGet();
        }
    }

    private void readInBackground() {
        while (!session.isLost()) {
            boolean needed = followers.get() > 0 || System.nanoTime() - lastUseNanos > LINGER.toNanos();
            if (!needed) {
                LockSupport.parkNanos(this, LINGER.toNanos());
                continue;
            }
            if (!reading.tryLock()) {
                LockSupport.parkNanos(this, DEEP_SLEEP_NANOS);
                continue;
            }
            try {
                long before = delivered;
                while (!session.isLost() && (delivered == before || followers.get() > 0)) {
                    readOnce(0);
                }
            } finally {
                lastUseNanos = System.nanoTime();
                reading.unlock();
            }
        }
    }

    /// One read of the socket by whoever has the role, with the delivery of all that came. Ends the session when the
    /// connection has ended or the peer does not speak QMP.
    ///
    /// @param timeoutMillis 0 for ever
    @GuardedBy("reading")
    private void readOnce(int timeoutMillis) {
        try {
            if (readTimeoutMillis != timeoutMillis) {
                connection.setReadTimeout(timeoutMillis);
                readTimeoutMillis = timeoutMillis;
            }
            int count = connection.read(incoming.clear());
            if (count < 0) {
                end(new Lost(QmpException.Kind.DISCONNECTED, session.isLost() ? "" : fate.describe(FATE_PATIENCE)));
                return;
            }
            lines.takeIn(incoming.flip(), this::deliver);
        } catch (QmpException e) {
            end(new Lost(e.kind(), e.getMessage()));
        } catch (IOException e) {
            end(new Lost(QmpException.Kind.DISCONNECTED, fate.describe(FATE_PATIENCE) + " (" + e.getMessage() + ")"));
        } catch (RuntimeException | Error e) {
            LOG.error("QMP reader failed", e);
            end(new Lost(QmpException.Kind.PROTOCOL, "the QMP reader failed: " + e));
        }
    }

    private void deliver(byte[] line, int length) throws QmpException {
        if (session.line(line, length)) {
            delivered++;
        }
    }

    private void end(Lost reason) {
        session.end(reason);
        connection.close();
    }
}
