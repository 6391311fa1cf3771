package dev.freezeframe.ui.machine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.techsenger.jeditermfx.core.TtyConnector;
import dev.freezeframe.base.Registration;
import dev.freezeframe.qemu.machine.Console;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Connects a terminal with a guest's console. Neither side ever waits for the other: of a flood, the terminal sees the end,
/// with a note of what was left out, and what a guest does not read is refused when it has become much.
final class ConsoleConnector implements TtyConnector {
    /// More than a terminal keeps in its history of lines.
    static final int MOST_WAITING_BYTES = 1 << 20;
    /// A long text that is pasted, and no more.
    static final int MOST_UNREAD_BYTES = 1 << 20;
    /// Enough for some screens; a terminal that is opened late does not need all.
    private static final int REPLAYED_BYTES = 256 << 10;
    /// Nobody reads faster, and a terminal that works without a break would leave the window no processor.
    private static final long MOST_BYTES_PER_SECOND = 2 << 20;
    /// What may come at once after a rest; more than is replayed.
    private static final long BURST_NANOS = 250_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(ConsoleConnector.class);

    private final Console console;
    private final BooleanSupplier fullScreen;
    private final Runnable whenRefused;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(
            CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    @GuardedBy("lock")
    private final ArrayDeque<byte[]> output = new ArrayDeque<>();
    @GuardedBy("lock")
    private final ArrayDeque<byte[]> input = new ArrayDeque<>();
    @GuardedBy("lock")
    private int outputBytes;
    @GuardedBy("lock")
    private int inputBytes;
    @GuardedBy("lock")
    private long leftOut;
    @GuardedBy("lock")
    private boolean closed;
    private ByteBuffer undecoded = ByteBuffer.allocate(0);
    @GuardedBy("lock")
    private byte lastRead;
    /// When the terminal will be done with what it was given, at its pace.
    @GuardedBy("lock")
    private long busyUntilNanos = System.nanoTime();
    @GuardedBy("lock")
    private Registration registration = () -> {};

    /// @param fullScreen whether a program has the whole screen, such as an editor, and means line ends as it sends them
    /// @param whenRefused told, from any thread, when typed text is refused because the guest does not read
    ConsoleConnector(Console console, BooleanSupplier fullScreen, Runnable whenRefused) {
        this.console = console;
        this.fullScreen = fullScreen;
        this.whenRefused = whenRefused;
    }

    /// Begins to listen; what the guest printed before comes first.
    void open() {
        Registration listening = console.onOutput(REPLAYED_BYTES, this::take);
        lock.lock();
        try {
            registration = listening;
            if (closed) {
                listening.close();
            }
        } finally {
            lock.unlock();
        }
        // not a virtual thread: a guest that does not read would keep one of the few threads that those share
        Thread.ofPlatform().name("console-keyboard").daemon().start(this::sendAll);
    }

    private void take(byte[] bytes) {
        lock.lock();
        try {
            output.add(bytes);
            outputBytes += bytes.length;
            while (outputBytes > MOST_WAITING_BYTES && output.size() > 1) {
                byte[] oldest = output.remove();
                outputBytes -= oldest.length;
                leftOut += oldest.length;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read(char[] buffer, int offset, int length) throws IOException {
        CharBuffer chars = CharBuffer.wrap(buffer, offset, length);
        while (chars.position() == 0) {
            decoder.decode(undecoded, chars, false);
            if (chars.position() == 0 && !fill()) {
                return -1;
            }
        }
        return chars.position();
    }

    /// Puts what comes next behind what could not be decoded yet, the beginning of a character.
    private boolean fill() throws IOException {
        lock.lock();
        try {
            while (output.isEmpty() && !closed) {
                changed.await();
            }
            awaitPace();
            if (closed) {
                return false;
            }
            byte[] next = output.remove();
            outputBytes -= next.length;
            byte[] note = leftOut == 0 ? new byte[0] : note(leftOut);
            leftOut = 0;
            ByteBuffer together = ByteBuffer.allocate(undecoded.remaining() + note.length + 2 * next.length);
            together.put(undecoded).put(note);
            putLines(next, together);
            undecoded = together.flip();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException ended = new InterruptedIOException("the terminal was closed");
            ended.initCause(e);
            throw ended;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void awaitPace() throws InterruptedException {
        long now = System.nanoTime();
        busyUntilNanos = Math.max(busyUntilNanos, now - BURST_NANOS);
        long wait = busyUntilNanos - now;
        while (wait > 0 && !closed) {
            wait = changed.awaitNanos(wait);
        }
        if (!output.isEmpty()) {
            busyUntilNanos += output.peek().length * 1_000_000_000L / MOST_BYTES_PER_SECOND;
        }
    }

    /// A guest whose console does not make two characters of a line end, as tiny-linux's, would write stairs.
    @GuardedBy("lock")
    private void putLines(byte[] bytes, ByteBuffer into) {
        boolean asTheyAre = fullScreen.getAsBoolean();
        for (byte each : bytes) {
            if (each == '\n' && lastRead != '\r' && !asTheyAre) {
                into.put((byte) '\r');
            }
            into.put(each);
            lastRead = each;
        }
    }

    /// Resets colours, because the cut may have taken the end of a sequence.
    private static byte[] note(long bytes) {
        return ("\u001b[m\r\n[" + dev.freezeframe.base.Units.bytes(bytes) + " left out]\r\n").getBytes(
                StandardCharsets.UTF_8);
    }

    @Override
    public void write(byte[] bytes) {
        boolean refused;
        lock.lock();
        try {
            refused = inputBytes + bytes.length > MOST_UNREAD_BYTES;
            if (!refused && !closed) {
                input.add(bytes.clone());
                inputBytes += bytes.length;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (refused) {
            whenRefused.run();
        }
    }

    @Override
    public void write(String text) {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    private void sendAll() {
        try {
            for (byte[] next = nextInput(); next != null; next = nextInput()) {
                console.send(next);
            }
        } catch (IOException e) {
            LOG.debug("the console takes no more input", e); // the machine has ended, which the window tells
        }
    }

    private byte[] nextInput() {
        lock.lock();
        try {
            while (input.isEmpty() && !closed) {
                changed.awaitUninterruptibly();
            }
            if (closed) {
                return null;
            }
            byte[] next = input.remove();
            inputBytes -= next.length;
            return next;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean ready() {
        lock.lock();
        try {
            return !output.isEmpty() || undecoded.hasRemaining();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isConnected() {
        lock.lock();
        try {
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int waitFor() throws InterruptedException {
        lock.lock();
        try {
            while (!closed) {
                if (!changed.await(1, TimeUnit.HOURS)) {
                    LOG.debug("a terminal has been open for an hour");
                }
            }
            return 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String getName() {
        return "console";
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            output.clear();
            input.clear();
            registration.close();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
