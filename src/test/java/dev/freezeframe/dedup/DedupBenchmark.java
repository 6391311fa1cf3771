package dev.freezeframe.dedup;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.store.pack.PackDraft;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// Pages per microsecond on one core, straight from a direct buffer: 1 page/µs is 4.1 GB/s. Hash; hash and look-up in an
/// index of a million chunks; a whole checkpoint of pages that are all stored already, with and without comparing every byte.
/// Run the main.
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
        "-Xmx512m"})
public class DedupBenchmark {
    private static final int PAGES = 8192;

    @Param({"false", "true"})
    private boolean trustHash;

    private final ByteBuffer contents = ByteBuffer.allocateDirect(PAGES * ChunkId.CHUNK_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    private final int[] pages = IntStream.range(0, PAGES).toArray();
    private final ChunkHash hash = ChunkHash.xxh128();
    private final ChunkIndex index = new ChunkIndex(1L << 40);
    private Path directory;
    private Store store;
    private Deduplicator dedup;
    private long experiment;

    /// Runs all of them.
    public static void main(String[] arguments) throws RunnerException {
        new Runner(new OptionsBuilder().include(DedupBenchmark.class.getSimpleName()).build()).run();
    }

    @Setup(Level.Trial)
    public void open() throws IOException {
        Random random = new Random(1);
        for (int i = 0; i < contents.capacity(); i += 8) {
            contents.putLong(i, i / ChunkId.CHUNK_BYTES % 2 == 0 ? random.nextLong() : random.nextInt(100));
        }
        for (int i = 0; i < 1_000_000; i++) {
            index.add(random.nextLong(), random.nextLong(),
                    ChunkId.of(1 + i / PackDraft.CHUNKS, i % PackDraft.CHUNKS));
        }
        directory = Files.createTempDirectory("freezeframe-benchmark");
        store = Store.open(directory);
        dedup = new Deduplicator(store, DedupOptions.DEFAULT.withTrustHash(trustHash));
        experiment = store.createExperiment(ExperimentRecord.starting("benchmark", "array", "{}", contents.capacity(),
                Optional.empty(), Instant.now()));
        try (CheckpointWriter writer = dedup.begin(experiment, 1, Optional.<PageMap>empty(), contents.capacity(),
                List.of())) {
            writer.addRam(pages, PAGES, contents);
            writer.commit(Recording.capture());
        }
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        dedup.close();
        store.close();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long hash() {
        long[] result = new long[2];
        long sum = 0;
        for (int page = 0; page < PAGES; page++) {
            hash.hash(contents, page * ChunkId.CHUNK_BYTES, result);
            sum += result[0];
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long hashAndLookUp() {
        long[] result = new long[2];
        long[] candidates = new long[ChunkIndex.MAX_SAME_HASH];
        long found = 0;
        for (int page = 0; page < PAGES; page++) {
            hash.hash(contents, page * ChunkId.CHUNK_BYTES, result);
            found += index.find(result[0], result[1], candidates);
        }
        return found;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public void pagesThatAreStoredAlready() throws StoreException {
        try (CheckpointWriter writer = dedup.begin(experiment, 2, Optional.empty(), contents.capacity(), List.of())) {
            writer.addRam(pages, PAGES, contents);
        }
    }
}
