package dev.freezeframe.cli;

import dev.freezeframe.experiment.bench.PauseBench;
import dev.freezeframe.experiment.bench.Peer;
import dev.freezeframe.experiment.bench.StoreBench;
import dev.freezeframe.experiment.bench.Workload;
import dev.freezeframe.machine.MachineSpec;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.Store;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe bench store`: what checkpoints take in the store, against borg and restic on the same images.
@Command(name = "store", mixinStandardHelpOptions = true, sortOptions = false, header = "What checkpoints take in the store, compared with borg and restic where they are installed.", footer = {
        "  Eight checkpoints, and the same in borg and restic:",
        "    freezeframe bench store",
        "  The store alone, more of them:",
        "    freezeframe bench store --no-peers --checkpoints 30"})
final class BenchStoreCommand implements Callable<Integer> {
    @ParentCommand
    private BenchCommand parent;

    @Mixin
    private BenchOptions bench;

    @Mixin
    private JsonOption format;

    @Option(names = "--checkpoints", paramLabel = "N", defaultValue = "8", description = "How many. Default: 8")
    private int checkpoints;

    @Option(names = "--no-peers", description = "Measure the store only.")
    private boolean noPeers;

    @Override
    public Integer call() throws Exception {
        try (Screen screen = new Screen(parent.program().surroundings());
                TemporaryFolder folder = bench
                        .temporaryFolder()) {
            Path directory = folder.path().resolve("store");
            MachineSpec machine = bench.machine();
            List<CheckpointRecord> recorded = new ArrayList<>();
            PauseBench.Result result;
            List<Path> images = List.of();
            try (Store store = Store.open(directory)) {
                screen.status("recording");
                result = PauseBench.run(store, machine, Workload.TICKER,
                        PauseBench.options(checkpoints, bench.interval()),
                        recorded::add);
                screen.status("writing the RAM images");
                if (!noPeers) {
                    images = StoreBench.writeImages(store, recorded, folder.folder("images"));
                }
            }
            screen.status("");
            recorded.forEach(
                    checkpoint -> screen.line(format.json()
                            ? JsonLines.checkpoint(checkpoint).toString()
                            : Units
                                    .text("%3d  stored %10s  pipeline %6s ms", checkpoint.number(),
                                            Units.bytes(checkpoint.metrics()
                                                    .storedBytes()),
                                            Units.count(checkpoint.metrics().pipelineMillis()))));
            long storeBytes = sizeBytes(directory);
            screen.line(format.json()
                    ? JsonLines.summary(result.run()).put("type", "bench").put("bench", "store").put(
                            "storeBytes", storeBytes).put("firstPipelineCpuMicros", result.firstCpuMicros()).set(
                                    "pipelineCpuMicros", JsonLines.distribution(result.cpuMicros()))
                            .toString()
                    : Units.text(
                            "freezeframe  %,11d bytes for %d checkpoints of %s; first: %d ms, CPU %s; then: %d ms, CPU %s (medians)",
                            storeBytes, recorded.size(), Units.bytes(machine.memoryBytes()), result.run()
                                    .firstPipelineMillis(),
                            Units.millis(result.firstCpuMicros()), result.run()
                                    .pipelineMillis().median(),
                            Units.millis(result.cpuMicros().median())));
            for (Peer peer : noPeers ? List.<Peer>of() : List.of(Peer.values())) {
                screen.status("running " + peer.program());
                Optional<Peer.Result> compared = StoreBench.compare(peer, images, folder.path());
                screen.status("");
                screen.line(compared.map(this::line).orElse(format.json()
                        ? JsonLines.ofType("peer").put("peer", peer
                                .program()).put("installed", false).toString()
                        : peer.program() + " is not installed"));
            }
        }
        return 0;
    }

    private String line(Peer.Result result) {
        List<Long> sorted = result.millis().stream().sorted().toList();
        long median = sorted.get(sorted.size() / 2);
        return format.json()
                ? JsonLines.ofType("peer").put("peer", result.peer().program()).put("installed", true).put(
                        "storedBytes", result.storedBytes()).put("firstMillis", result.millis().getFirst())
                        .put("medianMillis",
                                median)
                        .toString()
                : Units.text("%-11s  %,11d bytes for the same images; first: %d ms, median %d ms",
                        result.peer().program(), result.storedBytes(), result.millis().getFirst(), median);
    }

    private static long sizeBytes(Path directory) throws java.io.IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }
}
