package dev.freezeframe.store.upkeep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.StepFiles;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.NewCheckpoint.NewImage;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.store.pack.PackDraft;
import dev.freezeframe.suite.Await;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The file of a store stays near its content without anybody collecting garbage.
class UpkeepTest {
    private static final int CHECKPOINTS = 600;
    private static final int PAGES = 256;
    /// As in [Upkeep], which has a thread by the first of them.
    private static final int COMMITS_PER_LOOK = 16;

    @Test
    void manyTinyCheckpointsMakeAFileOfAFewTimesTheirContentByItself(@TempDir Path directory) throws Exception {
        record(directory, CHECKPOINTS);
    }

    @Test
    @Tag("soak")
    void soDoTenThousand(@TempDir Path directory) throws Exception {
        record(directory, 10_000);
    }

    private static void record(Path directory, int checkpoints) throws Exception {
        long size;
        long content;
        // no disk is waited for
        try (Store store = Store.open(directory, StepFiles.register(directory, _ -> {}))) {
            long id = store.createExperiment(ExperimentRecord.starting("tiny", "array", "{}", PAGES * 4096L,
                    Optional.empty(), Instant.EPOCH));
            PageMap map = PageMap.allZero(PAGES);
            Random random = new Random(1);
            byte[] page = new byte[ChunkId.CHUNK_BYTES];
            long[] hash = new long[2];
            for (int number = 1; number <= checkpoints; number++) {
                try (WriteLease lease = store.beginWriting(); PackDraft draft = store.newPack(ChunkOrigin.RAM)) {
                    PageMap.Editor changed = map.edit();
                    PageClassMap.Builder classes = PageClassMap.builder(PAGES);
                    for (int i = 0; i < 4; i++) {
                        random.nextBytes(page);
                        changed.set(i * 50, draft.add(hashed(page, hash), 0, hash[0], hash[1]));
                        classes.add(i * 50, PageClass.NEW);
                    }
                    long bytes = store.write(lease, draft, 3);
                    PageMap next = changed.map();
                    CheckpointRecord stored = store.commit(lease, checkpoint(id, number, next, map, classes.map(),
                            bytes));
                    map = next.storedAs(stored.id());
                    store.putPicture(stored.id(), Picture.ofConsole("round " + number));
                }
                if (number % COMMITS_PER_LOOK == 0) {
                    // a disk that is waited for leaves upkeep its time, a busy computer without one does not
                    Await.untilAsleepInside(Upkeep.class, "awaitWork");
                }
            }
            store.finishExperiment(id, "done");
            size = store.sizeBytes();
            assertTrue(store.verify(Progress.NONE).isSound());
            store.gc(Progress.NONE);
            content = store.sizeBytes();
        }
        assertTrue(size <= Upkeep.FACTOR * content + Upkeep.ALLOWANCE_BYTES, size + " bytes for " + content);
        try (Store store = Store.open(directory)) {
            assertEquals(checkpoints, store.totals().getFirst().checkpoints());
        }
    }

    private static ByteBuffer hashed(byte[] page, long[] hash) {
        ByteBuffer content = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
        ChunkHash.xxh128().hash(content, 0, hash);
        return content;
    }

    private static NewCheckpoint checkpoint(long experiment, int number, PageMap map, PageMap before,
            PageClassMap classes, long bytes) {
        CaptureMetrics capture = GivenFigures.capture(Instant.EPOCH.plusSeconds(number), List.of(), 1000);
        Optional<PageMap> base = number == 1 ? Optional.empty() : Optional.of(before);
        return new NewCheckpoint(experiment, number, capture, classes, List.of(), bytes, System.nanoTime(),
                List.of(new NewImage(NewCheckpoint.RAM, PAGES * 4096L, map, base)));
    }

    @Test
    void itsThreadEndsWithTheStore(@TempDir Path directory) throws Exception {
        try (Store store = Store.open(directory, StepFiles.register(directory, _ -> {}))) {
            SyntheticExperiments experiment = SyntheticExperiments.begin(store, "run", 4L << 20, Duration.ofSeconds(1),
                    Instant.EPOCH, 1, Optional.empty());
            experiment.add(COMMITS_PER_LOOK);
            experiment.end("done");
            Await.untilAsleepInside(Upkeep.class, "awaitWork");
        }
        assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(each -> each.getName().equals(
                "store-upkeep")));
    }
}
