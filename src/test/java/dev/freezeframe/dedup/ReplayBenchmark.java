package dev.freezeframe.dedup;

import com.sun.management.OperatingSystemMXBean;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.PageMap;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// Stores successive RAM images of a guest as the checkpoints of an experiment, and prints what each cost: pages by class,
/// milliseconds, CPU, and the size of the store's file. Run its main with an empty or absent store directory and the image
/// files; the same images again make a second experiment, all duplicates.
final class ReplayBenchmark {
    private static final OperatingSystemMXBean PROCESS = ManagementFactory
            .getPlatformMXBean(OperatingSystemMXBean.class);

    private static final int STEADY_CHECKPOINTS = Integer.getInteger("steady", 0);

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
                ByteBuffer ram = ByteBuffer.allocateDirect((int) Files.size(images.getLast()));
                started = System.nanoTime();
                PageMap map = store.pageMap(
                        store.find(CheckpointName.of(store.experiments().getLast().name(), images.size())).orElseThrow()
                                .id(),
                        "ram");
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
            int[] lastPages = {};
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
                lastPages = Arrays.copyOf(pages, count);
                long cpu = PROCESS.getProcessCpuTime();
                long started = System.nanoTime();
                try (CheckpointWriter writer = dedup.begin(experiment, number, previous, ramBytes, List.of())) {
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
            if (STEADY_CHECKPOINTS > 0) {
                steady(dedup, experiment, number, previous, ramBytes, lastPages, contents);
            }
            store.finishExperiment(experiment, "all images stored");
        }
    }

    /// Goes on with the pages of the last interval: incompressible ones get new random bytes, the others a new word. Prints
    /// CPU time of the whole process per checkpoint, warmed up.
    private static void steady(Deduplicator dedup, long experiment, int lastNumber, Optional<PageMap> lastRam,
            long ramBytes,
            int[] pages, ByteBuffer contents) throws IOException {
        Random random = new Random(1);
        PageProbe probe = new PageProbe();
        Optional<PageMap> previous = lastRam;
        List<Long> cpuMicros = new ArrayList<>();
        List<Long> wallMicros = new ArrayList<>();
        for (int n = 1; n <= STEADY_CHECKPOINTS; n++) {
            for (int i = 0; i < pages.length; i++) {
                int at = i * ChunkId.CHUNK_BYTES;
                int step = probe.looksCompressible(contents, at) ? ChunkId.CHUNK_BYTES : 8;
                for (int j = 0; j < ChunkId.CHUNK_BYTES; j += step) {
                    contents.putLong(at + j, random.nextLong());
                }
            }
            long cpu = PROCESS.getProcessCpuTime();
            long started = System.nanoTime();
            try (CheckpointWriter writer = dedup.begin(experiment, lastNumber + n, previous, ramBytes, List.of())) {
                writer.addRam(pages, pages.length, contents);
                previous = Optional.of(writer.commit(Recording.capture()).ram());
            }
            cpuMicros.add((PROCESS.getProcessCpuTime() - cpu) / 1000);
            wallMicros.add((System.nanoTime() - started) / 1000);
        }
        System.out.printf("steady: %d pages, CPU in µs %s%n", pages.length, cpuMicros);
        List<Long> warm = cpuMicros.subList(STEADY_CHECKPOINTS / 2, STEADY_CHECKPOINTS).stream().sorted().toList();
        List<Long> wall = wallMicros.subList(STEADY_CHECKPOINTS / 2, STEADY_CHECKPOINTS).stream().sorted().toList();
        System.out.printf("steady, second half: CPU median %d µs, wall median %d µs%n", warm.get(warm.size() / 2),
                wall.get(wall.size() / 2));
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }
}
