package dev.freezeframe.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.pack.LogPiece;
import dev.freezeframe.store.upkeep.VerifyReport;
import dev.freezeframe.store.upkeep.VerifyReport.LogDamage;
import dev.freezeframe.suite.Damaged;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The log of a run is what QEMU wrote, byte for byte and at its places, goes with its experiment, and costs no checkpoint
/// anything when it is damaged.
class ReplayLogsTest {
    /// A multiple of nothing.
    private static final long START = 1_234_567;
    private static final int BYTES = 700_001;

    @TempDir
    private Path folder;

    private Path directory() {
        return folder.resolve("store");
    }

    private long count(String what) throws Exception {
        try (Connection connection = StoreTables.connection(directory());
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT COUNT(*) FROM " + what)) {
            assertTrue(row.next());
            return row.getLong(1);
        }
    }

    @Test
    void whatWasAddedIsInTheFileAtItsPlaces() throws Exception {
        Path file = Files.write(folder.resolve("log"), new byte[]{1, 2, 3});
        try (Store store = Store.open(directory());
                FileChannel target = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ExperimentRecord run = ArrayGuest.record(store, "run", 1, 1);
            assertEquals(Optional.empty(), store.replayLogs().extent(run.id()));
            assertEquals(0, store.replayLogs().end(run.id()));
            ArrayGuest.addLog(store, run, START, BYTES, 1);
            assertEquals(START + BYTES, store.replayLogs().end(run.id()));
            assertEquals(List.of(), store.replayLogs().copyTo(run.id(), new ReplayLogs.Extent(START, BYTES), target));
            byte[] written = Files.readAllBytes(file);
            assertEquals(START + BYTES, written.length);
            assertArrayEquals(new byte[]{1, 2, 3, 0, 0}, Arrays.copyOf(written, 5), "what was before it");
            assertArrayEquals(ArrayGuest.log(store, run), Arrays.copyOfRange(written, (int) START, written.length));
            assertTrue(store.verify(Progress.NONE).isSound());
            assertEquals(1, store.verify(Progress.NONE).logs());
        }
    }

    /// As when it had failed, and may have been stored nevertheless.
    @Test
    void bytesThatAreAddedAgainTakeTheirOwnPlace() throws Exception {
        try (Store store = Store.open(directory())) {
            ExperimentRecord run = ArrayGuest.record(store, "run", 1, 1);
            store.replayLogs().add(run.id(), 12, new byte[]{1, 2});
            store.replayLogs().add(run.id(), 14, new byte[]{3});
            store.replayLogs().add(run.id(), 14, new byte[]{3, 4, 5});
            assertEquals(Optional.of(new ReplayLogs.Extent(12, 5)), store.replayLogs().extent(run.id()));
            assertArrayEquals(new byte[]{1, 2, 3, 4, 5}, ArrayGuest.log(store, run));
            assertThrows(IllegalArgumentException.class, () -> store.replayLogs().add(run.id(), 17, new byte[0]));
            assertThrows(IllegalArgumentException.class, () -> store.replayLogs().add(run.id(), 17,
                    new byte[LogPiece.MAX_BYTES + 1]));
        }
    }

    @Test
    void whatComesWhileALogIsReadIsLeftOut() throws Exception {
        try (Store store = Store.open(directory())) {
            ExperimentRecord run = ArrayGuest.record(store, "run", 1, 1);
            store.replayLogs().add(run.id(), 12, new byte[]{1, 2});
            ReplayLogs.Extent before = store.replayLogs().extent(run.id()).orElseThrow();
            store.replayLogs().add(run.id(), 12, new byte[]{1, 2, 3});
            store.replayLogs().add(run.id(), 15, new byte[]{4});
            int[] bytes = {0};
            store.replayLogs().read(run.id(), before, (_, raw) -> bytes[0] += raw.remaining());
            assertEquals(2, bytes[0]);
        }
    }

