package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.FaultyDisk;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.suite.ExpectWarnings;
import dev.freezeframe.suite.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whenever the power fails, whatever of the writes before it is on the disk: the store opens, and each checkpoint that was
/// reported as stored is there, byte for byte. A disk that fills up costs the checkpoints that do not fit, and no other.
@Tag("slow")
@ExpectWarnings({"gave the file of store", "The file is locked"})
class PowerFailureTest {
    private static final int PAGES = 192;
    private static final int CHECKPOINTS = 24;
    /// Writes and forced writes; more than a checkpoint, a deletion and a collection take together.
    private static final int STEPS = 40;
    private static final int SEEDS = 6;
    private static final int MANY_SEEDS = Integer.getInteger("freezeframe.seeds", 1000);

    @TempDir
    private Path directory;

    private final Map<Integer, byte[]> reported = new TreeMap<>();
    private final List<Integer> deleted = new ArrayList<>();
    private int deleting;

    static LongStream seeds() {
        return Seeds.upTo(SEEDS);
    }

    static LongStream manySeeds() {
        return Seeds.upTo(MANY_SEEDS).skip(Math.min(SEEDS, MANY_SEEDS - 1));
    }

    @Tag("soak")
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("manySeeds")
    void noneOfManyPowerFailuresLosesACheckpoint(long seed) throws Exception {
        everyCheckpointThatWasReportedAsStoredOutlivesAPowerFailure(seed);
    }

    @Tag("soak")
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("manySeeds")
    void noneOfManyFullDisksCostsMore(long seed) throws Exception {
        aDiskThatFillsUpCostsOnlyWhatDoesNotFit(seed);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyCheckpointThatWasReportedAsStoredOutlivesAPowerFailure(long seed) throws Exception {
        Path before = Files.createDirectory(directory.resolve("before"));
        FaultyDisk disk = new FaultyDisk(before, seed);
        run(disk, seed);
        assertTrue(disk.isDark());
        Path after = Files.createDirectory(directory.resolve("after"));
        disk.restartIn(after);
        check(after, seed);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aDiskThatFillsUpCostsOnlyWhatDoesNotFit(long seed) throws Exception {
        FaultyDisk disk = new FaultyDisk(directory, seed);
        Random random = new Random(seed);
        try (Store store = disk.open(); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, seed);
            for (int i = 0; i < CHECKPOINTS; i++) {
                disk.setFull(random.nextInt(4) == 0);
                try {
                    recording.step(20);
                } catch (StoreException e) {
                    assertEquals(StoreException.Reason.DISK_FULL, e.reason(), "seed " + seed + ": " + e.getMessage());
                }
            }
            disk.setFull(false);
            recording.step(20);
            recording.assertIntact(store);
            assertEquals(recording.remembered.size(), store.checkpoints(recording.experimentId).size(), "seed " + seed);
            assertEquals(List.of(), store.verify(Progress.NONE).damages(), "seed " + seed);
        }
    }

    /// Records, deletes and collects until the power fails.
    private void run(FaultyDisk disk, long seed) throws IOException {
        Random random = new Random(seed);
        int last = random.nextInt(CHECKPOINTS + 1);
        try (Store store = disk.open(); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, seed);
            for (int i = 1; i <= CHECKPOINTS; i++) {
                if (i > last) {
                    disk.failPowerIn(1 + random.nextInt(STEPS));
                    last = CHECKPOINTS;
                }
                CheckpointRecord checkpoint = recording.step(10 + random.nextInt(40));
                reported.put(checkpoint.number(), recording.remembered.get(checkpoint.number()));
                store.putPicture(checkpoint.id(), Picture.ofConsole("checkpoint " + i));
                if (i > 4 && random.nextInt(3) == 0) {
                    deleting = new ArrayList<>(reported.keySet()).get(random.nextInt(reported.size() - 1));
                    byte[] content = reported.remove(deleting);
                    store.delete(CheckpointName.of("run", deleting));
                    assertTrue(content.length > 0);
                    deleted.add(deleting);
                }
                if (random.nextInt(6) == 0) {
                    store.gc(Progress.NONE);
                }
            }
            disk.failPowerIn(1 + random.nextInt(STEPS));
            while (!disk.isDark()) {
                recording.step(10);
            }
        } catch (StoreException e) {
            if (!disk.isDark()) {
                throw e;
            }
        }
    }

    private void check(Path after, long seed) throws IOException {
        try (Store store = Store.open(after)) {
            assertEquals(Optional.empty(), store.rolledBack(), "seed " + seed);
            assertEquals(List.of(), store.verify(Progress.NONE).damages(), "seed " + seed);
            Map<Integer, CheckpointRecord> found = new TreeMap<>();
            if (store.experiment("run").isPresent()) {
                store.checkpoints(store.experiment("run").get().id()).forEach(each -> found.put(each.number(), each));
            }
            for (Map.Entry<Integer, byte[]> each : reported.entrySet()) {
                assertTrue(found.containsKey(each.getKey()), "seed " + seed + ": lost " + each.getKey());
                assertArrayEquals(each.getValue(), Recording.read(store, found.get(each.getKey())), "seed " + seed);
            }
            deleted.forEach(number -> assertTrue(!found.containsKey(number), "seed " + seed + ": " + number
                    + " is back"));
            try (Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
                Recording next = new Recording(store, dedup, "next", PAGES, seed);
                next.step(30);
                next.assertIntact(store);
            }
        }
    }
}
