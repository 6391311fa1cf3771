package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.freezeframe.store.CaptureMetrics;
import dev.freezeframe.store.CheckpointMetrics;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.ChunkId;
import dev.freezeframe.store.ExperimentRecord;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.PhaseMicros;
import dev.freezeframe.store.PreCopyMetrics;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What goes into a store comes out again, byte for byte, and is counted in the right class.
class DeduplicatorTest {
    private static final int PAGES = 2048;

    @TempDir
    private Path directory;

    @Test
    void everyCheckpointReadsBackByteForByte() throws IOException {
        Random random = new Random(1);
        byte[] ram = new byte[PAGES * ChunkId.CHUNK_BYTES];
        byte[][] after = new byte[12][];
        try (Store store = Store.open(directory.resolve("store"));
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long experiment = store.createExperiment(
                    ExperimentRecord.starting("run", "tiny", "{}", ram.length, Optional.empty(), Instant.now()));
            Optional<PageMap> previous = Optional.empty();
            for (int n = 0; n < after.length; n++) {
                try (CheckpointWriter writer = dedup.begin(experiment, n + 1, previous, ram.length)) {
                    for (int batch = 0; batch < 3; batch++) {
                        int[] pages = random.ints(100, 0, PAGES).toArray();
                        ByteBuffer contents = ByteBuffer.allocateDirect(100 * ChunkId.CHUNK_BYTES);
                        for (int i = 0; i < pages.length; i++) {
                            byte[] page = page(random);
                            contents.put(i * ChunkId.CHUNK_BYTES, page);
                            System.arraycopy(page, 0, ram, pages[i] * ChunkId.CHUNK_BYTES, page.length);
                        }
                        writer.addRam(pages, pages.length, contents);
                    }
                    byte[] state = new byte[13_001];
                    random.nextBytes(state);
                    writer.addImage("device-state", state);
                    Committed committed = writer.commit(capture());
                    previous = Optional.of(committed.ram());
                    CheckpointMetrics m = committed.checkpoint().metrics();
                    assertEquals(m.dirtyPages(),
                            m.unchangedPages() + m.zeroPages() + m.duplicatePages() + m.newPages());
                    assertArrayEquals(state, store.readImageBytes(committed.checkpoint().id(), "device-state"));
                }
                after[n] = ram.clone();
            }
        }
        try (Store store = Store.open(directory.resolve("store"))) {
            long experiment = store.experiments().getFirst().id();
            for (CheckpointRecord checkpoint : store.checkpoints(experiment)) {
                byte[] read = new byte[ram.length];
                store.readPages(store.pageMap(checkpoint.id(), "ram"), 2,
                        (page, count, content) -> content.get(read, page * ChunkId.CHUNK_BYTES,
                                count * ChunkId.CHUNK_BYTES));
                assertArrayEquals(after[checkpoint.number() - 1], read, "checkpoint " + checkpoint.number());
            }
        }
    }

    private static byte[] page(Random random) {
        byte[] page = new byte[ChunkId.CHUNK_BYTES];
        switch (random.nextInt(3)) {
            case 0 -> random.nextBytes(page);
            case 1 -> Arrays.fill(page, (byte) random.nextInt(20));
            default -> Arrays.fill(page, 0, 2000, (byte) random.nextInt(128));
        }
        return page;
    }

    static CaptureMetrics capture() {
        return new CaptureMetrics(Instant.now(), 1000, 0, 2800, PhaseMicros.NONE, PreCopyMetrics.NONE, 0);
    }
}
