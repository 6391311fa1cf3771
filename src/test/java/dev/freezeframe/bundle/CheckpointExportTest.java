package dev.freezeframe.bundle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// An exported file is the checkpoint's RAM byte for byte, or it is not there at all.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CheckpointExportTest {
    private static final int PAGES = 4096;
    private static final int CONTENT_PAGES = 1200;

    private final byte[] ram = new byte[PAGES * ChunkId.CHUNK_BYTES];
    private final byte[] devices = new byte[13_001];
    private Store store;
    private CheckpointRecord checkpoint;
    private Path folder;

    @BeforeAll
    void record(@TempDir Path directory) throws Exception {
        store = Store.open(directory.resolve("store"));
        Random random = new Random(1);
        random.nextBytes(devices);
        int[] pages = IntStream.range(0, PAGES).filter(page -> page % 1000 < 300).limit(CONTENT_PAGES).toArray();
        ByteBuffer contents = ByteBuffer.allocateDirect(pages.length * ChunkId.CHUNK_BYTES);
        byte[] page = new byte[ChunkId.CHUNK_BYTES];
        for (int each : pages) {
            random.nextBytes(page);
            contents.put(page);
            System.arraycopy(page, 0, ram, each * page.length, page.length);
        }
        try (Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = store.createExperiment(
                    ExperimentRecord.starting("run", "array", "{}", ram.length, Optional.empty(), Instant.now()));
            try (CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), ram.length, List.of())) {
                writer.addRam(pages, pages.length, contents);
                writer.addImage("device-state", devices);
                checkpoint = writer.commit(
                        GivenFigures.capture(Instant.now(), List.of(), 1000))
                        .checkpoint();
            }
            store.finishExperiment(id, "done");
        }
    }

    @AfterAll
    void close() throws Exception {
        store.close();
    }

    @BeforeEach
    void folder(@TempDir Path temporary) {
        folder = temporary;
    }

    @Test
    void theFileIsTheRamByteForByteSparseAndTheOwnersOnly() throws Exception {
        Path file = folder.resolve("ram.img");
        assertEquals(ram.length, new CheckpointExport(store).writeRam(checkpoint, file, false, Progress.NONE));
        assertArrayEquals(ram, Files.readAllBytes(file));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        long blocks = new ProcessBuilder("stat", "-c", "%b", file.toString()).start().inputReader().lines()
                .mapToLong(Long::parseLong).sum();
        assertTrue(blocks * 512 < CONTENT_PAGES * 4096L * 5 / 4, blocks * 512 + " bytes on disk");
        assertEquals(List.of(file), files());
    }

    @Test
    void theDeviceStateIsAsQemuWroteIt() throws Exception {
        Path file = folder.resolve("devices");
        assertEquals(devices.length, new CheckpointExport(store).writeDeviceState(checkpoint, file, false));
        assertArrayEquals(devices, Files.readAllBytes(file));
        assertEquals(List.of(file), files());
    }

    @Test
    void aFileThatIsThereIsReplacedOnlyWhenAskedTo() throws Exception {
        Path file = Files.writeString(folder.resolve("precious"), "mine");
        IOException refused = assertThrows(IOException.class,
                () -> new CheckpointExport(store).writeRam(checkpoint, file, false, Progress.NONE));
        assertFalse(refused.getMessage().contains("\n"));
        assertEquals("mine", Files.readString(file));
        new CheckpointExport(store).writeRam(checkpoint, file, true, Progress.NONE);
        assertArrayEquals(ram, Files.readAllBytes(file));
        Path directory = Files.createDirectory(folder.resolve("directory"));
        assertThrows(IOException.class,
                () -> new CheckpointExport(store).writeRam(checkpoint, directory, true, Progress.NONE));
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
        assertThrows(IOException.class,
                () -> new CheckpointExport(store).writeRam(checkpoint, link, true, Progress.NONE));
        assertEquals(List.of(directory, link, file), files());
    }

    @Test
    void cancellingLeavesNothingBehindAndTheOldFileAsItWas() throws Exception {
        Path file = Files.writeString(folder.resolve("precious"), "mine");
        for (Path target : List.of(file, folder.resolve("new"))) {
            assertThrows(CancellationException.class,
                    () -> new CheckpointExport(store).writeRam(checkpoint, target, true, (step, done, total) -> {
                        if (done > total / 2) {
                            throw new CancellationException();
                        }
                    }));
        }
        assertEquals("mine", Files.readString(file));
        assertEquals(List.of(file), files());
    }

    @Test
    void aCheckpointThatIsBeingExportedCannotBeDeleted() throws Exception {
        Path file = folder.resolve("ram");
        List<StoreException> refused = new ArrayList<>();
        new CheckpointExport(store).writeRam(checkpoint, file, false, (step, done, total) -> {
            if (done == 0) {
                refused.add(assertThrows(StoreException.class, () -> store.delete(checkpoint.name())));
                refused.add(assertThrows(StoreException.class, () -> store.deleteExperiment("run")));
            }
        });
        assertEquals(List.of(StoreException.Reason.REFUSED, StoreException.Reason.REFUSED), refused.stream().map(
                StoreException::reason).toList());
        assertArrayEquals(ram, Files.readAllBytes(file));
        assertEquals(Set.of(), store.checkpointsInUse());
    }

    @Test
    void anInterruptCancelsToo() throws Exception {
        Thread.currentThread().interrupt();
        assertThrows(IOException.class,
                () -> new CheckpointExport(store).writeRam(checkpoint, folder.resolve("new"), false, Progress.NONE));
        assertTrue(Thread.interrupted());
        assertEquals(List.of(), files());
        assertEquals(1, store.experiments().size(), "the store still works");
    }

    @Test
    void progressCountsUpToEveryPageWithContent() throws Exception {
        List<Long> counts = new ArrayList<>();
        new CheckpointExport(store).writeRam(checkpoint, folder.resolve("ram"), false, (step, done, total) -> {
            assertEquals(CONTENT_PAGES, total);
            counts.add(done);
        });
        assertEquals(counts.stream().sorted().toList(), counts);
        assertEquals(CONTENT_PAGES, counts.getLast());
    }

    @Test
    void aFolderThatIsNotThereIsAClearError() {
        Path file = folder.resolve("missing").resolve("ram");
        String message = assertThrows(IOException.class,
                () -> new CheckpointExport(store).writeRam(checkpoint, file, false, Progress.NONE)).getMessage();
        assertEquals(file + " cannot be written: its folder does not exist; create it first", message);
    }

    @Test
    void filesOfOneExportComeTogetherOrNotAtAll() throws Exception {
        Path old = Files.writeString(folder.resolve("old"), "mine");
        Path fresh = folder.resolve("fresh");
        try (CheckpointExport.Batch together = new CheckpointExport.Batch()) {
            CheckpointExport export = new CheckpointExport(store, together);
            export.writeRam(checkpoint, old, true, Progress.NONE);
            export.writeDeviceState(checkpoint, fresh, false);
            assertThrows(IOException.class, () -> export.writeDisk(checkpoint, "disk0", folder.resolve("disk"),
                    CheckpointExport.DiskFormat.RAW, false, Progress.NONE));
        }
        assertEquals("mine", Files.readString(old));
        assertEquals(List.of(old), files());
        try (CheckpointExport.Batch together = new CheckpointExport.Batch()) {
            CheckpointExport export = new CheckpointExport(store, together);
            export.writeRam(checkpoint, old, true, Progress.NONE);
            export.writeDeviceState(checkpoint, fresh, false);
            together.commit();
        }
        assertArrayEquals(ram, Files.readAllBytes(old));
        assertArrayEquals(devices, Files.readAllBytes(fresh));
        assertEquals(List.of(fresh, old), files());
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
