package dev.freezeframe.cli.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Units;
import dev.freezeframe.bench.DisksBench.Reading;
import dev.freezeframe.bench.DisksBench;
import dev.freezeframe.bench.PauseBench;
import dev.freezeframe.bench.SavedBlocks;
import dev.freezeframe.bench.Workload;
import dev.freezeframe.cli.run.TemporaryFolder;
import dev.freezeframe.cli.run.WorkloadOption;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe bench disks`: how fast disks are read, and what deduplication against RAM saves of them.
@Command(name = "disks", mixinStandardHelpOptions = true, sortOptions = false, header = "How fast disks are read, from QEMU and from a store, and how many blocks RAM saves.", footer = {
        "  Eight checkpoints of a machine that compiles:",
        "    freezeframe bench disks",
        "  Read less often, on another file system:",
        "    freezeframe bench disks --rounds 3 --folder /var/tmp"})
final class BenchDisksCommand implements Callable<Integer> {
    @ParentCommand
    private BenchCommand parent;

    @Mixin
    private BenchOptions bench;

    @Mixin
    private JsonOption format;

    @Option(names = "--checkpoints", paramLabel = "N", defaultValue = "8", description = "Checkpoints to record. Default: 8")
    private int checkpoints;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "7", description = "How often a disk is read. Default: 7")
    private int rounds;

    @Mixin
    private WorkloadOption workload;

    @Override
    public Integer call() throws Exception {
        MachineSpec machine = bench.machine(BenchOptions.WITH_A_DISK);
        try (TerminalOutput screen = new TerminalOutput(parent.program().surroundings());
                TemporaryFolder folder = bench.temporaryFolder()) {
            screen.status("reading from QEMU");
            List<Reading> fromQemu = DisksBench.fromQemu(machine, Math.max(1, rounds),
                    reading -> print(screen, "from QEMU", reading));
            Path directory = folder.path().resolve("store");
            SavedBlocks[] later = {SavedBlocks.NONE};
            try (Store store = Store.open(directory)) {
                screen.status("recording");
                PauseBench.run(store, machine, workload.orElse(Workload.BUILD),
                        PauseBench.options(checkpoints, bench.interval()),
                        checkpoint -> {
                            print(screen, checkpoint);
                            if (checkpoint.number() > 1) {
                                later[0] = later[0].plus(SavedBlocks.of(checkpoint.metrics().disks()));
                            }
                        });
            }
            screen.status("reading from the store");
            List<Reading> fromStore = new ArrayList<>();
            for (int i = 0; i < Math.max(1, rounds); i++) {
                fromStore.add(fromStore(directory));
                print(screen, "from the store", fromStore.getLast());
            }
            screen.status("");
            long qemuRate = Math.round(median(fromQemu));
            long storeRate = Math.round(median(fromStore));
            screen.line(format.json()
                    ? JsonLines.ofType("bench").put("bench", "disks").put("rounds", fromQemu.size()).put(
                            "qemuBytes", fromQemu.getFirst().bytes()).put("qemuMegabytesPerSecond", qemuRate)
                            .put("storeBytes", fromStore.getFirst().bytes()).put("storeMegabytesPerSecond", storeRate)
                            .set("blocks", blocks(later[0])).toString()
                    : Units.text(
                            "medians: from QEMU %s MB/s, from the store %s MB/s; RAM saved %s of the blocks after the first checkpoint",
                            Units.count(qemuRate), Units.count(storeRate), share(later[0])));
        }
        return 0;
    }

    /// From a store that was opened anew, so that nothing of the disk is in memory yet.
    private static Reading fromStore(Path directory) throws IOException, CommandFailure {
        try (Store store = Store.open(directory)) {
            CheckpointRecord checkpoint = StoreOption.find(store, CheckpointName.LATEST);
            return DisksBench.fromStore(store, checkpoint, checkpoint.metrics().disks().getFirst().disk());
        }
    }

    private static double median(List<Reading> readings) {
        double[] sorted = readings.stream().mapToDouble(Reading::megabytesPerSecond).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private void print(TerminalOutput screen, String from, Reading reading) {
        screen.line(format.json()
                ? JsonLines.ofType("reading").put("from", from.substring(from.lastIndexOf(' ') + 1)).put("bytes",
                        reading.bytes()).put("micros", reading.micros()).toString()
                : Units.text("%-14s  %10s in %7s: %s MB/s", from, Units.bytes(reading.bytes()), Units.millis(reading
                        .micros()), Units.count(Math.round(reading.megabytesPerSecond()))));
    }

    private void print(TerminalOutput screen, CheckpointRecord checkpoint) {
        CheckpointMetrics metrics = checkpoint.metrics();
        SavedBlocks blocks = SavedBlocks.of(metrics.disks());
        long bytes = metrics.disks().stream().mapToLong(DiskMetrics::readBytes).sum();
        long micros = metrics.disks().stream().mapToLong(DiskMetrics::readMicros).sum();
        if (format.json()) {
            ObjectNode json = JsonLines.ofType("sample").put("number", checkpoint.number()).put("readBytes", bytes)
                    .put("readMicros", micros);
            json.set("blocks", blocks(blocks));
            screen.line(json.toString());
        } else {
            screen.line(Units.text(
                    "checkpoint %-3d  read %10s in %7s; %s: %s unchanged, %s zero, %s as on disk, %s as in RAM (%s), %s new",
                    checkpoint.number(), Units.bytes(bytes), Units.millis(micros), Units.count(blocks.dirty(),
                            "block"),
                    Units.count(blocks.unchanged()), Units.count(blocks.zero()), Units.count(blocks
                            .duplicateOfDisk()),
                    Units.count(blocks.duplicateOfRam()), share(blocks), Units.count(blocks
                            .stored())));
        }
    }

    static String share(SavedBlocks blocks) {
        return Units.percent(blocks.shareSavedByRam(), 1);
    }

    static ObjectNode blocks(SavedBlocks blocks) {
        return JsonNodeFactory.instance.objectNode().put("dirtyBlocks", blocks.dirty()).put("unchangedBlocks", blocks
                .unchanged()).put("zeroBlocks", blocks.zero()).put("duplicateDiskBlocks", blocks.duplicateOfDisk())
                .put("duplicateRamBlocks", blocks.duplicateOfRam()).put("newBlocks", blocks.stored())
                .put("shareSavedByRam", blocks.shareSavedByRam());
    }
}
