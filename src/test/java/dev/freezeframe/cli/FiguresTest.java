package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.DurationText;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.run.ConsoleFeed;
import dev.freezeframe.cli.run.DiskRateText;
import dev.freezeframe.cli.terminal.CheckpointLines;
import dev.freezeframe.cli.terminal.CliEnvironment;
import dev.freezeframe.cli.terminal.LogFile;
import dev.freezeframe.cli.terminal.SizeArgument;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.figure.CheckpointFigure;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/// What is typed and what is shown.
class FiguresTest {
    @ParameterizedTest
    @CsvSource({"1s,1000", "250ms,250", "0.5s,500", "2min,120000", "1h,3600000", "1.5h,5400000"})
    void timesAreReadWithTheirUnit(String text, long millis) {
        assertEquals(Duration.ofMillis(millis), new DurationText().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "s", "-1s", "1 day", "1e3s", "999999999h"})
    void aTimeWithoutAReadingIsRefused(String text) {
        assertThrows(TypeConversionException.class, () -> new DurationText().convert(text));
    }

    @ParameterizedTest
    @CsvSource({"256M,268435456", "2G,2147483648", "512KiB,524288", "1 MiB,1048576", "1T,1099511627776"})
    void sizesAreReadInBinaryUnits(String text, long bytes) {
        assertEquals(bytes, new SizeArgument().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "256", "M", "-1M", "1.5G", "999999999T"})
    void aSizeWithoutAReadingIsRefused(String text) {
        assertThrows(TypeConversionException.class, () -> new SizeArgument().convert(text));
    }

    @ParameterizedTest
    @CsvSource({"10M/s,10", "1 MiB/s,1"})
    void aRateIsReadPerSecond(String text, int mebibytes) {
        assertEquals(mebibytes, new DiskRateText().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "10M", "0M/s", "-1M/s", "10 MB/min", "99999M/s"})
    void aRateWithoutAReadingIsRefused(String text) {
        assertThrows(TypeConversionException.class, () -> new DiskRateText().convert(text));
    }

    @ParameterizedTest
    @CsvSource({"0,0 B", "1023,1023 B", "1024,1.00 KiB", "10485760,10.0 MiB", "1073741824,1.00 GiB",
            "-2048,-2.00 KiB"})
    void bytesAreShownWithThreeDigits(long bytes, String text) {
        assertEquals(text, Units.bytes(bytes));
    }

    @Test
    void thePhaseBarShowsWhereThePauseWent() {
        assertEquals("sddddhhccr", bar(100, 400, 200, 200, 0, 100));
        assertEquals("dddddddddd", bar(1, 997, 1, 1, 0, 0));
        assertEquals("          ", bar(0, 0, 0, 0, 0, 0));
    }

    private static String bar(long... phases) {
        Map<String, Long> byName = new LinkedHashMap<>();
        for (int i = 0; i < phases.length; i++) {
            byName.put(CheckpointFigure.PHASES.get(i).field(), phases[i]);
        }
        return CheckpointLines.letters(byName);
    }

    private static String shown(boolean terminal) {
        StringWriter out = new StringWriter();
        PrintWriter writer = new PrintWriter(out);
        try (TerminalOutput screen = new TerminalOutput(
                new CliEnvironment(InputStream.nullInputStream(), writer, writer, _ -> null,
                        terminal))) {
            screen.status("under way");
            screen.line("result");
        }
        return out.toString();
    }

    @Test
    void onlyATerminalGetsAStatusLine() {
        assertEquals("result\n", shown(false));
        assertTrue(shown(true).contains("under way"));
        // at the end nothing is left of it
        assertTrue(shown(true).endsWith("\r\u001b[K"));
    }

    @Test
    void whatAGuestPrintsCannotMoveOurCursor() {
        assertEquals("plain", ConsoleFeed.withoutControls("\u001b[2J\u001b[1;31mpl\bain\u001b[0m\r\u0007"));
    }

    private static LogRecord line(String text) {
        return new LogRecord(Level.INFO, text);
    }

    @Test
    void theLogIsTheOwnersAndBounded(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("state/freezeframe.log");
        LogFile log = new LogFile(path);
        for (int i = 0; i < 80; i++) {
            log.publish(line("x".repeat(100_000)));
        }
        log.publish(line("the last line"));
        log.close();
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path.getParent())));
        assertTrue(Files.readString(path).contains("the last line"));
        long bytes = Files.size(path) + Files.size(folder.resolve("state/freezeframe.log.1"));
        assertTrue(bytes < 5 << 20, () -> bytes + " bytes");
        assertFalse(Files.exists(folder.resolve("state/freezeframe.log.2")));
    }

    @Test
    void theTableDropsWhatMattersLeastWhereTheTerminalIsNarrow() {
        String whole = new CheckpointLines(false, Integer.MAX_VALUE, false).header();
        assertEquals(whole, new CheckpointLines(false, whole.length(), false).header());
        for (int columns = 20; columns < whole.length(); columns++) {
            String header = new CheckpointLines(false, columns, false).header();
            assertTrue(header.length() <= columns, header);
            assertTrue(header.contains("#") && header.contains("pause"), header);
        }
        String usual = new CheckpointLines(false, 80, false).header();
        assertTrue(usual.contains("late") && usual.contains("stored") && !usual.contains("same"), usual);
    }
}
