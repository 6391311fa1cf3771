package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.DiskRead;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ImageReader;
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

/// A guest whose RAM and disks are arrays. They are written at random, checkpointed into a store, and remembered, so that a
/// test can ask whether every disk of every checkpoint still reads back as it was.
final class DiskGuest {
    private static final int RAM_PAGES = 64;

    final String name;
    final long experimentId;
    final List<byte[]> disks = new ArrayList<>();
    final byte[] ram = new byte[RAM_PAGES * ChunkId.CHUNK_BYTES];
    final Map<Integer, List<byte[]>> remembered = new TreeMap<>();
    final List<CheckpointRecord> checkpoints = new ArrayList<>();
    private final Random random;
    private final Deduplicator dedup;
    private Optional<Committed> previous = Optional.empty();

    DiskGuest(Store store, Deduplicator dedup, String name, long seed, int... diskBytes) throws StoreException {
        this.name = name;
        this.dedup = dedup;
        this.random = new Random(seed);
        for (int bytes : diskBytes) {
            disks.add(new byte[bytes]);
        }
        experimentId = store.createExperiment(
                ExperimentRecord.starting(name, "array", "{}", ram.length, Optional.empty(), Instant.now()));
    }

    /// Writes blocks of all disks (content of all kinds, copies of RAM and of other blocks, zeros) and takes a checkpoint.
    CheckpointRecord step(int blocksPerDisk) throws StoreException {
        int number = checkpoints.size() + 1;
        List<DiskToStore> images = new ArrayList<>();
        List<DiskRead> reads = new ArrayList<>();
        for (int i = 0; i < disks.size(); i++) {
            int disk = i;
            String id = "disk" + disk;
            images.add(new DiskToStore(id, disks.get(disk).length,
                    previous.map(committed -> committed.disks().get(disk))));
            reads.add(new DiskRead(id, disks.get(disk).length, 1000L + disk, 2000L + disk));
        }
        try (CheckpointWriter writer = dedup.begin(experimentId, number, previous.map(Committed::ram), ram.length,
                images)) {
            int[] pages = random.ints(0, RAM_PAGES).distinct().limit(10).toArray();
            ByteBuffer contents = ByteBuffer.allocateDirect(pages.length * ChunkId.CHUNK_BYTES);
            for (int page : pages) {
                System.arraycopy(Recording.somePage(random), 0, ram, page * ChunkId.CHUNK_BYTES, ChunkId.CHUNK_BYTES);
                contents.put(ram, page * ChunkId.CHUNK_BYTES, ChunkId.CHUNK_BYTES);
            }
            writer.addRam(pages, pages.length, contents);
            for (int disk = 0; disk < disks.size(); disk++) {
                write(writer, disk, blocksPerDisk);
            }
            writer.addImage(NewCheckpoint.DEVICE_STATE, new byte[]{(byte) number});
            Committed committed = writer.commit(capture(reads));
            previous = Optional.of(committed);
            checkpoints.add(committed.checkpoint());
            remembered.put(number, disks.stream().map(byte[]::clone).toList());
            return committed.checkpoint();
        }
    }

    private void write(CheckpointWriter writer, int disk, int count) throws StoreException {
        byte[] content = disks.get(disk);
        int all = Math.ceilDiv(content.length, ChunkId.CHUNK_BYTES);
        int zeroed = random.nextInt(all);
        int zeros = random.nextInt(Math.min(20, all - zeroed)) + 1;
        if (random.nextInt(3) == 0) {
            zero(writer, disk, zeroed, zeros);
        }
        int[] blocks = random.ints(count, 0, all).toArray();
        // what is beyond the end of the disk must not matter
        ByteBuffer contents = ByteBuffer.allocateDirect(count * ChunkId.CHUNK_BYTES);
        for (int i = 0; i < count; i++) {
            byte[] block = someBlock();
            contents.put(i * ChunkId.CHUNK_BYTES, block);
            int at = blocks[i] * ChunkId.CHUNK_BYTES;
            System.arraycopy(block, 0, content, at, Math.min(ChunkId.CHUNK_BYTES, content.length - at));
        }
        writer.addBlocks(disk, blocks, count, contents);
        if (random.nextInt(3) == 0) {
            zero(writer, disk, zeroed, zeros);
        }
    }

    private void zero(CheckpointWriter writer, int disk, int first, int count) throws StoreException {
        writer.addZeroBlocks(disk, first, count);
        byte[] content = disks.get(disk);
        Arrays.fill(content, first * ChunkId.CHUNK_BYTES,
                Math.min(content.length, (first + count) * ChunkId.CHUNK_BYTES), (byte) 0);
    }

    private byte[] someBlock() {
        byte[] from = random.nextInt(3) == 0 ? ram : disks.get(random.nextInt(disks.size()));
        return switch (random.nextInt(4)) {
            case 0, 1 -> Recording.somePage(random);
            case 2 -> {
                int at = random.nextInt(from.length / ChunkId.CHUNK_BYTES + 1) * ChunkId.CHUNK_BYTES;
                yield Arrays.copyOf(Arrays.copyOfRange(from, at, Math.min(from.length, at + ChunkId.CHUNK_BYTES)),
                        ChunkId.CHUNK_BYTES);
            }
            default -> new byte[ChunkId.CHUNK_BYTES];
        };
    }

    /// Gives a disk another size, as a person may do while the guest runs.
    void resize(int disk, int bytes) {
        disks.set(disk, Arrays.copyOf(disks.get(disk), bytes));
    }

    Optional<PageMap> previousDisk(int disk) {
        return previous.map(committed -> committed.disks().get(disk));
    }

    /// Every disk of every checkpoint that the store has of it is as it was.
    void assertIntact(Store store) throws IOException {
        for (CheckpointRecord checkpoint : store.checkpoints(experimentId)) {
            List<byte[]> expected = remembered.get(checkpoint.number());
            for (int disk = 0; disk < expected.size(); disk++) {
                String image = NewCheckpoint.disk("disk" + disk);
                assertArrayEquals(expected.get(disk), read(store, checkpoint, image), checkpoint.name() + " " + image);
                assertEquals(expected.get(disk).length, checkpoint.metrics().disks().get(disk).sizeBytes());
            }
        }
    }

    static byte[] read(Store store, CheckpointRecord checkpoint, String image) throws IOException {
        try (ImageReader reader = store.openImage(checkpoint, image)) {
            ByteBuffer all = ByteBuffer.allocate((int) reader.sizeBytes());
            reader.read(0, all);
            return all.array();
        }
    }

    static CaptureMetrics capture(List<DiskRead> reads) {
        return GivenFigures.capture(Instant.now(), reads, 1000, 0, 2800, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    }
}
