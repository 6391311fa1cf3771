package dev.freezeframe.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.StoreVersion;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.pack.ImageReader;
import dev.freezeframe.store.upkeep.GcReport;
import dev.freezeframe.suite.ExpectWarnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whatever happens to the H2 file, each call works on the store that it was, or fails with one line; and nothing is made
/// shorter under those who read it.
@ExpectWarnings({"gave the file of store", "opened in an older state"})
@Timeout(value = 2, unit = TimeUnit.MINUTES) // a loop without an end is one of the faults
class StoreFileTest {
    @TempDir
    private Path directory;

    /// What fails now.
    private volatile String failing = "";
    private final AtomicInteger forced = new AtomicInteger();

    private Store open() throws IOException {
        return Store.open(directory, StepFiles.register(directory, step -> {
            if (step.equals("force")) {
                forced.incrementAndGet();
            }
            if (step.equals(failing)) {
                throw new IOException("No space left on device");
            }
        }));
    }

    private static SyntheticExperiments begin(Store store, String name) throws StoreException {
        return SyntheticExperiments.begin(store, name, 4L << 20, Duration.ofSeconds(1), Instant.EPOCH, 1,
                Optional.empty());
    }

    private static void recorded(Store store, String name, int checkpoints) throws StoreException {
        SyntheticExperiments experiment = begin(store, name);
        experiment.add(checkpoints);
        experiment.end("done");
    }

    @Test
    void aFileThatIsGoneOrEmptyIsNotBegunAnew() throws Exception {
        try (Store store = open()) {
            recorded(store, "run", 4);
        }
        Path file = directory.resolve(Database.FILE_NAME);
        byte[] content = Files.readAllBytes(file);
        for (boolean gone : new boolean[]{false, true}) {
            Files.write(file, new byte[0]);
            if (gone) {
                Files.delete(file);
            }
            StoreException refused = assertThrows(StoreException.class, this::open);
            assertTrue(refused.getMessage().contains("is gone or empty; put it back"), refused.getMessage());
            assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
            assertEquals(gone, !Files.exists(file));
        }
        Files.write(file, content);
        try (Store store = open()) {
            assertEquals(List.of("run"), store.experiments().stream().map(ExperimentRecord::name).toList());
        }
        Files.delete(file);
        Files.delete(directory.resolve(StoreVersion.FILE_NAME)); // as the line says
        try (Store store = open()) {
            assertEquals(List.of(), store.experiments());
        }
    }

    @Test
    void aFolderThatWasHandedOnLeadsToNoOtherFileAndWaitsForNone(@TempDir Path elsewhere) throws Exception {
        open().close();
        Path letter = Files.writeString(elsewhere.resolve("letter"), "dear");
        for (String name : List.of("store.lock", "store.mv.db", "store.owner", "store.reserve", "store.version")) {
            if (!Files.exists(directory.resolve(name))) { // the reserve comes with the first recording
                Files.createFile(directory.resolve(name));
            }
            Path file = directory.resolve(name);
            Path kept = Files.move(file, elsewhere.resolve(name));
            Files.createSymbolicLink(file, letter);
            StoreException link = assertThrows(StoreException.class, this::open);
            assertTrue(link.getMessage().contains(name + " is a symbolic link; "), link.getMessage());
            Files.delete(file);
            assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
            StoreException pipe = assertThrows(StoreException.class, this::open);
            assertTrue(pipe.getMessage().contains(name + " is no ordinary file; "), pipe.getMessage());
            Files.delete(file);
            Files.move(kept, file);
        }
        assertEquals("dear", Files.readString(letter));
        open().close();
    }

