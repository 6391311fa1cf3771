package dev.freezeframe.dedup;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.pack.ImageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// Stores a disk image as the first checkpoint of an experiment, then twenty more in which one block in a hundred was
/// written, and prints what storing cost and how fast the first and the last are read back: onward
/// in requests of several sizes, and 4 KiB at random. Run its main with an empty or absent store directory and the image file;
/// without the file, with a store that it made before.
final class ImageReadBenchmark {
    private static final int CHECKPOINTS = 21;
    private static final int AT_ONCE = 1024;
    /// 1 makes every checkpoint a scatter of single blocks, the worst that there is to read.
    private static final int LONGEST_RUN = Integer.getInteger("run", 64);

    private ImageReadBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        Path directory = Path.of(arguments[0]);
        if (arguments.length > 1) {
            try (Store store = Store.open(directory);
                    Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
                record(store, dedup, Path.of(arguments[1]));
            }
            System.out.printf("file %.1f MB%n", Files.size(directory.resolve("store.mv.db")) / 1e6);
        }
        for (int number : new int[]{1, CHECKPOINTS}) {
            for (int requestBytes : new int[]{64 << 10, 256 << 10, 2 << 20}) {
                // opened anew, so that nothing is in memory
                try (Store store = Store.open(directory)) {
                    onward(store, number, requestBytes);
                }
            }
            try (Store store = Store.open(directory)) {
                random(store, number);
            }
        }
    }

    private static void record(Store store, Deduplicator dedup, Path image) throws IOException {
        Random random = new Random(1);
        long id = store.createExperiment(
                ExperimentRecord.starting("disk", "array", "{}", ChunkId.CHUNK_BYTES, Optional.empty(), Instant.now()));
        ByteBuffer contents = ByteBuffer.allocateDirect(AT_ONCE * ChunkId.CHUNK_BYTES);
        int[] blocks = new int[AT_ONCE];
        Committed committed = null;
        try (FileChannel file = FileChannel.open(image)) {
            long size = file.size();
            int last = (int) (size / ChunkId.CHUNK_BYTES);
            for (int number = 1; number <= CHECKPOINTS; number++) {
                long started = System.nanoTime();
                var disk = new DiskToStore("disk0", size,
                        Optional.ofNullable(committed).map(before -> before.disks().getFirst()));
                try (CheckpointWriter writer = dedup.begin(id, number,
                        Optional.ofNullable(committed).map(Committed::ram), ChunkId.CHUNK_BYTES, List.of(disk))) {
                    if (number == 1) {
                        for (int block = 0; block < last; block += AT_ONCE) {
                            file.read(contents.clear(), (long) block * ChunkId.CHUNK_BYTES);
                            int count = Math.min(AT_ONCE, last - block);
                            for (int i = 0; i < count; i++) {
                                blocks[i] = block + i;
                            }
                            writer.addBlocks(0, blocks, count, contents);
                        }
                    } else {
                        for (int done = 0; done < last / 100; done += AT_ONCE) {
                            rewrite(file, last, random, blocks, contents);
                            writer.addBlocks(0, blocks, AT_ONCE, contents);
                        }
                    }
                    committed = writer.commit(Recording.capture());
                }
                DiskMetrics m = committed.checkpoint().metrics().disks().getFirst();
                System.out.printf("store %2d: dirty %d unchanged %d zero %d disk %d ram %d new %d, %.1f MB, %d ms%n",
                        number, m.dirtyBlocks(), m.unchangedBlocks(), m.zeroBlocks(), m.duplicateDiskBlocks(),
                        m.duplicateRamBlocks(), m.newBlocks(), m.storedBytes() / 1e6, millisSince(started));
            }
        }
    }

    /// Runs of up to [#LONGEST_RUN] blocks, one in ten of them a copy of another place, the others new.
    private static void rewrite(FileChannel file, int last, Random random, int[] blocks, ByteBuffer contents)
            throws IOException {
        for (int i = 0; i < AT_ONCE;) {
            int run = Math.min(1 + random.nextInt(LONGEST_RUN), AT_ONCE - i);
            int to = random.nextInt(last - run);
            int from = random.nextInt(last - run);
            boolean copy = random.nextInt(10) == 0;
            for (int j = 0; j < run; j++, i++) {
                blocks[i] = to + j;
                int at = i * ChunkId.CHUNK_BYTES;
                file.read(contents.clear().position(at).limit(at + ChunkId.CHUNK_BYTES),
                        (long) (from + j) * ChunkId.CHUNK_BYTES);
                if (!copy) {
                    contents.clear().putLong(at + random.nextInt(512) * 8, random.nextLong());
                }
            }
        }
    }

    private static void onward(Store store, int number, int requestBytes) throws IOException {
        CheckpointRecord checkpoint = store.find(CheckpointName.of("disk", number)).orElseThrow();
        ByteBuffer target = ByteBuffer.allocateDirect(requestBytes);
        long opening = System.nanoTime();
        try (ImageReader reader = store.openImage(checkpoint, NewCheckpoint.disk("disk0"))) {
            long started = System.nanoTime();
            for (long at = 0; at < reader.sizeBytes(); at += requestBytes) {
                reader.read(at, target.clear().limit((int) Math.min(requestBytes, reader.sizeBytes() - at)));
            }
            double seconds = (System.nanoTime() - started) / 1e9;
            System.out.printf("checkpoint %d, onward, %d KiB: %.0f MB/s, opened in %d ms%n", number, requestBytes >> 10,
                    reader.sizeBytes() / seconds / 1e6, (started - opening) / 1_000_000);
        }
    }

    private static void random(Store store, int number) throws IOException {
        CheckpointRecord checkpoint = store.find(CheckpointName.of("disk", number)).orElseThrow();
        ByteBuffer target = ByteBuffer.allocateDirect(ChunkId.CHUNK_BYTES);
        Random random = new Random(2);
        try (ImageReader reader = store.openImage(checkpoint, NewCheckpoint.disk("disk0"))) {
            long range = reader.sizeBytes() - ChunkId.CHUNK_BYTES;
            for (long within : new long[]{range, 32 << 20, 32 << 20}) {
                int reads = within == range ? 4000 : 100_000;
                long started = System.nanoTime();
                for (int i = 0; i < reads; i++) {
                    reader.read((long) (random.nextDouble() * within), target.clear());
                }
                System.out.printf("checkpoint %d, 4 KiB at random within %d MiB: %.1f µs each%n", number, within >> 20,
                        (System.nanoTime() - started) / 1e3 / reads);
            }
        }
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }
}
