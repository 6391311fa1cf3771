package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.pack.ImageReader;
import dev.freezeframe.suite.Await;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// An image reads the same in whatever pieces and by however many threads, and what is open stays whole: nothing that deletes
/// or collects gets at it.
class ImageReaderTest {
    private static final String DISK = NewCheckpoint.disk("disk0");
    private static final int DISK_BYTES = (6 << 20) + 77;

    @TempDir
    private Path directory;

    @Test
    void anyPieceAtAnyAlignmentIsWhatWasThere() throws Exception {
        DiskGuest guest = recorded(4);
        try (Store store = Store.open(directory)) {
            Random random = new Random(2);
            for (CheckpointRecord checkpoint : guest.checkpoints) {
                byte[] expected = guest.remembered.get(checkpoint.number()).getFirst();
                try (ImageReader reader = store.openImage(checkpoint, DISK)) {
                    assertEquals(DISK_BYTES, reader.sizeBytes());
                    for (int i = 0; i < 300; i++) {
                        int at = random.nextInt(DISK_BYTES + 1);
                        int count = Math.min(random.nextInt(random.nextInt(300_000) + 1), DISK_BYTES - at);
                        ByteBuffer target = i % 2 == 0
                                ? ByteBuffer.allocate(count + 10)
                                : ByteBuffer
                                        .allocateDirect(count + 10);
                        reader.read(at, target.position(3).limit(3 + count));
                        assertEquals(3 + count, target.position());
                        byte[] read = new byte[count];
                        target.get(3, read);
                        assertArrayEquals(Arrays.copyOfRange(expected, at, at + count), read);
                    }
                    assertExtents(reader, expected, random);
                    for (long[] outside : new long[][]{{-1, 1}, {DISK_BYTES, 1}, {0, DISK_BYTES + 1},
                            {Long.MAX_VALUE, 1}}) {
                        assertThrows(IllegalArgumentException.class,
                                () -> reader.read(outside[0], ByteBuffer.allocate((int) outside[1])));
                        assertThrows(IllegalArgumentException.class,
                                () -> reader.forEachExtent(outside[0], outside[1], (_, _, _) -> true));
                    }
                }
            }
        }
    }

    private static void assertExtents(ImageReader reader, byte[] expected, Random random) {
        for (int i = 0; i < 50; i++) {
            int at = random.nextInt(DISK_BYTES);
            int length = random.nextInt(DISK_BYTES - at) + 1;
            long[] next = {at};
            int[] kind = {-1};
            reader.forEachExtent(at, length, (offset, count, isZero) -> {
                assertEquals(next[0], offset);
                assertTrue(count > 0);
                assertNotEquals(kind[0], isZero ? 0 : 1, "they are as long as can be");
                kind[0] = isZero ? 0 : 1;
                next[0] = offset + count;
                for (long each = offset; isZero && each < offset + count; each++) {
                    assertEquals(0, expected[(int) each]);
                }
                return true;
            });
            assertEquals(at + length, next[0]);
        }
        int[] calls = {0};
        reader.forEachExtent(0, DISK_BYTES, (_, _, _) -> ++calls[0] < 2);
        assertEquals(2, calls[0]);
    }

