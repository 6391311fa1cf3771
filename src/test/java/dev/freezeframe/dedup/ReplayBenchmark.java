package dev.freezeframe.dedup;

import com.sun.management.OperatingSystemMXBean;
import dev.freezeframe.store.CheckpointMetrics;
import dev.freezeframe.store.CheckpointName;
import dev.freezeframe.store.ChunkId;
import dev.freezeframe.store.ExperimentRecord;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Stores successive RAM images of a guest as the checkpoints of an experiment, and prints what each cost: pages by class,
/// milliseconds, CPU, and the size of the store's file. Run its main with an empty or absent store directory and the image
/// files; the same images again make a second experiment, all duplicates.
final class ReplayBenchmark {
    private static final OperatingSystemMXBean PROCESS = ManagementFactory
            .getPlatformMXBean(OperatingSystemMXBean.class);

    private ReplayBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        Path directory = Path.of(arguments[0]);
        List<Path> images = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            images.add(Path.of(arguments[i]));
        }
        long started = System.nanoTime();
        try (Store store = Store.open(directory)) {
            System.out.printf("open %d ms%n", millisSince(started));
            replay(store, images);
            started = System.nanoTime();
        }
        System.out.printf("close %d ms, %.1f MB%n", millisSince(started),
                Files.size(directory.resolve("store.mv.db")) / 1e6);
        started = System.nanoTime();
        try (Store store = Store.open(directory)) {
            System.out.printf("open %d ms%n", millisSince(started));
            started = System.nanoTime();
            try (Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
                System.out.printf("index %d ms, %d chunks, %d bytes%n", millisSince(started), dedup.index().size(),
                        dedup.index().sizeBytes());
            }
            for (int run = 0; run < 3; run++) {
                started = System.nanoTime();
                ByteBuffer ram = ByteBuffer.allocateDirect((int) Files.size(images.getLast()));
                PageMap map = store.pageMap(store.find(CheckpointName.LATEST).orElseThrow().id(), "ram");
                long mapMillis = millisSince(started);
                store.readPages(map, 2, (page, count, content) -> ram.put(page * ChunkId.CHUNK_BYTES, content, 0,
                        count * ChunkId.CHUNK_BYTES));
                long readMillis = millisSince(started);
                try (FileChannel image = FileChannel.open(images.getLast())) {
                    boolean same = image.map(FileChannel.MapMode.READ_ONLY, 0, image.size()).equals(ram);
                    System.out.printf("read back in %d ms (map %d ms), %s%n", readMillis, mapMillis,
                            same ? "equal" : "DIFFERENT");
                }
            }
        }
    }

    private static void replay(Store store, List<Path> images) throws IOException {
        try (Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long ramBytes = Files.size(images.getFirst());
            long experiment = store
                    .createExperiment(ExperimentRecord.starting("replay-" + System.nanoTime(), "replay", "{}",
                            ramBytes, Optional.empty(), Instant.now()));
            Optional<PageMap> previous = Optional.empty();
            ByteBuffer before = ByteBuffer.allocateDirect((int) ramBytes);
            ByteBuffer contents = ByteBuffer.allocateDirect((int) ramBytes);
            int number = 0;
            for (Path path : images) {
                number++;
                int count = 0;
                int[] pages = new int[(int) (ramBytes / ChunkId.CHUNK_BYTES)];
                try (FileChannel image = FileChannel.open(path)) {
                    ByteBuffer now = image.map(FileChannel.MapMode.READ_ONLY, 0, ramBytes);
                    for (int page = 0; page < pages.length; page++) {
                        int at = page * ChunkId.CHUNK_BYTES;
                        if (!now.slice(at, ChunkId.CHUNK_BYTES).equals(before.slice(at, ChunkId.CHUNK_BYTES))) {
                            contents.put(count * ChunkId.CHUNK_BYTES, now, at, ChunkId.CHUNK_BYTES);
                            before.put(at, now, at, ChunkId.CHUNK_BYTES);
                            pages[count++] = page;
                        }
                    }
                }
                long cpu = PROCESS.getProcessCpuTime();
                long started = System.nanoTime();
                try (CheckpointWriter writer = dedup.begin(experiment, number, previous, ramBytes)) {
                    writer.addRam(pages, count, contents);
                    Path deviceState = path.resolveSibling(path.getFileName().toString().replace("img", "dev"));
                    if (!deviceState.equals(path) && Files.exists(deviceState)) {
                        writer.addImage("device-state", Files.readAllBytes(deviceState));
                    }
                    Committed committed = writer.commit(Recording.capture());
                    previous = Optional.of(committed.ram());
                    CheckpointMetrics m = committed.checkpoint().metrics();
                    System.out.printf(
                            "checkpoint %d: dirty %d = unchanged %d + zero %d + within %d + stored %d + new %d;"
                                    + " %.2f MB stored; %d ms (pipeline %d), %d ms CPU; file %.2f MB%n",
                            number, m.dirtyPages(), m.unchangedPages(), m.zeroPages(), m.duplicateWithinPages(),
                            m.duplicateStoredPages(), m.newPages(), m.storedBytes() / 1e6, millisSince(started),
                            m.pipelineMillis(), (PROCESS.getProcessCpuTime() - cpu) / 1_000_000,
                            store.sizeBytes() / 1e6);
                }
            }
            store.finishExperiment(experiment, "all images stored");
        }
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }
}
