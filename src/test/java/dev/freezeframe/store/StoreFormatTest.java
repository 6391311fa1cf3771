package dev.freezeframe.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A store that any version has written opens for ever, with all that is in it. The stores are files under the test
/// resources, written by the versions that had the format; they are never written anew.
class StoreFormatTest {
    private static final int PAGES = 64;

    @TempDir
    private Path directory;

    /// Two experiments of array guests with 64 pages. Checkpoint n of each wrote every page whose number n divides: page p
    /// got the byte `p % 5 * 16 + n`, and those whose number 8 divides are zero. The second began at `first/2`.
    @BeforeEach
    void copyTheStoreOfFormat1() throws IOException {
        for (String file : List.of("store.mv.db", "store.version")) {
            try (InputStream from = StoreFormatTest.class.getResourceAsStream("format-1/" + file)) {
                Files.copy(from, directory.resolve(file));
            }
        }
    }

    @Test
    void aStoreOfFormat1OpensWithEverythingInIt() throws Exception {
        for (int opened = 0; opened < 2; opened++) {
            try (Store store = Store.open(directory)) {
                assertEquals(Optional.empty(), store.rolledBack());
                assertEquals(List.of("first", "second"),
                        store.experiments().stream().map(ExperimentRecord::name).toList());
                assertContents(store, "first", 3, new byte[PAGES * 4096]);
                CheckpointRecord parent = store.find(CheckpointName.of("first", 2)).orElseThrow();
                assertEquals(Optional.of(parent.id()), store.experiment("second").orElseThrow().parentCheckpointId());
                assertContents(store, "second", 2, ram(store, parent));
                assertTrue(store.verify(Progress.NONE).isSound());
                assertEquals(List.of(), store.verify(Progress.NONE).remarks());
            }
        }
    }

    private static void assertContents(Store store, String name, int checkpoints, byte[] before) throws IOException {
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
            assertEquals(new PhaseMicros(100, 500, 200, 100 + number, 0, 100), checkpoint.metrics().phaseMicros());
            assertEquals(Instant.parse(name.equals("first") ? "2026-11-22T10:15:00Z" : "2026-11-22T11:00:00Z")
                    .plusSeconds(number), checkpoint.metrics().capturedAt());
            assertEquals(Optional.empty(), store.pageClasses(checkpoint.id()));
            assertEquals(Optional.empty(), store.picture(checkpoint.id()));
            assertEquals(Annotation.NONE, store.annotation(checkpoint.id()));
        }
    }

    private static byte[] ram(Store store, CheckpointRecord checkpoint) throws IOException {
        PageMap map = store.pageMap(checkpoint.id(), "ram");
        byte[] read = new byte[map.pages() * 4096];
        store.readPages(map, 1, (page, count, content) -> content.get(read, page * 4096, count * 4096));
        return read;
    }

    @Test
    void anUpgradeThatWasCutOffAnywhereIsDoneAnew() throws Exception {
        byte[] old = Files.readAllBytes(directory.resolve("store.mv.db"));
        for (String alreadyThere : List.of("CREATE TABLE checkpoint_note (checkpoint_id BIGINT PRIMARY KEY,"
                + " note VARCHAR(4000) NOT NULL,"
                + " FOREIGN KEY (checkpoint_id) REFERENCES checkpoint (id) ON DELETE CASCADE)",
                "SELECT 1")) {
            Files.write(directory.resolve("store.mv.db"), old);
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
            }
        }
    }

    private int format() throws Exception {
        try (Connection connection = connection();
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT version FROM store_format")) {
            assertTrue(row.next());
            return row.getInt(1);
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
