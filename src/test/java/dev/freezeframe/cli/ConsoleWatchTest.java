package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.cli.run.ConsoleFeed;
import dev.freezeframe.cli.run.ConsoleWatch;
import dev.freezeframe.cli.run.ConsoleWatch.Beyond;
import dev.freezeframe.cli.run.ConsoleWatch.Wishes;
import dev.freezeframe.qemu.machine.ConsolePair;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a command waits for on a guest's console is seen when it comes, and what it shows of the console ends there.
@Timeout(60)
class ConsoleWatchTest {
    private static final Duration LONG = Duration.ofSeconds(50);

    private ConsolePair pair;

    @BeforeEach
    void connect() throws IOException {
        pair = ConsolePair.open();
    }

    @AfterEach
    void disconnect() {
        pair.close();
    }

    /// Has the guest print something, and waits until it has arrived and all listeners were told.
    private void print(byte[] bytes) throws IOException, InterruptedException {
        Semaphore told = new Semaphore(0);
        try (var _ = pair.console().onOutput(0, printed -> told.release(printed.length))) {
            pair.guest().write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
            assertTrue(told.tryAcquire(bytes.length, LONG.toSeconds(), TimeUnit.SECONDS));
        }
    }

    private void print(String text) throws IOException, InterruptedException {
        print(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Wishes wishes(String after, List<String> at, String until, long lines) {
        return new Wishes(Optional.ofNullable(after), at, Optional.ofNullable(until), lines == 0
                ? OptionalLong.empty()
                : OptionalLong.of(lines));
    }

    @Test
    void whatScrolledByBeforeAnybodyLookedIsFound() throws Exception {
        try (ConsoleWatch watch = new ConsoleWatch(pair.console(), wishes("größe 3", List.of(), null, 0))) {
            assertFalse(watch.started());
            print("gr");
            print(new byte[]{(byte) 0xc3});
            print(new byte[]{(byte) 0xb6});
            print("ße 3\n" + "more\n".repeat(10_000));
            assertTrue(watch.awaitStart(LONG));
            assertTrue(watch.started());
            assertEquals("more", watch.lastLine());
        }
    }

    @Test
    void theEndCountsFromTheBeginningsMark() throws Exception {
        try (ConsoleFeed feed = new ConsoleFeed(pair.console());
                ConsoleWatch watch = new ConsoleWatch(pair.console(), wishes("begin", List.of(), "end", 0))) {
            print("end of boot\nbegin");
            assertEquals(Optional.empty(), watch.over());
            print("ning\nthe end is ne");
            assertEquals(Optional.of("the guest printed \"end\""), watch.over());
            print("ar\nand more\n");
            assertEquals(List.of("end of boot", "beginning", "the end"), feed.newLines(watch.endBytes(), true));
        }
    }

    @Test
    void linesAreCountedWhateverCameInOnePiece() throws Exception {
        try (ConsoleFeed feed = new ConsoleFeed(pair.console());
                ConsoleWatch watch = new ConsoleWatch(pair.console(), wishes(null, List.of(), null, 3))) {
            print("one\r\ntwo\r\n");
            assertEquals(Optional.empty(), watch.over());
            print("three\r\nfour\r\nfi");
            assertEquals(Optional.of("the guest printed 3 lines"), watch.over());
            assertEquals(List.of("one", "two", "three"), feed.newLines(watch.endBytes(), true));
        }
        try (ConsoleWatch watch = new ConsoleWatch(pair.console(), wishes("si", List.of(), null, 1))) {
            print("x\nfive, six\n");
            assertEquals(Optional.empty(), watch.over(), "the rest of the mark's line is none");
            print("seven\n");
            assertTrue(watch.over().isPresent());
        }
    }

    @Test
    void howFarTheGuestWasBeyondAMarkIsToldOfTheFirstCheckpointAfterIt() throws Exception {
        try (ConsoleWatch watch = new ConsoleWatch(pair.console(), wishes("go", List.of("tick"), null, 0))) {
            List<String> asked = new ArrayList<>();
            print("tick\ngo\n");
            watch.recording(() -> asked.add("checkpoint"));
            Instant before = Instant.now().minusSeconds(60);
            Instant after = Instant.now().plusSeconds(60);
            assertEquals(List.of(), watch.before(before), "captured before the mark came");
            assertEquals(List.of(), asked, "the first checkpoint comes by itself");
            print("a line\n");
            Beyond beyond = watch.before(after).getFirst();
            assertEquals("go", beyond.text());
            assertEquals(8, beyond.bytes());
            assertEquals(2, beyond.lines());
            assertTrue(beyond.time().toSeconds() >= 59, beyond.toString());
            print("tick tick\nti");
            assertEquals(2, asked.size());
            assertTrue(watch.waitsForCheckpoint());
            print("ck");
            Beyond last = watch.before(after).getFirst();
            assertEquals(2, last.skipped());
            assertEquals(0, last.bytes());
            assertFalse(watch.waitsForCheckpoint());
        }
    }

    @Test
    void aKernelThatPanickedEndsTheWait() throws Exception {
        try (ConsoleWatch watch = new ConsoleWatch(pair.console(), wishes("login:", List.of(), null, 0))) {
            print("[    1.2] Kernel panic - not syncing: VFS: Unable to mount root fs\n");
            assertTrue(watch.awaitStart(LONG));
            assertFalse(watch.started());
            assertTrue(watch.panicked());
        }
    }

    @Test
    void aFeedGivesWholeLettersAndWholeLines() throws Exception {
        try (ConsoleFeed feed = new ConsoleFeed(pair.console())) {
            byte[] text = "grün\r\n\u001b[1mbold\u001b[0m\nrest ü".getBytes(StandardCharsets.UTF_8);
            List<String> lines = new ArrayList<>();
            for (byte each : text) {
                print(new byte[]{each});
                lines.addAll(feed.newLines(OptionalLong.empty(), false));
            }
            lines.addAll(feed.newLines(OptionalLong.empty(), true));
            assertEquals(List.of("grün", "bold", "rest ü"), lines);
            assertEquals(0, feed.lostBytes());
        }
    }
}