    @Test
    void aShorterFileThatCannotBeOpenedIsOneErrorPerCallUntilItCan() throws Exception {
        try (Store store = open()) {
            recorded(store, "gone", 4);
            recorded(store, "stays", 4);
            store.deleteExperiment("gone");
            StoreException failed = assertThrows(StoreException.class, () -> store.gc((step, _, _) -> {
                if (step.equals("shrink")) {
                    failing = "open";
                }
            }));
            assertFalse(failed.getMessage().contains("\n"), failed.getMessage());
            for (int i = 0; i < 2; i++) {
                assertThrows(StoreException.class, store::experiments);
            }
            failing = "";
            assertEquals(List.of("stays"), store.experiments().stream().map(ExperimentRecord::name).toList());
            recorded(store, "later", 2);
            assertTrue(store.verify(Progress.NONE).isSound());
        }
        try (Store store = open()) {
            assertEquals(Optional.empty(), store.rolledBack());
        }
    }

    @Test
    void aFileThatIsGoneWhenItIsOpenedAnewIsNotMadeAfresh() throws Exception {
        Path file = directory.resolve(Database.FILE_NAME);
        try (Store store = open()) {
            recorded(store, "before", 3);
            breakIt(store);
            Path away = directory.resolve("away");
            Files.move(file, away);
            StoreException gone = assertThrows(StoreException.class, store::experiments);
            assertTrue(gone.getMessage().contains("is gone or empty"), gone.getMessage());
            assertFalse(Files.exists(file));
            Files.move(away, file);
            assertEquals(1, store.experiments().size());
            recorded(store, "after", 1);
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    @Test
    void anOlderFileInThePlaceOfTheOneThatWasGivenUpIsNotWrittenTo() throws Exception {
        Path file = directory.resolve(Database.FILE_NAME);
        try (Store store = open()) {
            recorded(store, "first", 1);
            byte[] older = Files.readAllBytes(file);
            recorded(store, "second", 3);
            breakIt(store);
            Files.write(file, older);
            for (int i = 0; i < 2; i++) {
                StoreException refused = assertThrows(StoreException.class, store::experiments);
                assertEquals(Reason.DAMAGED, refused.reason(), refused.getMessage());
            }
        }
        try (Store store = open()) {
            assertTrue(store.rolledBack().isPresent());
        }
    }

    private void breakIt(Store store) {
        failing = "write";
        assertThrows(StoreException.class, () -> begin(store, "fails"));
        failing = "";
    }

    @Test
    void anInterruptedThreadDoesNotEndTheNotesOfWhatIsOnDisk() throws Exception {
        Path version = directory.resolve(StoreVersion.FILE_NAME);
        try (Store store = open()) {
            Thread.currentThread().interrupt();
            recorded(store, "one", 1);
            Thread.interrupted();
            String before = Files.readString(version);
            recorded(store, "two", 1);
            assertFalse(Files.readString(version).equals(before));
        }
    }

    @Test
    void theFileIsNotMadeShorterWhileAnImageIsOpenAndTheReportSaysSo() throws Exception {
        try (Store store = open()) {
            recorded(store, "gone", 6);
            recorded(store, "read", 3);
            CheckpointRecord checkpoint = store.find(CheckpointName.LATEST).orElseThrow();
            try (ImageReader image = store.openImage(checkpoint, NewCheckpoint.DEVICE_STATE)) {
                store.deleteExperiment("gone");
                GcReport report = store.gc(Progress.NONE);
                assertTrue(report.notShrunk().orElseThrow().contains("read/3 is being read"), report.toString());
                assertEquals(13_312, image.sizeBytes());
            }
            assertEquals(Optional.empty(), store.gc(Progress.NONE).notShrunk());
        }
    }

    @Test
    void aRecordingIsRefusedAtOnceWhileTheFileIsMadeShorter() throws Exception {
        List<StoreException> refused = new ArrayList<>();
        try (Store store = open()) {
            recorded(store, "gone", 3);
            store.deleteExperiment("gone");
            store.gc((step, _, _) -> {
                if (step.equals("shrink")) {
                    refused.add(assertThrows(StoreException.class, () -> begin(store, "now")));
                }
            });
            recorded(store, "then", 1);
        }
        assertEquals(List.of(Reason.REFUSED), refused.stream().map(StoreException::reason).toList());
    }

    @Test
    void manyCheckpointsAreDeletedWithOneSync() throws Exception {
        try (Store store = open()) {
            SyntheticExperiments experiment = begin(store, "run");
            experiment.add(20);
            List<CheckpointName> victims = new ArrayList<>();
            for (int number = 1; number <= 12; number++) {
                victims.add(CheckpointName.of("run", number));
            }
            victims.add(CheckpointName.of("run", 99));
            victims.add(CheckpointName.of("run", 20));
            int before = forced.get();
            List<CheckpointName> gone = store.delete(victims);
            assertEquals(2, forced.get() - before, "the content, then the header that names it");
            assertEquals(13, gone.size(), "one was gone before, and the newest of a running recording stays");
            assertEquals(8, store.checkpoints(experiment.id()).size());
        }
    }

    /// Something that is on disk when it returns.
    @FunctionalInterface
    private interface Deed {
        void run() throws StoreException;
    }

    private void assertForced(String what, Deed deed) throws StoreException {
        int before = forced.get();
        deed.run();
        assertTrue(forced.get() > before, what);
    }

    @Test
    void whatIsReportedAsDoneIsOnDisk() throws Exception {
        try (Store store = open()) {
            int before = forced.get();
            long bare = store.createExperiment(ExperimentRecord.starting("bare", "array", "{}", 1 << 20,
                    Optional.empty(), Instant.EPOCH));
            assertTrue(forced.get() > before, "an experiment that begins");
            assertForced("its end", () -> store.finishExperiment(bare, "done"));
            recorded(store, "run", 3);
            long newest = store.find(CheckpointName.LATEST).orElseThrow().id();
            assertForced("a note", () -> store.annotate(newest, Annotation.of("note", List.of("tag"))));
            assertForced("a deletion", () -> store.delete(CheckpointName.of("run", 1)));
            assertForced("the deletion of an experiment", () -> store.deleteExperiment("run"));
        }
    }

    @Test
    void aFirstRecordingPutsRoomAsideForDeletionsOnAFullDisk() throws Exception {
        try (Store store = open()) {
            Path reserve = directory.resolve("store.reserve");
            assertFalse(Files.exists(reserve));
            boolean plenty = directory.toFile().getUsableSpace() >= 128L << 20;
            begin(store, "run").end("done");
            assertEquals(plenty, Files.exists(reserve));
        }
    }

    @Test
    void collectingTakesBootFilesThatNoExperimentNames() throws Exception {
        String hash = "5".repeat(64);
        try (Store store = open()) {
            new BootFiles(directory).put(hash, out -> out.write(1));
            assertTrue(store.bootFiles().find(hash).isPresent());
            store.gc(Progress.NONE);
            assertEquals(Optional.empty(), store.bootFiles().find(hash));
        }
    }

    @Test
    void aPathWithASemicolonIsRefusedAndMadeNowhere() throws Exception {
        // H2 takes what is behind it for a setting
        for (Path odd : List.of(directory.resolve("a;b"), Path.of(";store"))) {
            StoreException refused = assertThrows(StoreException.class, () -> Store.open(odd));
            assertEquals(Reason.REFUSED, refused.reason());
            assertTrue(refused.getMessage().contains("contains a semicolon"), refused.getMessage());
            assertFalse(Files.exists(odd));
        }
    }

    @Test
    void aSemicolonThatALinkOrTheWorkingFolderBringsInIsRefusedAsWell() throws Exception {
        Path odd = Files.createDirectories(directory.resolve("a;b").resolve("store"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), odd);
        StoreException refused = assertThrows(StoreException.class, () -> Store.open(link));
        assertEquals(Reason.REFUSED, refused.reason(), refused.getMessage());
        assertTrue(refused.getMessage().contains("semicolon"), refused.getMessage());
        try (Stream<Path> files = Files.list(odd)) {
            assertEquals(List.of(), files.toList());
        }
    }
}
