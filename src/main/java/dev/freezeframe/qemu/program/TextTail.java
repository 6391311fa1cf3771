package dev.freezeframe.qemu.program;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.regex.Pattern;

/// The last words of a process: its standard error, read as it comes and kept up to a bound.
public final class TextTail {
    private static final int KEPT_BYTES = 16 << 10;
    private static final int LINES_IN_MESSAGES = 3;
    /// warn_report in util/error-report.c.
    private static final Pattern WARNING = Pattern.compile("(^|: )warning: ");

    private final Thread reader;
    @GuardedBy("this")
    private byte[] kept = new byte[0];

    private TextTail(Thread reader) {
        this.reader = reader;
    }

    /// Reads until the stream ends; the process is never held up by a full pipe.
    public static TextTail of(InputStream stream) {
        TextTail[] tail = new TextTail[1];
        tail[0] = new TextTail(Thread.ofPlatform().name("qemu-stderr").daemon().unstarted(() -> tail[0].readAll(
                stream)));
        tail[0].reader.start();
        return tail[0];
    }

    /// The tail of a file that another process writes.
    public static String ofFile(Path file) {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            channel.position(Math.max(0, channel.size() - KEPT_BYTES));
            ByteBuffer tail = ByteBuffer.allocate(KEPT_BYTES);
            int count = 0;
            while (count >= 0 && tail.hasRemaining()) {
                count = channel.read(tail);
            }
            return StandardCharsets.UTF_8.decode(tail.flip()).toString();
        } catch (IOException e) {
            return "";
        }
    }

    private void readAll(InputStream stream) {
        byte[] buffer = new byte[4096];
        try (stream) {
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                append(buffer, count);
            }
        } catch (IOException e) {
            byte[] why = ("(" + e.getMessage() + ")").getBytes(StandardCharsets.UTF_8);
            append(why, why.length);
        }
    }

    private synchronized void append(byte[] more, int count) {
        byte[] all = Arrays.copyOf(kept, kept.length + count);
        System.arraycopy(more, 0, all, kept.length, count);
        kept = all.length <= KEPT_BYTES ? all : Arrays.copyOfRange(all, all.length - KEPT_BYTES, all.length);
    }

    public synchronized String text() {
        return new String(kept, StandardCharsets.UTF_8);
    }

    /// Waits until the stream has ended, which it does soon after its process.
    public void awaitEnd(Duration patience) {
        try {
            reader.join(patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The last lines as one line for an error message, warnings only where there is nothing else; empty where there are none.
    public static String lastWords(String text) {
        var all = text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
        var reasons = all.stream().filter(line -> !WARNING.matcher(line).find()).toList();
        var lines = reasons.isEmpty() ? all : reasons;
        return String.join(" / ", lines.subList(Math.max(0, lines.size() - LINES_IN_MESSAGES), lines.size()));
    }
}