    @Test
    void whatALogTakesIsPartOfWhatItsExperimentAdded() throws Exception {
        try (Store store = Store.open(directory())) {
            ExperimentRecord run = ArrayGuest.record(store, "run", 2, 1);
            ArrayGuest.record(store, "plain", 2, 2);
            long empty = store
                    .createExperiment(ExperimentRecord.starting("empty", "array", "{}", 4096, Optional.empty(),
                            Instant.EPOCH));
            store.finishExperiment(empty, "stopped");
            long checkpoints = store.totals().getFirst().storedBytes();
            ArrayGuest.addLog(store, run, START, BYTES, 1);
            store.replayLogs().add(empty, START, new byte[1000]);
            List<ExperimentTotals> totals = store.totals();
            assertEquals(checkpoints, totals.getFirst().storedBytes());
            assertTrue(totals.getFirst().logBytes() > 100 && totals.getFirst().logBytes() < BYTES, "it is compressed");
            assertEquals(checkpoints + totals.getFirst().logBytes(), totals.getFirst().addedBytes());
            assertEquals(totals.getFirst().logBytes(), store.replayLogs().storedBytes(run.id()));
            assertEquals(0, totals.get(1).logBytes());
            assertEquals(0, store.replayLogs().storedBytes(totals.get(1).experiment().id()));
            assertEquals(totals.get(1).storedBytes(), totals.get(1).addedBytes());
            assertTrue(totals.get(2).checkpoints() == 0 && totals.get(2).addedBytes() > 0, "it has nothing but a log");
        }
        assertEquals(0, count("replay_log WHERE stored_bytes <> OCTET_LENGTH(content)"));
    }

    @Test
    void aLogGoesWithItsExperimentAndWithNothingElse() throws Exception {
        try (Store store = Store.open(directory())) {
            ExperimentRecord run = ArrayGuest.record(store, "run", 3, 1);
            ExperimentRecord other = ArrayGuest.record(store, "other", 2, 2);
            ArrayGuest.addLog(store, run, START, BYTES, 1);
            ArrayGuest.addLog(store, other, START, BYTES, 2);
            byte[] log = ArrayGuest.log(store, other);
            store.delete(CheckpointName.of("other", 1));
            store.deleteExperiment("run");
            store.gc(Progress.NONE);
            assertEquals(Optional.empty(), store.replayLogs().extent(run.id()));
            assertArrayEquals(log, ArrayGuest.log(store, other));
            assertEquals(1, store.verify(Progress.NONE).logs());
        }
        assertTrue(count("replay_log") > 0);
        assertEquals(1, count("(SELECT DISTINCT experiment_id FROM replay_log)"));
    }

    @Test
    @Damaged("the logs of its stores are damaged")
    void aDamagedLogIsNamedAndEveryCheckpointIsRestoredAllTheSame() throws Exception {
        try (Store store = Store.open(directory())) {
            ArrayGuest.addLog(store, ArrayGuest.record(store, "run", 3, 1), START, BYTES, 1);
        }
        String second = " WHERE start_offset = (SELECT MIN(start_offset) FROM replay_log WHERE start_offset > " + START
                + ")";
        for (String[] damage : new String[][]{
                {"UPDATE replay_log SET content = X'0011' || SUBSTRING(content FROM 3)" + second,
                        "its checksum does not match"},
                {"UPDATE replay_log SET content = SUBSTRING(content FROM 1 FOR 20)" + second,
                        "its checksum does not match"},
                {"UPDATE replay_log SET raw_bytes = 2000000000" + second, "it says that it has 2000000000 bytes"},
                {"UPDATE replay_log SET raw_bytes = -1" + second, "it says that it has -1 bytes"},
                {"UPDATE replay_log SET raw_bytes = raw_bytes - 1" + second, "it does not decompress"},
                {"UPDATE replay_log SET raw_bytes = raw_bytes + 1" + second, "it decompresses to"},
                {"UPDATE replay_log SET codec = 0" + second, "its length is wrong"},
                {"UPDATE replay_log SET codec = 7" + second, "its codec is 7"},
                {"DELETE FROM replay_log" + second, "are missing"}}) {
            Path copy = Files.createTempDirectory(folder, "copy");
            for (String file : List.of("store.mv.db", "store.version")) {
                Files.copy(directory().resolve(file), copy.resolve(file));
            }
            try (Connection connection = StoreTables.connection(copy);
                    Statement statement = connection.createStatement()) {
                assertEquals(1, statement.executeUpdate(damage[0]));
            }
            try (Store whole = Store.open(directory()); Store damaged = Store.open(copy)) {
                assertLogIsDamaged(damaged, damage[1]);
                assertTheRestIsWritten(whole, damaged);
                ExperimentRecord run = damaged.experiment("run").orElseThrow();
                ArrayGuest.assertSameCheckpoints(whole, whole.experiment("run").orElseThrow(), damaged, run);
                StoreException refused = assertThrows(StoreException.class, () -> ArrayGuest.log(damaged, run));
                assertEquals(Reason.DAMAGED, refused.reason());
                assertTrue(refused.getMessage().startsWith("the log of experiment run is damaged (its piece at byte "),
                        refused.getMessage());
                assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
            }
        }
    }

