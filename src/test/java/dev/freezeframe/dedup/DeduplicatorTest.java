package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.suite.Damaged;
import dev.freezeframe.suite.ExpectWarnings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What goes into a store comes out again, byte for byte, is kept once, and is counted in the right class.
class DeduplicatorTest {
    private static final int PAGES = 1024;

    @TempDir
    private Path directory;

    @Test
    void everyCheckpointReadsBackByteForByteAfterReopening() throws Exception {
        Recording recording;
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            recording = new Recording(store, dedup, "run", PAGES, 1);
            for (int i = 0; i < 40; i++) {
                recording.step(i % 7 == 3 ? 0 : 40);
            }
            recording.assertIntact(store);
        }
        try (Store store = Store.open(directory)) {
            recording.assertIntact(store);
            assertEquals(recording.checkpoints, store.checkpoints(recording.experimentId));
            assertEquals(recording.checkpoints.getLast(), store.find(CheckpointName.LATEST).orElseThrow());
            assertEquals(recording.checkpoints.get(4), store.find(CheckpointName.parse("run/5")).orElseThrow());
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    @Test
    void everyDirtyPageIsCountedInItsClass() throws Exception {
        Random random = new Random(5);
        byte[] a = random(random);
        byte[] b = random(random);
        byte[] zero = new byte[ChunkId.CHUNK_BYTES];
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = experiment(store, "classes", 16);
            PageMap first;
            try (CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), 16 * ChunkId.CHUNK_BYTES, List.of())) {
                writer.addRam(new int[]{1, 2, 3}, 3, buffer(a, a, zero));
                Committed committed = writer.commit(Recording.capture());
                assertClasses(committed.checkpoint().metrics(), 0, 1, 1, 0, 1);
                first = committed.ram();
            }
            try (CheckpointWriter writer = dedup.begin(id, 2, Optional.of(first), 16 * ChunkId.CHUNK_BYTES,
                    List.of())) {
                // page 1 stays, 2 becomes zero, 3 stays zero, 4 is what 1 was, 5 and 6 are new and equal, 7 is added twice
                writer.addRam(new int[]{1, 2, 3, 4, 5, 6, 7, 7}, 8, buffer(a, zero, zero, a, b, b, random(random), a));
                Committed committed = writer.commit(Recording.capture());
                assertClasses(committed.checkpoint().metrics(), 2, 1, 1, 2, 1);
                assertEquals(16, committed.checkpoint().metrics().ramPages());
            }
        }
    }

    private static void assertClasses(CheckpointMetrics m, long unchanged, long zero, long within, long stored,
            long fresh) {
        assertEquals(List.of(unchanged, zero, within, stored, fresh), List.of(m.unchangedPages(), m.zeroPages(),
                m.duplicateWithinPages(), m.duplicateStoredPages(), m.newPages()));
        assertEquals(within + stored, m.duplicatePages());
        assertEquals(m.dirtyPages(), m.unchangedPages() + m.zeroPages() + m.duplicatePages() + m.newPages());
    }

    @Test
    void aPageThatIsReplacedBeforeTheCommitIsNotStored() throws Exception {
        Random random = new Random(6);
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = experiment(store, "replaced", 512);
            byte[] last = random(random);
            try (CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), 512 * ChunkId.CHUNK_BYTES, List.of())) {
                for (int i = 0; i < 400; i++) {
                    writer.addRam(new int[]{9, 10}, 2, buffer(random(random), last));
                }
                Committed committed = writer.commit(Recording.capture());
                assertEquals(2, committed.checkpoint().metrics().newPages());
                assertEquals(2, dedup.index().size());
                ByteBuffer read = ByteBuffer.allocate(ChunkId.CHUNK_BYTES);
                store.readChunk(committed.ram().chunkId(10), read);
                assertArrayEquals(last, read.array());
            }
        }
    }

    @Test
    void anotherExperimentFindsWhatOneStored() throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            new Recording(store, dedup, "one", PAGES, 3).step(500);
        }
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording two = new Recording(store, dedup, "two", PAGES, 3);
            CheckpointMetrics metrics = two.step(500).metrics();
            assertEquals(0, metrics.newPages());
            assertEquals(500, metrics.duplicateStoredPages() + metrics.zeroPages());
            two.assertIntact(store);
        }
    }

    @Test
    @Damaged("its hashes are crafted")
    void hashCollisionsCorruptNothing() throws Exception {
        // three hash values for all contents, as if a guest could craft collisions at will
        ChunkHash colliding = (contents, position, result) -> {
            result[0] = Math.floorMod(contents.getLong(position), 3);
            result[1] = 0;
        };
        try (Store store = Store.open(directory);
                Deduplicator dedup = Deduplicator.with(store, DedupOptions.DEFAULT, colliding, 1 << 20)) {
            Recording recording = new Recording(store, dedup, "crafted", PAGES, 8);
            for (int i = 0; i < 10; i++) {
                recording.step(200);
            }
            recording.assertIntact(store);
            assertTrue(dedup.index().size() <= 3 * ChunkIndex.MAX_SAME_HASH);
        }
        try (Store store = Store.open(directory);
                Deduplicator dedup = Deduplicator.with(store, DedupOptions.DEFAULT.withTrustHash(true), colliding,
                        1 << 20)) {
            Recording recording = new Recording(store, dedup, "trusting", PAGES, 9);
            recording.step(200);
            assertThrows(AssertionError.class, () -> recording.assertIntact(store), "the collisions were real");
        }
    }

    @Test
    @Tag("soak")
    @ExpectWarnings("the index of stored chunks has reached its bound")
    void anIndexWithoutRoomCostsDeduplicationOnly() throws Exception {
        Recording recording;
        int known = 0;
        try (Store store = Store.open(directory);
                Deduplicator dedup = Deduplicator.with(store, DedupOptions.DEFAULT, ChunkHash.xxh128(),
                        ChunkIndex.MIN_BYTES)) {
            recording = new Recording(store, dedup, "long", 4096, 16);
            for (int i = 0; i < 12; i++) {
                known += (int) recording.step(3000).metrics().newPages();
                assertTrue(dedup.index().sizeBytes() <= ChunkIndex.MIN_BYTES);
            }
            assertTrue(dedup.index().size() < known / 2, dedup.index().size() + " of " + known);
            recording.assertIntact(store);
        }
        try (Store store = Store.open(directory);
                Deduplicator dedup = Deduplicator.with(store, DedupOptions.DEFAULT, ChunkHash.xxh128(),
                        ChunkIndex.MIN_BYTES)) {
            assertTrue(dedup.index().sizeBytes() <= ChunkIndex.MIN_BYTES);
            Recording again = new Recording(store, dedup, "again", 4096, 16);
            for (int i = 0; i < 12; i++) {
                again.step(3000);
            }
            assertTrue(dedup.index().sizeBytes() <= ChunkIndex.MIN_BYTES);
            again.assertIntact(store);
            recording.assertIntact(store);
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    @Test
    @ExpectWarnings("the index of stored chunks has reached its bound")
    void theNewestChunksAreFoundAgainWhenTheIndexHasNoRoomForAll() throws Exception {
        byte[][] pages = new byte[6000][];
        Random random = new Random(17);
        Arrays.setAll(pages, _ -> random(random));
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            commit(dedup, experiment(store, "one", pages.length), pages);
        }
        try (Store store = Store.open(directory);
                Deduplicator dedup = Deduplicator.with(store, DedupOptions.DEFAULT, ChunkHash.xxh128(),
                        ChunkIndex.MIN_BYTES)) {
            byte[][] newest = Arrays.copyOfRange(pages, 5500, 6000);
            CheckpointMetrics metrics = commit(dedup, experiment(store, "two", newest.length), newest);
            assertEquals(500, metrics.duplicateStoredPages());
        }
    }

    @Test
    void deduplicatorsOfAStoreShareOneIndexUntilTheLastIsClosed() throws Exception {
        try (Store store = Store.open(directory)) {
            Deduplicator one = new Deduplicator(store, DedupOptions.DEFAULT);
            Deduplicator two = new Deduplicator(store, DedupOptions.DEFAULT.withTrustHash(true));
            assertSame(one.index(), two.index());
            one.close();
            one.close();
            new Recording(store, two, "run", PAGES, 18).step(100);
            long known = two.index().size();
            assertTrue(known > 0, "closing one twice does not end the other");
            two.close();
            try (Deduplicator three = new Deduplicator(store, DedupOptions.DEFAULT)) {
                assertNotSame(two.index(), three.index());
                assertEquals(known, three.index().size());
            }
        }
    }

    private static CheckpointMetrics commit(Deduplicator dedup, long experimentId, byte[]... pages)
            throws StoreException {
        try (CheckpointWriter writer = dedup.begin(experimentId, 1, Optional.empty(),
                (long) pages.length * ChunkId.CHUNK_BYTES, List.of())) {
            writer.addRam(IntStream.range(0, pages.length).toArray(), pages.length, buffer(pages));
            return writer.commit(Recording.capture()).checkpoint().metrics();
        }
    }

    @Test
    void anAbortedCheckpointLeavesNothingToSeeOrToReferTo() throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 10);
            recording.step(100);
            long known = dedup.index().size();
            try (CheckpointWriter writer = dedup.begin(recording.experimentId, 2, Optional.empty(),
                    recording.ram.length, List.of())) {
                writer.addRam(new int[]{5}, 1, buffer(random(new Random(11))));
            }
            assertEquals(known, dedup.index().size());
            assertEquals(1, store.checkpoints(recording.experimentId).size());
            recording.step(100);
            recording.assertIntact(store);
        }
    }

    @Test
    @Tag("slow")
    void severalRecordingsAndReadersShareAStore() throws Exception {
        try (Store store = Store.open(directory);
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT);
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Recording> recordings = new ArrayList<>();
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                // the same seed for all: they store the same contents at the same time
                Recording recording = new Recording(store, dedup, "run-" + i, PAGES, 12);
                recordings.add(recording);
                running.add(threads.submit(() -> {
                    for (int n = 0; n < 12; n++) {
                        recording.step(150);
                    }
                    return null;
                }));
            }
            running.add(threads.submit(() -> {
                for (int n = 0; n < 5; n++) {
                    store.gc(Progress.NONE);
                    Optional<CheckpointRecord> latest = store.find(CheckpointName.LATEST);
                    if (latest.isPresent()) {
                        Recording.read(store, latest.get());
                    }
                }
                return null;
            }));
            for (Future<?> each : running) {
                each.get();
            }
            for (Recording recording : recordings) {
                recording.assertIntact(store);
            }
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    @Test
    void anInterruptedReaderDoesNotCloseTheStoreForOthers() throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 13);
            recording.step(900);
        }
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            CheckpointRecord checkpoint = store.find(CheckpointName.LATEST).orElseThrow();
            Thread reader = Thread.ofPlatform().start(() -> {
                try {
                    Thread.currentThread().interrupt();
                    Recording.read(store, checkpoint);
                } catch (IOException e) {
                    // being interrupted is a fair reason to fail
                }
            });
            reader.join();
            Recording recording = new Recording(store, dedup, "after", PAGES, 14);
            recording.step(100);
            recording.assertIntact(store);
        }
    }

    @Test
    void theNewestCheckpointOfARunningRecordingCannotBeDeleted() throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 15);
            recording.step(10);
            recording.step(10);
            assertThrows(StoreException.class, () -> store.delete(CheckpointName.of("run", 2)));
            assertThrows(StoreException.class, () -> store.deleteExperiment("run"));
            store.delete(CheckpointName.of("run", 1));
            store.gc(Progress.NONE);
            recording.step(10);
            recording.assertIntact(store);
            assertFalse(store.find(CheckpointName.of("run", 1)).isPresent());
        }
    }

    private static long experiment(Store store, String name, int pages) throws StoreException {
        return store.createExperiment(ExperimentRecord.starting(name, "array", "{}", (long) pages * ChunkId.CHUNK_BYTES,
                Optional.empty(), Instant.now()));
    }

    private static byte[] random(Random random) {
        byte[] page = new byte[ChunkId.CHUNK_BYTES];
        random.nextBytes(page);
        return page;
    }

    private static ByteBuffer buffer(byte[]... pages) {
        ByteBuffer contents = ByteBuffer.allocateDirect(pages.length * ChunkId.CHUNK_BYTES);
        for (byte[] page : pages) {
            contents.put(page);
        }
        return contents;
    }

    @Test
    void anIndexThatWasGivenUpHearsOfNoChunkAnyMore() throws Exception {
        try (Store store = Store.open(directory)) {
            Deduplicator gone = new Deduplicator(store, DedupOptions.DEFAULT);
            ChunkIndex index = gone.index();
            gone.close();
            try (Deduplicator next = new Deduplicator(store, DedupOptions.DEFAULT)) {
                new Recording(store, next, "run", PAGES, 19).step(100);
                assertTrue(next.index().size() > 0);
            }
            assertEquals(0, index.size(), "or it would stay in memory as long as the store is open");
        }
    }
}
