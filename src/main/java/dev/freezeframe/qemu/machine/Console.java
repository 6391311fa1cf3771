package dev.freezeframe.qemu.machine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Registration;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.program.TextTail;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The guest's first serial port: everything it printed, up to a bound, listeners for what comes, and a keyboard. It
/// is always read, so the guest never stands still because nobody looks.
public final class Console implements AutoCloseable {
    /// When the guest has printed more than this, the oldest text is given up.
    public static final int KEPT_BYTES = 4 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Console.class);
    private static final int MAX_LINE_BYTES = 64 << 10;
    private static final int FIRST_RING_BYTES = 16 << 10;

    private final UnixConnection connection;
    private final List<LineListener> lineListeners = new CopyOnWriteArrayList<>();
    private final List<OutputListener> outputListeners = new CopyOnWriteArrayList<>();
    /// Held while bytes are kept and told, and while a new listener is told what is kept: so it misses none and hears none
    /// twice.
    private final ReentrantLock output = new ReentrantLock();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    /// Printed so far; the last min(printed, ring.length) bytes are in the ring, the next goes to printed % length.
    @GuardedBy("this")
    private long printed;
    @GuardedBy("this")
    private byte[] ring = new byte[FIRST_RING_BYTES];

    /// An identity of its own for each registration.
    private static final class LineListener {
        private final Consumer<String> consumer;

        LineListener(Consumer<String> consumer) {
            this.consumer = consumer;
        }
    }

    /// An identity of its own for each registration.
    private static final class OutputListener {
        private final Consumer<byte[]> consumer;

        OutputListener(Consumer<byte[]> consumer) {
            this.consumer = consumer;
        }
    }

    private Console(UnixConnection connection) {
        this.connection = connection;
    }

    static Console on(UnixConnection connection) {
        Console console = new Console(connection);
        Thread.ofPlatform().name("console-reader").daemon().start(console::readAll);
        return console;
    }

    /// Everything that the guest printed since this machine was started, or the last [#KEPT_BYTES] of it. Bytes that
    /// are not UTF-8 come as replacement characters.
    public String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /// The same as bytes, as the guest wrote them.
    public byte[] bytes() {
        return tail(KEPT_BYTES);
    }

    private synchronized byte[] tail(int mostBytes) {
        int kept = (int) Math.min(Math.min(printed, ring.length), mostBytes);
        byte[] copy = new byte[kept];
        int start = (int) ((printed - kept) % ring.length);
        int first = Math.min(kept, ring.length - start);
        System.arraycopy(ring, start, copy, 0, first);
        System.arraycopy(ring, 0, copy, first, kept - first);
        return copy;
    }

    /// Bytes printed since the start, also those that are not kept any more.
    public synchronized long printedBytes() {
        return printed;
    }

    /// Calls `listener` for every line that the guest completes from now on, without its line end, in the console's
    /// reading thread.
    public Registration onLine(Consumer<String> listener) {
        LineListener own = new LineListener(listener);
        lineListeners.add(own);
        return () -> lineListeners.remove(own);
    }

    /// Calls `listener` with what the guest has printed so far, or the end of it, and then with everything that it prints,
    /// byte for byte, without a gap and nothing twice. Made for a terminal that is opened late.
    ///
    /// The first call comes from this thread before this returns, the others from the console's reading thread: the guest's
    /// serial port stands while the listener works. Each array is the listener's to keep.
    ///
    /// @param mostReplayedBytes of what was printed before; 0 for nothing
    public Registration onOutput(int mostReplayedBytes, Consumer<byte[]> listener) {
        OutputListener own = new OutputListener(listener);
        output.lock();
        try {
            byte[] kept = bytes();
            int count = Math.min(kept.length, mostReplayedBytes);
            if (count > 0) {
                listener.accept(Arrays.copyOfRange(kept, kept.length - count, kept.length));
            }
            outputListeners.add(own);
        } finally {
            output.unlock();
        }
        return () -> outputListeners.remove(own);
    }

    /// Waits for a line: the first one that is kept and fits, or else the next that the guest prints.
    ///
    /// @throws IOException when the time is over or the console ends
    public String awaitLine(Predicate<String> fits, Duration timeout) throws IOException {
        CompletableFuture<String> found = new CompletableFuture<>();
        Consumer<String> look = line -> {
            if (fits.test(line)) {
                found.complete(line);
            }
        };
        try (var _ = onLine(look)) {
            // Registered first: a line that is printed meanwhile is seen by one of the two at least.
            String text = text();
            Optional<String> kept = text.substring(0, text.lastIndexOf('\n') + 1).lines().filter(fits).findFirst();
            if (kept.isPresent()) {
                return kept.get(); // also where a later one was told meanwhile
            }
            CompletableFuture.anyOf(found, ended).get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            if (!found.isDone()) {
                throw new IOException("the machine ended before it printed the awaited line");
            }
            return found.join();
        } catch (TimeoutException e) {
            throw new IOException("the guest did not print the awaited line within " + timeout.toMillis()
                    + " ms; its last words: " + TextTail.lastWords(text()), e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the guest's console", e);
        }
    }

    /// The last complete and incomplete lines, without empty ones at the end; for a picture of a machine without a screen.
    ///
    /// @param mostLines how many at most
    /// @param mostBytes how much of the end is looked at
    public String lastLines(int mostLines, int mostBytes) {
        byte[] tail = tail(mostBytes);
        List<String> lines = new String(tail, StandardCharsets.UTF_8).stripTrailing().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - mostLines), lines.size()));
    }

    /// Types text into the serial port.
    public void type(String text) throws IOException {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    /// Sends bytes into the serial port as they are, such as a terminal's for a cursor key. Waits while the guest does not
    /// read and QEMU's buffers are full, so it is not for the thread of a user interface.
    public void send(byte[] bytes) throws IOException {
        connection.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    /// Waits until QEMU has closed the console; after that the text is complete.
    ///
    /// @return whether it has
    public boolean awaitEnd(Duration timeout) throws InterruptedException {
        try {
            ended.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        connection.close();
    }

    private void readAll() {
        ByteBuffer incoming = ByteBuffer.allocateDirect(16 << 10);
        byte[] chunk = new byte[incoming.capacity()];
        try {
            while (connection.read(incoming.clear()) >= 0) {
                incoming.flip();
                int count = incoming.remaining();
                incoming.get(chunk, 0, count);
                keepAndTell(chunk, count);
                splitLines(chunk, count);
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("console ended", e);
        } finally {
            connection.close();
            ended.complete(null);
        }
    }

    private void keepAndTell(byte[] bytes, int count) {
        output.lock();
        try {
            keep(bytes, count);
            for (OutputListener listener : outputListeners) {
                try {
                    listener.consumer.accept(Arrays.copyOf(bytes, count));
                } catch (RuntimeException e) {
                    LOG.error("a console listener failed", e);
                }
            }
        } finally {
            output.unlock();
        }
    }

    private synchronized void keep(byte[] bytes, int count) {
        if (printed + count > ring.length && ring.length < KEPT_BYTES) {
            byte[] all = bytes();
            // Only a ring that never wrapped grows, so all of it starts at 0 again.
            ring = Arrays.copyOf(all, (int) Math.min(KEPT_BYTES, Math.max(2L * ring.length, printed
                    + count)));
        }
        for (int i = 0; i < count; i++) {
            ring[(int) (printed % ring.length)] = bytes[i];
            printed++;
        }
    }

    private void splitLines(byte[] bytes, int count) {
        for (int i = 0; i < count; i++) {
            if (bytes[i] == '\n' || line.size() >= MAX_LINE_BYTES) {
                String text = line.toString(StandardCharsets.UTF_8);
                line.reset();
                tell(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
            }
            if (bytes[i] != '\n') {
                line.write(bytes[i]);
            }
        }
    }

    private void tell(String text) {
        for (LineListener listener : lineListeners) {
            try {
                listener.consumer.accept(text);
            } catch (RuntimeException e) {
                LOG.error("a console listener failed", e);
            }
        }
    }
}
