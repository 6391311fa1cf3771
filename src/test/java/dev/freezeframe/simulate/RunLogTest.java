package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.ReplayLogs;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreTables;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.suite.Damaged;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The log as QEMU reads it has QEMU's header, and what is lost of it costs only the intervals that need it.
class RunLogTest {
    private static final int VERSION = 0xe02012;

    @TempDir
    private Path folder;

    private static RunLog log(Store store, ExperimentRecord run) throws IOException {
        return RunLog.of(store, run, store.replayLogs().extent(run.id()).orElseThrow(), VERSION, intervals(store, run));
    }

    private static List<Interval> intervals(Store store, ExperimentRecord run) throws IOException {
        return Interval.between(store.checkpoints(run.id()), 1);
    }

    private static List<Integer> executable(RunLog log, Store store, ExperimentRecord run) throws IOException {
        List<Integer> numbers = new ArrayList<>();
        for (Interval each : intervals(store, run)) {
            if (log.missing(each).isEmpty()) {
                numbers.add(each.number());
            }
        }
        return numbers;
    }

    @Test
    void theHeaderIsOfTheQemuThatReadsItWhateverTheLogHasThere() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            ExperimentRecord run = ArrayGuest.recordLogged(store, "run", 100, 200);
            store.replayLogs().add(run.id(), 0, "a stranger's header".repeat(20).getBytes(
                    StandardCharsets.US_ASCII));
            try (RunLog log = log(store, run)) {
                ByteBuffer written = ByteBuffer.wrap(Files.readAllBytes(log.path()));
                assertEquals(VERSION, written.getInt());
                assertEquals(0, written.getLong());
            }
        }
    }

    @Test
    void whatTheLogDoesNotReachSaysWhereToEnd() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            ExperimentRecord run = ArrayGuest.recordLogged(store, "run", 100, 200, 300, 400, 500);
            store.replayLogs().add(run.id(), 90, new byte[215]);
            try (RunLog log = log(store, run)) {
                assertEquals(List.of(1, 2), executable(log, store, run));
                for (int i = 2; i < 4; i++) {
                    String why = log.missing(intervals(store, run).get(i)).orElseThrow();
                    assertTrue(why.startsWith("the log of the run ends before checkpoint " + (i + 2)), why);
                    assertTrue(why.endsWith("end with checkpoint 3 (--to 3), which goes on with what there is"), why);
                    assertFalse(why.contains("\n"), why);
                }
            }
        }
    }

    @Test
    @Damaged("a piece of the log is damaged")
    void aPieceThatIsLostCostsTheIntervalsThatNeedItAndNoOther() throws Exception {
        ExperimentRecord run;
        try (Store store = Store.open(folder.resolve("store"))) {
            run = ArrayGuest.recordLogged(store, "run", 100, 200, 300, 400, 500);
            for (int at = 90; at < 600; at += 10) {
                store.replayLogs().add(run.id(), at, new byte[10]);
            }
        }
        try (Connection connection = StoreTables.connection(folder.resolve("store"));
                Statement statement = connection.createStatement()) {
            assertEquals(2, statement.executeUpdate(
                    "UPDATE replay_log SET checksum = checksum + 1 WHERE start_offset IN (200, 210)"));
        }
        try (Store store = Store.open(folder.resolve("store")); RunLog log = log(store, run)) {
            // the first reads the next event before its end
            assertEquals(List.of(3, 4), executable(log, store, run));
            assertEquals(Optional.of("the log of the run is damaged from byte 200 to 220; intervals that do not need"
                    + " these can be executed all the same"), log.missing(intervals(store, run).get(1)));
        }
    }

    @Test
    void whatIsLostAtItsBeginningCostsTheFirstIntervals() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            ExperimentRecord run = ArrayGuest.recordLogged(store, "run", 100, 200, 300);
            store.replayLogs().add(run.id(), 150, new byte[200]);
            try (RunLog log = log(store, run)) {
                assertEquals(List.of(2), executable(log, store, run));
            }
        }
    }

    @Test
    void aLogForWhichThereIsNoRoomIsNotWritten() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            ExperimentRecord run = ArrayGuest.recordLogged(store, "run", 100, 200);
            IOException refused = assertThrows(IOException.class, () -> RunLog.of(store, run, new ReplayLogs.Extent(90,
                    1L << 60), VERSION, intervals(store, run)));
            assertTrue(refused.getMessage().startsWith("the log of the run of run needs 1099511627776 MiB in "), refused
                    .getMessage());
            assertTrue(refused.getMessage().contains("set XDG_CACHE_HOME"), refused.getMessage());
        }
    }
}
