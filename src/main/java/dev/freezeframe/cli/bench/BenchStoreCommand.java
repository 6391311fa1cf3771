package dev.freezeframe.cli.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.bench.ComparedBackup;
import dev.freezeframe.bench.DiskRoom;
import dev.freezeframe.bench.PauseBench;
import dev.freezeframe.bench.StoreBench.Compared;
import dev.freezeframe.bench.StoreBench.Outcome;
import dev.freezeframe.bench.StoreBench;
import dev.freezeframe.bench.Workload;
import dev.freezeframe.cli.run.TemporaryFolder;
import dev.freezeframe.cli.run.WorkloadOption;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.StatusProgress;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe bench store`: what checkpoints take in the store, against borg and restic on the same images.
@Command(name = "store", mixinStandardHelpOptions = true, sortOptions = false, header = "What checkpoints take in the store, compared with borg and restic where they are installed.", description = "The others get the same RAM, disks and device states. All sizes are what is taken on the disk, at the end and compacted by each program's own means (gc, borg compact, restic prune).", footer = {
        "  Eight checkpoints, and the same in borg and restic:",
        "    freezeframe bench store",
        "  Of a machine with a disk:",
        "    freezeframe bench store --profile debian-build --workload build",
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

    @Mixin
    private WorkloadOption workload;

    @Option(names = "--no-peers", description = "Measure the store only.")
    private boolean noPeers;

    @Override
    public Integer call() throws Exception {
        try (TerminalOutput screen = new TerminalOutput(parent.program().surroundings());
                TemporaryFolder folder = bench.temporaryFolder()) {
            Path directory = folder.path().resolve("store");
            List<CheckpointRecord> recorded = new ArrayList<>();
            PauseBench.Result result;
            try (Store store = Store.open(directory)) {
                screen.status("recording");
                result = PauseBench.run(store, bench.machine(), workload.orElse(Workload.TICKER), PauseBench.options(
                        checkpoints, bench.interval()), recorded::add);
            }
            screen.status("");
            recorded.forEach(checkpoint -> screen.line(format.json()
                    ? JsonLines.checkpoint(checkpoint).toString()
                    : Units.text("%3d  stored %10s  pipeline %6s ms", checkpoint.number(), Units.bytes(checkpoint
                            .metrics().storedBytes()), Units.count(checkpoint.metrics().pipelineMillis()))));
            long storeBytes = DiskRoom.bytes(directory);
            try (Store store = Store.open(directory)) {
                store.gc(StatusProgress.on(screen));
            }
            screen.status("");
            screen.line(line(result, recorded, storeBytes, DiskRoom.bytes(directory)));
            if (!noPeers) {
                try (Store store = Store.open(directory)) {
                    List<Outcome> outcomes = StoreBench.compare(store, recorded, List.of(ComparedBackup.values()),
                            folder.path(),
                            screen::status);
                    screen.status("");
                    outcomes.forEach(outcome -> screen.line(format.json() ? json(outcome).toString() : text(outcome)));
                }
            }
        }
        return 0;
    }

    private String line(PauseBench.Result result, List<CheckpointRecord> recorded, long storeBytes,
            long compactedBytes) {
        CheckpointRecord any = recorded.getLast();
        List<String> images = StoreBench.images(any);
        if (format.json()) {
            ObjectNode json = JsonLines.summary(result.run()).put("type", "bench").put("bench", "store").put(
                    "storeBytes", storeBytes).put("compactedBytes", compactedBytes).put("firstPipelineCpuMicros",
                            result.firstCpuMicros());
            json.set("pipelineCpuMicros", JsonLines.distribution(result.cpuMicros()));
            ArrayNode compared = json.putArray("images");
            images.forEach(compared::add);
            return json.toString();
        }
        return Units.text(
                "compared: %s of %s, %s each\nfreezeframe  %,11d bytes, %,d before its gc; first: %d ms, CPU %s; then: %d ms, CPU %s (medians)",
                String.join(", ", images), Units.count(recorded.size(), "checkpoint"), Units.bytes(StoreBench
                        .imageBytes(any)),
                compactedBytes, storeBytes, result.run().firstPipelineMillis(), Units.millis(result.firstCpuMicros()),
                result.run().pipelineMillis().median(), Units.millis(result.cpuMicros().median()));
    }

    private static ObjectNode json(Outcome outcome) {
        ObjectNode json = JsonLines.ofType("peer").put("peer", outcome.peer().program());
        return switch (outcome) {
            case Compared compared -> json.put("installed", true).put("storedBytes", compared.storedBytes()).put(
                    "firstMillis", compared.millis().getFirst()).put("medianMillis", median(compared.millis()));
            case StoreBench.NotInstalled _ -> json.put("installed", false);
            case StoreBench.Failed failed -> json.put("installed", true).put("reason", failed.reason());
        };
    }

    private static String text(Outcome outcome) {
        String program = outcome.peer().program();
        return switch (outcome) {
            case Compared compared -> Units.text("%-11s  %,11d bytes, compacted; first: %d ms, median %d ms", program,
                    compared.storedBytes(), compared.millis().getFirst(), median(compared.millis()));
            case StoreBench.NotInstalled _ -> program + " is not installed";
            case StoreBench.Failed failed -> ShownText.oneLine(failed.reason());
        };
    }

    private static long median(List<Long> values) {
        List<Long> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
