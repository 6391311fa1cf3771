package dev.freezeframe.cli.run;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Registration;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.qemu.machine.Console;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/// Gives out what a guest prints, line by line, from the machine's start, as whole characters and without gaps as long as
/// no more waits than the console itself keeps. Control characters are taken out: what a guest prints must not move the
/// cursor of our terminal.
public final class ConsoleFeed implements AutoCloseable {
    private final Registration registration;
    @GuardedBy("this")
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    /// Printed before what waits.
    @GuardedBy("this")
    private long before;
    @GuardedBy("this")
    private long lost;

    public ConsoleFeed(Console console) {
        registration = console.onOutput(Console.KEPT_BYTES, this::take);
    }

    private synchronized void take(byte[] printed) {
        waiting.writeBytes(printed);
        if (waiting.size() > Console.KEPT_BYTES) {
            // Nobody fetches it as fast as it comes. The guest is not made to wait for that; half of it is given up.
            lost += waiting.size() / 2;
            dropFirst(waiting.size() / 2);
        }
    }

    @GuardedBy("this")
    private void dropFirst(int count) {
        byte[] all = waiting.toByteArray();
        waiting.reset();
        waiting.write(all, count, all.length - count);
        before += count;
    }

    /// The lines that were completed since the last call.
    ///
    /// @param end nothing is given out that was printed after so many bytes
    /// @param all also give out a line that is not complete
    public synchronized List<String> newLines(OptionalLong end, boolean all) {
        byte[] printed = waiting.toByteArray();
        int count = Math.clamp(end.orElse(Long.MAX_VALUE) - before, 0, printed.length);
        // A line's end is never part of another character.
        while (!all && count > 0 && printed[count - 1] != '\n') {
            count--;
        }
        dropFirst(count);
        return new String(Arrays.copyOf(printed, count), StandardCharsets.UTF_8).lines().map(
                ConsoleFeed::withoutControls).toList();
    }

    /// Bytes that were given up because nobody fetched them.
    public synchronized long lostBytes() {
        return lost;
    }

    /// What there is to read in a line.
    public static String withoutControls(String line) {
        return ShownText.replaced(ShownText.withoutSteering(line), "");
    }

    @Override
    public void close() {
        registration.close();
    }
}