    private void assertTheRestIsWritten(Store whole, Store damaged) throws Exception {
        byte[] log = ArrayGuest.log(whole, whole.experiment("run").orElseThrow());
        ExperimentRecord run = damaged.experiment("run").orElseThrow();
        ReplayLogs.Extent extent = damaged.replayLogs().extent(run.id()).orElseThrow();
        assertEquals(new ReplayLogs.Extent(START, BYTES), extent);
        Path file = Files.createTempFile(folder, "log", "");
        List<ReplayLogs.Extent> lost;
        try (FileChannel target = FileChannel.open(file, StandardOpenOption.WRITE)) {
            lost = damaged.replayLogs().copyTo(run.id(), extent, target);
        }
        assertEquals(1, lost.size(), lost.toString());
        assertTrue(lost.getFirst().start() > START && lost.getFirst().end() < START + BYTES, lost.toString());
        Arrays.fill(log, (int) (lost.getFirst().start() - START), (int) (lost.getFirst().end() - START), (byte) 0);
        byte[] written = Files.readAllBytes(file);
        assertArrayEquals(log, Arrays.copyOfRange(written, (int) START, written.length));
    }

    @Test
    void aLogThatDoesNotLeadToTheLastCheckpointsIsRemarkedOn() throws Exception {
        try (Store store = Store.open(directory())) {
            ExperimentRecord run = ArrayGuest.recordLogged(store, "run", 100, 200, 300, 400);
            assertEquals(List.of("run: its log is missing, so the run up to checkpoint 1 and behind cannot be executed"
                    + " again; the checkpoints themselves do not need it"), store.verify(Progress.NONE).remarks());
            store.replayLogs().add(run.id(), 90, new byte[120]);
            assertEquals(List.of("run: its log ends at byte 210, so the run up to checkpoint 3 and behind cannot be"
                    + " executed again; the checkpoints themselves do not need it"), store.verify(Progress.NONE)
                            .remarks());
            assertTrue(store.verify(Progress.NONE).isSound());
            store.replayLogs().add(run.id(), 210, new byte[195]);
            assertEquals(List.of(), store.verify(Progress.NONE).remarks());
        }
        try (Store store = Store.open(folder.resolve("other"))) {
            ExperimentRecord run = ArrayGuest.recordLogged(store, "run", 100, 200);
            store.replayLogs().add(run.id(), 101, new byte[200]);
            assertEquals(
                    List.of("run: its log begins at byte 101, so the run from checkpoint 1 to there cannot be executed"
                            + " again; the checkpoints themselves do not need it"),
                    store.verify(Progress.NONE).remarks());
        }
    }

    @Test
    @Damaged("one piece is where another is")
    void piecesThatOverlapAreDamage() throws Exception {
        try (Store store = Store.open(directory())) {
            ExperimentRecord run = ArrayGuest.record(store, "run", 1, 1);
            store.replayLogs().add(run.id(), 12, new byte[100]);
            store.replayLogs().add(run.id(), 111, new byte[100]);
            store.replayLogs().add(run.id(), 211, new byte[100]);
            assertLogIsDamaged(store, "its piece at byte 111 overlaps the one before it");
        }
    }

    @Test
    @Damaged("a piece is where no log can be")
    void aPieceThatIsWhereNoneCanBeIsDamage() throws Exception {
        for (long place : new long[]{Long.MAX_VALUE, Long.MAX_VALUE - 1, -1, Long.MIN_VALUE}) {
            try (Store store = Store.open(folder.resolve("at" + place))) {
                ExperimentRecord run = ArrayGuest.record(store, "run", 1, 1);
                store.replayLogs().add(run.id(), place, new byte[100]);
                assertLogIsDamaged(store, "it says that it has 100 bytes at " + place);
                assertEquals(Optional.empty(), store.replayLogs().extent(run.id()));
            }
        }
    }

    private static void assertLogIsDamaged(Store store, String cause) throws Exception {
        VerifyReport report = store.verify(Progress.NONE);
        assertFalse(report.isSound());
        assertEquals(List.of(), report.damages(), "no checkpoint has lost anything");
        assertEquals(List.of(), report.remarks());
        assertEquals(1, report.logDamages().size());
        LogDamage damage = report.logDamages().getFirst();
        assertEquals("run", damage.experiment());
        assertEquals(1, damage.pieces(), damage.toString());
        assertTrue(damage.cause().contains(cause) && damage.cause().startsWith("its "), damage.toString());
        assertFalse(damage.cause().contains("\n"), damage.toString());
    }
}
