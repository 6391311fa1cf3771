package dev.freezeframe.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.pack.ImageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The store is compared with others on all that is in a checkpoint.
class StoreBenchTest {
    private static final long RAM_BYTES = 4 << 20;
    /// Ends within a block.
    private static final long ODD_BYTES = (1 << 20) + 512;

    @TempDir
    private Path folder;

    private static List<CheckpointRecord> withDisks(Store store, int checkpoints) throws IOException {
        SyntheticExperiments experiment = SyntheticExperiments.begin(store, "disks", RAM_BYTES, Duration.ofSeconds(1),
                Instant.parse("2026-11-22T10:15:00Z"), 1, Optional.empty()).withDisks(2 << 20, ODD_BYTES);
        experiment.add(checkpoints);
        experiment.end("all taken");
        return store.checkpoints(experiment.id());
    }

    @Test
    void thePeersGetMemoryEveryDiskAndTheDeviceState() throws IOException {
        try (Store store = Store.open(folder.resolve("store"))) {
            CheckpointRecord checkpoint = withDisks(store, 2).getLast();
            Path images = Files.createDirectory(folder.resolve("images"));
            StoreBench.write(store, checkpoint, images);
            try (Stream<Path> files = Files.list(images)) {
                assertEquals(new TreeSet<>(List.of("ram", "disk0", "disk1", "deviceState")), files.map(file -> file
                        .getFileName().toString()).collect(Collectors.toCollection(TreeSet::new)));
            }
            assertEquals(List.of("ram", "disk0", "disk1", "deviceState"), StoreBench.images(checkpoint));
            assertEquals(RAM_BYTES, Files.size(images.resolve("ram")));
            long bytes = 0;
            for (String name : StoreBench.images(checkpoint)) {
                bytes += Files.size(images.resolve(name));
            }
            assertEquals(bytes, StoreBench.imageBytes(checkpoint));
            for (String disk : List.of("disk0", "disk1")) {
                Path file = images.resolve(disk);
                try (ImageReader image = store.openImage(checkpoint, NewCheckpoint.disk(disk))) {
                    ByteBuffer content = ByteBuffer.allocateDirect((int) image.sizeBytes());
                    image.read(0, content);
                    byte[] expected = new byte[content.flip().remaining()];
                    content.get(expected);
                    assertArrayEquals(expected, Files.readAllBytes(file));
                }
                assertTrue(DiskRoom.bytes(file) < Files.size(file), "zero blocks are holes");
            }
        }
    }

    @Test
    @Tag("slow")
    void nothingOfTheImagesStaysAndAPeerThatIsNotThereIsToldSo() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            Path work = Files.createDirectory(folder.resolve("work"));
            List<StoreBench.Outcome> outcomes = StoreBench.compare(store, withDisks(store, 2),
                    List.of(ComparedBackup.BORG), work,
                    _ -> {});
            switch (outcomes.getFirst()) {
                case StoreBench.Compared compared -> {
                    assertEquals(2, compared.millis().size());
                    assertTrue(compared.storedBytes() > 0);
                }
                case StoreBench.NotInstalled none -> assertEquals(ComparedBackup.BORG, none.peer());
                case StoreBench.Failed failed -> throw new AssertionError(failed.reason());
            }
            try (Stream<Path> files = Files.list(work)) {
                assertEquals(List.of(work.resolve("borg")), files.toList());
            }
        }
    }
}