    @Test
    void manyThreadsReadBesideRecordingDeletingAndCollecting() throws Exception {
        try (Store store = Store.open(directory);
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT);
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            DiskGuest guest = new DiskGuest(store, dedup, "run", 3, DISK_BYTES);
            for (int i = 0; i < 4; i++) {
                guest.step(300);
            }
            CheckpointRecord second = guest.checkpoints.get(1);
            byte[] expected = guest.remembered.get(2).getFirst();
            AtomicBoolean done = new AtomicBoolean();
            List<Future<Integer>> reading = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                int seed = thread;
                reading.add(threads.submit(() -> readUntil(done, store, second, expected, seed)));
            }
            Optional<String> notShrunk;
            try {
                Await.until("the image is open", () -> !store.checkpointsInUse().isEmpty());
                // what the reader builds on, what builds on it and what is between: all go
                for (int number : new int[]{3, 1, 4}) {
                    guest.step(300);
                    store.delete(CheckpointName.of("run", number));
                    store.gc(Progress.NONE);
                }
                store.finishExperiment(guest.experimentId, "done");
                store.delete(CheckpointName.of("run", 5));
                notShrunk = store.gc(Progress.NONE).notShrunk();
            } finally {
                done.set(true);
            }
            assertTrue(notShrunk.isPresent(), "the file that they read from stays where it is");
            for (Future<Integer> each : reading) {
                assertTrue(each.get() > 0);
            }
            // nothing is recorded or read now, so this copies the file and puts the copy in its place
            assertEquals(Optional.empty(), store.gc(Progress.NONE).notShrunk());
            guest.assertIntact(store);
        }
    }

    private static int readUntil(AtomicBoolean done, Store store, CheckpointRecord checkpoint, byte[] expected,
            int seed)
            throws Exception {
        Random random = new Random(seed);
        int reads = 0;
        try (ImageReader reader = store.openImage(checkpoint, DISK)) {
            ByteBuffer target = ByteBuffer.allocate(64 << 10);
            while (!done.get() || reads == 0) {
                for (int at = seed == 0 ? 0 : random.nextInt(DISK_BYTES); at < DISK_BYTES; at += target.capacity()) {
                    int count = Math.min(target.capacity(), DISK_BYTES - at);
                    reader.read(at, target.clear().limit(count));
                    assertEquals(-1, Arrays.mismatch(Arrays.copyOfRange(expected, at, at + count),
                            Arrays.copyOf(target.array(), count)));
                    reads++;
                }
            }
        }
        return reads;
    }

    @Test
    void whatIsOpenCannotBeDeletedAndWhatIsClosedCan() throws Exception {
        DiskGuest guest = recorded(3);
        try (Store store = Store.open(directory)) {
            CheckpointRecord second = guest.checkpoints.get(1);
            ImageReader one = store.openImage(second, DISK);
            ImageReader two = store.openImage(second, DISK);
            ImageReader ram = store.openImage(second, NewCheckpoint.RAM);
            assertSame(one.map(), two.map(), "readers of an image share its map");
            assertEquals(Set.of(second.id()), store.checkpointsInUse());
            assertRefused("checkpoint run/2", () -> store.delete(second.name()));
            assertRefused("experiment run", () -> store.deleteExperiment("run"));
            one.close();
            one.close();
            two.close();
            assertRefused("checkpoint run/2", () -> store.delete(second.name()));
            // the others are free
            store.delete(CheckpointName.of("run", 1));
            byte[] page = new byte[ChunkId.CHUNK_BYTES];
            ram.read(0, ByteBuffer.wrap(page));
            StoreException closed = assertThrows(StoreException.class, () -> one.read(0, ByteBuffer.wrap(page)));
            assertEquals(1, closed.getMessage().lines().count());
            ram.close();
            assertEquals(Set.of(), store.checkpointsInUse());
            store.delete(second.name());
            assertEquals(Reason.NOT_FOUND,
                    assertThrows(StoreException.class, () -> store.openImage(second, DISK)).reason());
            assertEquals(Reason.NOT_FOUND, assertThrows(StoreException.class,
                    () -> store.openImage(guest.checkpoints.get(2), NewCheckpoint.disk("disk9"))).reason());
            assertEquals(Set.of(), store.checkpointsInUse());
            store.deleteExperiment("run");
        }
    }

    private static void assertRefused(String what, Executable deletion) {
        StoreException refused = assertThrows(StoreException.class, deletion);
        assertEquals(Reason.REFUSED, refused.reason());
        assertEquals(what + " cannot be deleted: checkpoint run/2 is in use by a machine or an export; end it first",
                refused.getMessage());
    }

    @Test
    void aReaderOfAClosedStoreSaysSo() throws Exception {
        DiskGuest guest = recorded(1);
        ImageReader reader;
        ByteBuffer target = ByteBuffer.allocate(1 << 20);
        try (Store store = Store.open(directory)) {
            reader = store.openImage(guest.checkpoints.getFirst(), DISK);
            reader.read(0, target);
        }
        StoreException closed = assertThrows(StoreException.class, () -> reader.read(0, target.clear()));
        assertEquals(1, closed.getMessage().lines().count());
        assertTrue(closed.getMessage().contains("closed"), closed.getMessage());
        reader.close();
    }

    @Test
    void anInterruptedReaderHarmsNoOther() throws Exception {
        DiskGuest guest = recorded(1);
        byte[] expected = guest.remembered.get(1).getFirst();
        try (Store store = Store.open(directory);
                ImageReader reader = store.openImage(guest.checkpoints.getFirst(), DISK)) {
            Thread thread = Thread.ofPlatform().start(() -> {
                Thread.currentThread().interrupt();
                try {
                    reader.read(0, ByteBuffer.allocate(DISK_BYTES));
                } catch (StoreException e) {
                    // being interrupted is a fair reason to fail
                }
            });
            thread.join();
            ByteBuffer all = ByteBuffer.allocate(DISK_BYTES);
            reader.read(0, all);
            assertArrayEquals(expected, all.array());
        }
    }

    private DiskGuest recorded(int checkpoints) throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            DiskGuest guest = new DiskGuest(store, dedup, "run", 1, DISK_BYTES);
            for (int i = 0; i < checkpoints; i++) {
                guest.step(300);
            }
            store.finishExperiment(guest.experimentId, "done");
            return guest;
        }
    }
}
