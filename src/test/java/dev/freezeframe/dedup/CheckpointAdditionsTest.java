package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.upkeep.VerifyReport;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a checkpoint has besides its images (classes of pages, a note, tags, a picture) is kept, checked when it is read, gone
/// with the checkpoint, and never what makes a checkpoint fail.
class CheckpointAdditionsTest {
    private static final int PAGES = 1024;
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 1, 2, 3};

    @TempDir
    private Path directory;

    @Test
    void everyDirtyPageHasTheClassThatItIsCountedIn() throws Exception {
        Random random = new Random(5);
        byte[] a = new byte[ChunkId.CHUNK_BYTES];
        byte[] b = new byte[ChunkId.CHUNK_BYTES];
        byte[] zero = new byte[ChunkId.CHUNK_BYTES];
        random.nextBytes(a);
        random.nextBytes(b);
        long second;
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", 16, 1);
            PageMap first;
            try (CheckpointWriter writer = dedup.begin(recording.experimentId, 1, Optional.empty(),
                    16 * ChunkId.CHUNK_BYTES,
                    List.of())) {
                writer.addRam(new int[]{1, 2, 3}, 3, buffer(a, a, zero));
                first = writer.commit(Recording.capture()).ram();
            }
            try (CheckpointWriter writer = dedup.begin(recording.experimentId, 2, Optional.of(first),
                    16 * ChunkId.CHUNK_BYTES,
                    List.of())) {
                writer.addRam(new int[]{1, 2, 4, 5, 6, 15}, 6, buffer(a, zero, a, b, b, zero));
                second = writer.commit(Recording.capture()).checkpoint().id();
            }
        }
        try (Store store = Store.open(directory)) {
            PageClassMap classes = store.pageClasses(second).orElseThrow();
            PageClass[] byPage = new PageClass[16];
            classes.forEachRun((from, count, pageClass) -> Arrays.fill(byPage, from, from + count, pageClass));
            PageClass[] expected = new PageClass[16];
            expected[1] = PageClass.UNCHANGED;
            expected[2] = PageClass.ZERO;
            expected[4] = PageClass.DUPLICATE_STORED;
            expected[5] = PageClass.NEW;
            expected[6] = PageClass.DUPLICATE_WITHIN;
            expected[15] = PageClass.UNCHANGED;
            assertEquals(Arrays.asList(expected), Arrays.asList(byPage));
            assertEquals(Optional.empty(), store.pageClasses(99));
        }
    }

    private static ByteBuffer buffer(byte[]... pages) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(pages.length * ChunkId.CHUNK_BYTES);
        for (byte[] page : pages) {
            buffer.put(page);
        }
        return buffer;
    }

    @Test
    void theCountsOfTheClassesAreThoseOfTheMetricsAndTheirBytesAreCounted() throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 2);
            for (int i = 0; i < 10; i++) {
                CheckpointMetrics metrics = recording.step(i == 5 ? 0 : 100).metrics();
                CheckpointRecord checkpoint = recording.checkpoints.getLast();
                PageClassMap classes = store.pageClasses(checkpoint.id()).orElseThrow();
                assertEquals(
                        List.of(metrics.unchangedPages(), metrics.zeroPages(), metrics.duplicateWithinPages(),
                                metrics.duplicateStoredPages(), metrics.newPages(), metrics.duplicateDiskPages()),
                        Arrays.stream(PageClass.values()).map(classes::count).toList());
                assertEquals(metrics.dirtyPages(), classes.dirtyPages());
                assertEquals(PAGES, classes.pages());
            }
        }
        try (Connection connection = connection();
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT (SELECT SUM(stored_bytes) FROM checkpoint),"
                        + " (SELECT SUM(OCTET_LENGTH(content)) FROM pack)"
                        + " + (SELECT SUM(OCTET_LENGTH(live) + OCTET_LENGTH(hashes)) FROM pack_chunks)"
                        + " + (SELECT SUM(OCTET_LENGTH(content)) FROM page_map)"
                        + " + (SELECT SUM(OCTET_LENGTH(content)) FROM page_class)")) {
            assertTrue(row.next());
            assertEquals(row.getLong(2), row.getLong(1));
        }
    }

    @Test
    void notesAndTagsOutliveTheProgram() throws Exception {
        Recording recording = recorded(3);
        long id = recording.checkpoints.get(1).id();
        Annotation written = Annotation.of("the bug is here,\nor \"nearby\" – ☃", List.of("bug", "später", "v1.0"));
        try (Store store = Store.open(directory)) {
            store.annotate(id, Annotation.of("first thought", List.of("bug", "early")));
            store.annotate(id, written);
        }
        try (Store store = Store.open(directory)) {
            assertEquals(Map.of(id, written), store.annotations(recording.experimentId));
            assertEquals(written, store.annotation(id));
            assertEquals(Annotation.NONE, store.annotation(recording.checkpoints.get(0).id()));
            store.annotate(id, Annotation.NONE);
            assertEquals(Map.of(), store.annotations(recording.experimentId));
            StoreException missing = assertThrows(StoreException.class, () -> store.annotate(99, written));
            assertEquals(Reason.NOT_FOUND, missing.reason());
        }
    }

    @Test
    void whatIsTooLongOrNoTagIsRefusedWithOneLine() {
        for (Runnable wrong : List.<Runnable>of(
                () -> Annotation.of("x".repeat(Annotation.MAX_NOTE_LENGTH + 1), List.of()),
                () -> Annotation.of("\0", List.of()), () -> Annotation.of("", List.of("")),
                () -> Annotation.of("", List.of("two words")), () -> Annotation.of("", List.of("a,b")),
                () -> Annotation.of("", List.of("line\nbreak")), () -> Annotation.of("", List.of("x".repeat(41))),
                () -> Annotation.of("", LongStream.range(0, 33).mapToObj(Long::toString).toList()),
                () -> new Picture(Picture.Kind.SCREEN, new byte[]{1, 2, 3}),
                () -> new Picture(Picture.Kind.SCREEN, Arrays.copyOf(PNG, 1_000_001)),
                () -> new Picture(Picture.Kind.CONSOLE, new byte[]{(byte) 0xff}),
                () -> new Picture(Picture.Kind.CONSOLE, new byte[(64 << 10) + 1]))) {
            String message = assertThrows(IllegalArgumentException.class, wrong::run).getMessage();
            assertFalse(message.isBlank() || message.contains("\n") || message.contains("\0"), message);
        }
    }

    @Test
    void aPictureComesBackAndOneForACheckpointThatIsGoneIsNoError() throws Exception {
        Recording recording = recorded(2);
        long id = recording.checkpoints.getFirst().id();
        Picture screen = new Picture(Picture.Kind.SCREEN, PNG);
        try (Store store = Store.open(directory)) {
            assertEquals(Optional.empty(), store.picture(id));
            assertTrue(store.putPicture(id, Picture.ofConsole("login: ")));
            assertEquals("login: ", store.picture(id).orElseThrow().text());
            assertTrue(store.putPicture(id, screen));
            assertEquals(Optional.of(screen), store.picture(id));
            store.delete(recording.checkpoints.getFirst().name());
            assertFalse(store.putPicture(id, screen));
            assertEquals(Optional.empty(), store.picture(id));
        }
    }

    @Test
    void aLongConsoleLosesItsFirstLinesAndNoHalfCharacterIsKept() {
        String text = "é".repeat(Picture.MAX_CONSOLE_BYTES) + "\nlogin: ";
        Picture picture = Picture.ofConsole(text);
        assertTrue(picture.content().length > Picture.MAX_CONSOLE_BYTES - 3);
        assertTrue(text.endsWith(picture.text()));
    }

    @Test
    void whatBelongsToACheckpointGoesWithIt() throws Exception {
        Recording recording = recorded(4);
        try (Store store = Store.open(directory)) {
            for (CheckpointRecord checkpoint : recording.checkpoints) {
                store.annotate(checkpoint.id(), Annotation.of("note", List.of("a", "b")));
                store.putPicture(checkpoint.id(), Picture.ofConsole("text"));
            }
            store.delete(CheckpointName.of("run", 2));
        }
        for (String table : List.of("checkpoint_note", "checkpoint_tag", "picture", "page_class")) {
            assertEquals(3, checkpointsIn(table), table);
        }
        try (Store store = Store.open(directory)) {
            assertTrue(store.verify(Progress.NONE).isSound());
            recording.assertIntact(store);
            store.deleteExperiment("run");
            store.gc(Progress.NONE);
        }
        for (String table : List.of("checkpoint_note", "checkpoint_tag", "picture", "page_class")) {
            assertEquals(0, checkpointsIn(table), table);
        }
    }

    @Test
    void damageToThemIsFoundAndCostsNoCheckpoint() throws Exception {
        Recording recording = recorded(3);
        long id = recording.checkpoints.get(1).id();
        try (Store store = Store.open(directory)) {
            store.putPicture(id, Picture.ofConsole("login: "));
        }
        for (String damage : List.of("UPDATE page_class SET content = X'00' WHERE checkpoint_id = " + id,
                "UPDATE page_class SET runs = 2000000000, encoded_bytes = 2000000000 WHERE checkpoint_id = " + id,
                "UPDATE page_class SET pieces = 2000000000 WHERE checkpoint_id = " + id,
                "UPDATE page_class SET pages = pages + 1 WHERE checkpoint_id = " + id,
                "UPDATE page_class SET checkpoint_id = " + id + " WHERE checkpoint_id = "
                        + recording.checkpoints.get(2).id(),
                "UPDATE checkpoint SET new_pages = new_pages + 1 WHERE id = " + id,
                "UPDATE picture SET content = X'00'", "UPDATE picture SET kind = 'MOVIE'")) {
            byte[] before = Files.readAllBytes(directory.resolve("store.mv.db"));
            if (damage.contains("SET checkpoint_id")) {
                sql("DELETE FROM page_class WHERE checkpoint_id = " + id);
            }
            sql(damage);
            try (Store store = Store.open(directory)) {
                VerifyReport report = store.verify(Progress.NONE);
                assertTrue(report.isSound(), damage + report);
                assertEquals(1, report.remarks().size(), damage + report);
                assertTrue(report.remarks().getFirst().startsWith("run/2: "), report.toString());
                StoreException refused = assertThrows(StoreException.class, () -> {
                    store.pageClasses(id);
                    store.picture(id);
                }, damage);
                assertEquals(Reason.DAMAGED, refused.reason());
                recording.assertIntact(store);
            }
            Files.write(directory.resolve("store.mv.db"), before);
            Files.delete(directory.resolve("store.version"));
        }
    }

    @Test
    void theTotalsOfAnExperimentAreTheSumsOverItsCheckpoints() throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording first = new Recording(store, dedup, "first", PAGES, 4);
            for (int i = 0; i < 5; i++) {
                first.step(50);
            }
            Recording empty = new Recording(store, dedup, "empty", PAGES, 5);
            List<ExperimentTotals> totals = store.totals();
            assertEquals(List.of("first", "empty"), totals.stream().map(each -> each.experiment().name()).toList());
            ExperimentTotals sums = totals.getFirst();
            List<CheckpointMetrics> metrics = first.checkpoints.stream().map(CheckpointRecord::metrics).toList();
            assertEquals(5, sums.checkpoints());
            assertEquals(Optional.of(metrics.getFirst().capturedAt()), sums.firstCapturedAt());
            assertEquals(Optional.of(metrics.getLast().capturedAt()), sums.lastCapturedAt());
            assertEquals(metrics.stream().mapToLong(CheckpointMetrics::storedBytes).sum(), sums.storedBytes());
            assertEquals(metrics.stream().mapToLong(CheckpointMetrics::newPages).sum(), sums.newPages());
            assertEquals(250, sums.dirtyPages());
            assertEquals(250, sums.unchangedPages() + sums.zeroPages() + sums.duplicatePages() + sums.newPages());
            assertEquals(2800, sums.medianPauseMicros());
            assertEquals(2800, sums.maxPauseMicros());
            assertEquals(15, sums.late());
            assertEquals(store.experiment(empty.experimentId).orElseThrow(), totals.getLast().experiment());
            assertEquals(0, totals.getLast().checkpoints());
            assertEquals(Optional.empty(), totals.getLast().firstCapturedAt());
        }
    }

    private Recording recorded(int checkpoints) throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 21);
            for (int i = 0; i < checkpoints; i++) {
                recording.step(60);
            }
            store.finishExperiment(recording.experimentId, "done");
            return recording;
        }
    }

    private long checkpointsIn(String table) throws Exception {
        try (Connection connection = connection();
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT COUNT(DISTINCT checkpoint_id) FROM " + table)) {
            assertTrue(row.next());
            return row.getLong(1);
        }
    }

    private void sql(String statement) throws Exception {
        try (Connection connection = connection(); Statement each = connection.createStatement()) {
            each.execute(statement);
        }
    }

    private Connection connection() throws Exception {
        return DriverManager.getConnection("jdbc:h2:" + directory.resolve("store"), "sa", "");
    }
}
