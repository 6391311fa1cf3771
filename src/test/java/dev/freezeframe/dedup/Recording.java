package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/// A guest made of an array: its pages are written at random, checkpointed into a store, and remembered, so that a test can
/// ask whether every checkpoint still reads back as it was.
final class Recording {
    final String name;
    final long experimentId;
    final byte[] ram;
    final Map<Integer, byte[]> remembered = new TreeMap<>();
    final List<CheckpointRecord> checkpoints = new ArrayList<>();
    private final Random random;
    private final Store store;
    private final Deduplicator dedup;
    private Optional<PageMap> previous = Optional.empty();
    private int number;

    Recording(Store store, Deduplicator dedup, String name, int pages, long seed) throws StoreException {
        this.store = store;
        this.dedup = dedup;
        this.name = name;
        this.ram = new byte[pages * ChunkId.CHUNK_BYTES];
        this.random = new Random(seed);
        this.experimentId = store.createExperiment(
                ExperimentRecord.starting(name, "array", "{}", ram.length, Optional.empty(), Instant.now()));
    }

    /// Writes `dirty` pages, half of them with random bytes, and takes a checkpoint.
    CheckpointRecord step(int dirty) throws StoreException {
        int[] pages = random.ints(0, ram.length / ChunkId.CHUNK_BYTES).distinct().limit(dirty).toArray();
        ByteBuffer contents = ByteBuffer.allocateDirect(Math.max(1, dirty) * ChunkId.CHUNK_BYTES);
        byte[] changed = ram.clone();
        for (int i = 0; i < dirty; i++) {
            byte[] page = somePage(random);
            contents.put(i * ChunkId.CHUNK_BYTES, page);
            System.arraycopy(page, 0, changed, pages[i] * ChunkId.CHUNK_BYTES, page.length);
        }
        return take(pages, contents, changed);
    }

    CheckpointRecord take(int[] pages, ByteBuffer contents, byte[] changed) throws StoreException {
        try (CheckpointWriter writer = dedup.begin(experimentId, number + 1, previous, ram.length, List.of())) {
            writer.addRam(pages, pages.length, contents);
            writer.addImage("device-state", deviceState(number + 1));
            Committed committed = writer.commit(capture());
            number++;
            System.arraycopy(changed, 0, ram, 0, ram.length);
            remembered.put(number, changed);
            checkpoints.add(committed.checkpoint());
            previous = Optional.of(committed.ram());
            return committed.checkpoint();
        }
    }

    private byte[] deviceState(int checkpoint) {
        byte[] state = new byte[9001];
        Arrays.fill(state, (byte) 7);
        state[4500] = (byte) checkpoint;
        return state;
    }

    /// Every checkpoint that the store has of it is as it was.
    void assertIntact(Store from) throws IOException {
        for (CheckpointRecord checkpoint : from.checkpoints(experimentId)) {
            assertArrayEquals(remembered.get(checkpoint.number()), read(from, checkpoint),
                    checkpoint.name().toString());
            assertArrayEquals(deviceState(checkpoint.number()), from.readImageBytes(checkpoint.id(), "device-state"));
        }
    }

    static byte[] read(Store store, CheckpointRecord checkpoint) throws IOException {
        PageMap map = store.pageMap(checkpoint.id(), "ram");
        byte[] read = new byte[map.pages() * ChunkId.CHUNK_BYTES];
        store.readPages(map, 2, (page, count, content) -> content.get(read, page * ChunkId.CHUNK_BYTES,
                count * ChunkId.CHUNK_BYTES));
        return read;
    }

    static byte[] somePage(Random random) {
        byte[] page = new byte[ChunkId.CHUNK_BYTES];
        switch (random.nextInt(4)) {
            case 0, 1 -> random.nextBytes(page);
            case 2 -> Arrays.fill(page, (byte) random.nextInt(20));
            default -> Arrays.fill(page, random.nextInt(2000), 4000, (byte) random.nextInt(128));
        }
        return page;
    }

    static CaptureMetrics capture() {
        return GivenFigures.capture(Instant.now(), List.of(), 1000, 3, 2800, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    }

    long pages() {
        return ram.length / ChunkId.CHUNK_BYTES;
    }

    Store store() {
        return store;
    }
}
