package dev.freezeframe.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.catalog.Schema;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.NewCheckpoint.NewImage;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.store.pack.PackDraft;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A store that any version has written opens for ever, with all that is in it. The stores are files under the test
/// resources, written by the versions that had the format; they are never written anew.
@Tag("slow")
class StoreFormatTest {
    private static final int PAGES = 64;

    @TempDir
    private Path directory;

    /// Two experiments of array guests with 64 pages. Checkpoint n of each wrote every page whose number n divides: page p
    /// got the byte `p % 5 * 16 + n`, and those whose number 8 divides are zero. The second began at `first/2`. From format 2
    /// on, each has a note, a tag and a picture.
    private void copyTheStoreOfFormat(int format) throws Exception {
        StoreTables.copyStoreOfFormat(format, directory);
        assertEquals(format, format());
    }

    /// So a figure that came later has its column in what was stored before.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void aStoreOfAnyFormatHasTheTablesOfANewOneOnceItWasOpened(int format) throws Exception {
        copyTheStoreOfFormat(format);
        Store.open(directory).close();
        Path fresh = directory.resolve("fresh");
        Store.open(fresh).close();
        assertEquals(new HashSet<>(StoreTables.of(fresh)), new HashSet<>(StoreTables.of(directory)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void aStoreOfAnyFormatOpensWithEverythingInIt(int format) throws Exception {
        copyTheStoreOfFormat(format);
        for (int opened = 0; opened < 2; opened++) {
            try (Store store = Store.open(directory)) {
                assertEquals(Optional.empty(), store.rolledBack());
                assertEquals(List.of("first", "second"),
                        store.experiments().stream().map(ExperimentRecord::name).toList());
                assertContents(store, format, "first", 3, new byte[PAGES * 4096]);
                CheckpointRecord parent = store.find(CheckpointName.of("first", 2)).orElseThrow();
                assertEquals(Optional.of(parent.id()), store.experiment("second").orElseThrow().parentCheckpointId());
                assertContents(store, format, "second", 2, ram(store, parent));
                assertEquals(0, store.imported().size());
                assertTrue(store.verify(Progress.NONE).isSound());
                assertEquals(List.of(), store.verify(Progress.NONE).remarks());
                for (ExperimentTotals totals : store.totals()) {
                    assertEquals(0, totals.dirtyBlocks());
                    assertEquals(totals.checkpoints() * PAGES * 4096, totals.imageBytes());
                    assertEquals(0, totals.logBytes());
                    assertEquals(Optional.empty(), store.replayLogs().extent(totals.experiment().id()));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void aStoreOfAnyFormatTakesDisks(int format) throws Exception {
        copyTheStoreOfFormat(format);
        byte[] content = new byte[4096];
        Arrays.fill(content, (byte) 9);
        for (int opened = 0; opened < 2; opened++) {
            try (Store store = Store.open(directory)) {
                if (opened == 0) {
                    commitDisk(store, content);
                }
                CheckpointRecord checkpoint = store.find(CheckpointName.of("third", 1)).orElseThrow();
                assertEquals(1, checkpoint.metrics().disks().size());
                assertEquals(1, checkpoint.metrics().newBlocks());
                assertArrayEquals(content, store.readImageBytes(checkpoint.id(), NewCheckpoint.disk("disk0")));
                assertEquals(ChunkOrigin.DISK,
                        store.origin(store.pageMap(checkpoint.id(), NewCheckpoint.disk("disk0")).chunkId(0)));
                assertEquals(List.of(), store.verify(Progress.NONE).remarks());
                assertTrue(store.verify(Progress.NONE).isSound());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void aStoreOfAnyFormatTakesALog(int format) throws Exception {
        copyTheStoreOfFormat(format);
        for (int opened = 0; opened < 2; opened++) {
            try (Store store = Store.open(directory)) {
                ExperimentRecord second = store.experiment("second").orElseThrow();
                if (opened == 0) {
                    ArrayGuest.addLog(store, second, 12, 1000, 1);
                }
                assertEquals(1000, ArrayGuest.log(store, second).length);
                assertTrue(store.verify(Progress.NONE).isSound());
            }
        }
    }

    private static void commitDisk(Store store, byte[] content) throws StoreException {
        long id = store.createExperiment(
                ExperimentRecord.starting("third", "array", "{}", 4096, Optional.empty(), Instant.now()));
        long[] hash = new long[2];
        ByteBuffer page = ByteBuffer.allocateDirect(content.length).order(ByteOrder.LITTLE_ENDIAN).put(0, content);
        ChunkHash.xxh128().hash(page, 0, hash);
        try (WriteLease lease = store.beginWriting(); PackDraft draft = store.newPack(ChunkOrigin.DISK)) {
            PageMap.Editor disk = PageMap.allZero(1).edit();
            disk.set(0, draft.add(page, 0, hash[0], hash[1]));
            long bytes = store.write(lease, draft, 3);
            PageMap ram = PageMap.allZero(1);
            store.commit(lease, new NewCheckpoint(id, 1,
                    GivenFigures.capture(Instant.now(), List.of(), 1000),
                    PageClassMap.builder(1).map(),
                    List.of(GivenFigures.disk("disk0", content.length, 1, 0, 0, 0, 0, 1, 4096, 1, bytes)), bytes,
                    System.nanoTime(), List.of(new NewImage(NewCheckpoint.RAM, 4096, ram, Optional.empty()),
                            new NewImage(NewCheckpoint.disk("disk0"), content.length, disk.map(), Optional.empty()))));
        }
        store.finishExperiment(id, "done");
    }

    private static void assertContents(Store store, int format, String name, int checkpoints, byte[] before)
            throws IOException {
        byte[] expected = before;
        List<CheckpointRecord> found = store.checkpoints(store.experiment(name).orElseThrow().id());
        assertEquals(checkpoints, found.size());
        for (CheckpointRecord checkpoint : found) {
            int number = checkpoint.number();
            for (int page = 0; page < PAGES; page += number) {
                Arrays.fill(expected, page * 4096, (page + 1) * 4096,
                        (byte) (page % 8 == 0 ? 0 : page % 5 * 16 + number));
            }
            // the writer took 64 / n pages, so the last of those that 3 divides was left out
            if (number == 3) {
                Arrays.fill(expected, 63 * 4096, 64 * 4096, (byte) (63 % 5 * 16 + 1));
            }
            assertArrayEquals(expected, ram(store, checkpoint), checkpoint.name().toString());
            assertEquals("devices of " + checkpoint.name(),
                    new String(store.readImageBytes(checkpoint.id(), "device-state"), StandardCharsets.UTF_8));
            assertEquals(1000 + number, checkpoint.metrics().pauseMicros());
            assertEquals(List.of(100L, 500L, 200L, 100L + number, 0L, 100L),
                    List.copyOf(checkpoint.metrics().phaseMicros()
                            .values()));
            assertEquals(Instant.parse(name.equals("first") ? "2026-11-22T10:15:00Z" : "2026-11-22T11:00:00Z")
                    .plusSeconds(number), checkpoint.metrics().capturedAt());
            assertEquals(List.of(), checkpoint.metrics().disks());
            assertEquals(0, checkpoint.metrics().duplicateDiskPages());
            assertEquals(0, checkpoint.metrics().dirtyBlocks());
            assertEquals(0, checkpoint.metrics().of(CheckpointFigure.INSTRUCTIONS));
            if (format == 1) {
                assertEquals(Optional.empty(), store.pageClasses(checkpoint.id()));
                assertEquals(Optional.empty(), store.picture(checkpoint.id()));
                assertEquals(Annotation.NONE, store.annotation(checkpoint.id()));
            } else {
                assertEquals(64 / number, store.pageClasses(checkpoint.id()).orElseThrow().dirtyPages());
                assertEquals(Optional.of(Picture.ofConsole("console of " + checkpoint.name())),
                        store.picture(checkpoint.id()));
                assertEquals(Annotation.of("note " + number, List.of("t" + number)),
                        store.annotation(checkpoint.id()));
            }
        }
    }

    private static byte[] ram(Store store, CheckpointRecord checkpoint) throws IOException {
        PageMap map = store.pageMap(checkpoint.id(), "ram");
        byte[] read = new byte[map.pages() * 4096];
        store.readPages(map, 1, (page, count, content) -> content.get(read, page * 4096, count * 4096));
        return read;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void anUpgradeThatWasCutOffAnywhereIsDoneAnew(int format) throws Exception {
        for (String alreadyThere : List.of("CREATE TABLE IF NOT EXISTS checkpoint_note ("
                + "checkpoint_id BIGINT PRIMARY KEY, note VARCHAR(4000) NOT NULL,"
                + " FOREIGN KEY (checkpoint_id) REFERENCES checkpoint (id) ON DELETE CASCADE)",
                "CREATE TABLE IF NOT EXISTS disk_pack (pack_id BIGINT PRIMARY KEY)",
                "CREATE TABLE IF NOT EXISTS imported_experiment (experiment_id BIGINT PRIMARY KEY, original_name VARCHAR(200) NOT NULL,"
                        + " file_name VARCHAR(300) NOT NULL, sha256 VARCHAR(64) NOT NULL,"
                        + " imported_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,"
                        + " FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE CASCADE)",
                "CREATE TABLE replay_log (experiment_id BIGINT NOT NULL, start_offset BIGINT NOT NULL,"
                        + " raw_bytes INT NOT NULL, codec INT NOT NULL, stored_bytes INT NOT NULL,"
                        + " checksum BIGINT NOT NULL, content VARBINARY(1000000) NOT NULL,"
                        + " PRIMARY KEY (experiment_id, start_offset),"
                        + " FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE CASCADE)",
                "ALTER TABLE checkpoint ADD COLUMN instructions BIGINT DEFAULT 0 NOT NULL", "SELECT 1")) {
            copyTheStoreOfFormat(format);
            Files.deleteIfExists(directory.resolve("store.version"));
            sql(alreadyThere);
            try (Store store = Store.open(directory)) {
                CheckpointRecord checkpoint = store.find(CheckpointName.of("first", 1)).orElseThrow();
                store.annotate(checkpoint.id(), Annotation.of("a note", List.of("tag")));
                assertTrue(store.putPicture(checkpoint.id(), Picture.ofConsole("login: ")));
            }
            assertEquals(Schema.VERSION, format());
            try (Store store = Store.open(directory)) {
                CheckpointRecord checkpoint = store.find(CheckpointName.of("first", 1)).orElseThrow();
                assertEquals(Annotation.of("a note", List.of("tag")), store.annotation(checkpoint.id()));
                assertEquals(Optional.of(Picture.ofConsole("login: ")), store.picture(checkpoint.id()));
                assertEquals(List.of(), checkpoint.metrics().disks());
            }
        }
    }

    private int format() throws Exception {
        try (Connection connection = StoreTables.connection(directory);
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT version FROM store_format")) {
            assertTrue(row.next());
            return row.getInt(1);
        }
    }

    private void sql(String statement) throws Exception {
        try (Connection connection = StoreTables.connection(directory);
                Statement each = connection.createStatement()) {
            each.execute(statement);
        }
    }
}
