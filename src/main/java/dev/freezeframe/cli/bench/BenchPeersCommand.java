package dev.freezeframe.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.analyse.Distribution;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.bench.CheckpointMethod;
import dev.freezeframe.bench.PeersBench.Failed;
import dev.freezeframe.bench.PeersBench.Result;
import dev.freezeframe.bench.PeersBench.Taken;
import dev.freezeframe.bench.PeersBench.Turn;
import dev.freezeframe.bench.PeersBench;
import dev.freezeframe.bench.Workload;
import dev.freezeframe.cli.run.TemporaryFolder;
import dev.freezeframe.cli.run.WorkloadOption;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.SizeArgument;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.store.Store;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe bench peers`: our checkpoints beside those that QEMU takes by itself.
@Command(name = "peers", mixinStandardHelpOptions = true, sortOptions = false, header = "How long a guest stands still and what is kept, beside QEMU's own ways.", description = {
        "Five machines of the same kind take turns: freezeframe records one; QEMU saves the others by savevm, by a migration to a file with the guest stopped (stop-migrate) or running (live-migrate), and by a background-snapshot migration. In its turn a guest runs for the interval, is checkpointed and stands still again.",
        "",
        "A guest stands still from STOP to RESUME, by the stamps of QEMU's events. Of a background snapshot that is not all: until it is complete, what the guest writes waits for the page to be saved."}, footer = {
                "  Ten rounds on the demo machine:",
                "    freezeframe bench peers",
                "  With more memory, and a guest that writes more:",
                "    freezeframe bench peers --memory 2G --workload random25k"})
final class BenchPeersCommand implements Callable<Integer> {
    private static final String FIGURES = "%-20s  %9s %9s %9s  %10s  %9s  %6s";

    @ParentCommand
    private BenchCommand parent;

    @Mixin
    private BenchOptions bench;

    @Mixin
    private JsonOption format;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "10", description = "Checkpoints of each machine. Default: 10")
    private int rounds;

    @Option(names = "--memory", paramLabel = "SIZE", converter = SizeArgument.class, description = "Guest RAM of each machine. Default: the profile's")
    private Optional<Long> memory;

    @Mixin
    private WorkloadOption workload;

    @Override
    public Integer call() throws Exception {
        MachineSpec usual = bench.machine();
        MachineSpec machine = memory.isPresent() ? usual.withMemoryBytes(memory.get()) : usual;
        Workload work = workload.orElse(Workload.TICKER);
        try (StopRequest stop = StopRequest.onSignals();
                TerminalOutput screen = new TerminalOutput(parent.program().surroundings());
                TemporaryFolder folder = bench.temporaryFolder();
                Store store = Store.open(folder.path().resolve("store"))) {
            screen.status("starting the machines");
            List<Result> results = PeersBench.run(store, folder.folder("peers"), machine, work, rounds, bench
                    .interval(), turn -> screen.line(format.json() ? json(turn).toString() : text(turn)),
                    stop::requested);
            screen.status("");
            if (format.json()) {
                results.forEach(result -> screen.line(json(result, work, machine.memoryBytes()).toString()));
            } else {
                print(screen, results, work, machine.memoryBytes());
            }
        }
        return 0;
    }

    private static String text(Turn turn) {
        return switch (turn) {
            case Taken taken -> Units.text("round %-3d  %-20s  stood still %s, kept %s, complete after %s", taken
                    .round(), taken.method().text(), Units.millis(taken.standStillMicros()),
                    Units.bytes(taken
                            .keptBytes()),
                    Units.millis(taken.completeMicros()));
            case Failed failed -> Units.text("round %-3d  %-20s  failed: %s", failed.round(), failed.method().text(),
                    ShownText.oneLine(failed.reason()));
        };
    }

    private static ObjectNode json(Turn turn) {
        return switch (turn) {
            case Taken taken -> JsonLines.ofType("sample").put("peer", taken.method().text()).put("round", taken
                    .round()).put("standStillMicros", taken.standStillMicros()).put("keptBytes", taken.keptBytes()).put(
                            "completeMicros", taken.completeMicros());
            case Failed failed -> JsonLines.ofType("failed").put("peer", failed.method().text()).put("round", failed
                    .round()).put("reason", failed.reason());
        };
    }

    private void print(TerminalOutput screen, List<Result> results, Workload work, long memoryBytes) {
        screen.line(Units.text("%s with %s, each guest after %s; kept and complete: medians", work.name(), Units.bytes(
                memoryBytes), Units.duration(bench.interval())));
        screen.line(Units.text(FIGURES, "stood still", "median", "p99", "longest", "kept", "complete", "failed"));
        for (Result result : results) {
            String name = result.method().text();
            if (result.leftOut().isPresent()) {
                screen.line(Units.text("%-20s  left out: %s", name, ShownText.oneLine(result.leftOut().get())));
            } else if (result.taken() == 0) {
                screen.line(Units.text(FIGURES, name, "-", "-", "-", "-", "-", result.failed()));
            } else {
                Distribution still = result.standStillMicros();
                screen.line(Units.text(FIGURES, name, Units.millis(still.median()), Units.millis(still.p99()), Units
                        .millis(still.max()), Units.bytes(result.keptBytes().median()),
                        Units.millis(result
                                .completeMicros().median()),
                        result.failed()));
            }
            if (result.method() == CheckpointMethod.FREEZEFRAME) {
                screen.line(Units.text("%-20s  its first checkpoint, with all of RAM, was before: kept %s", "", Units
                        .bytes(result.firstKeptBytes())));
            }
        }
    }

    private static ObjectNode json(Result result, Workload work, long memoryBytes) {
        ObjectNode json = JsonLines.ofType("bench").put("bench", "peers").put("peer", result.method().text()).put(
                "workload", work.name()).put("memoryBytes", memoryBytes).put("leftOut", result.leftOut().orElse(null))
                .put("checkpoints", result.taken()).put("failed", result.failed());
        json.set("standStillMicros", JsonLines.distribution(result.standStillMicros()));
        json.set("keptBytes", JsonLines.distribution(result.keptBytes()));
        json.set("completeMicros", JsonLines.distribution(result.completeMicros()));
        return result.method() == CheckpointMethod.FREEZEFRAME
                ? json.put("firstKeptBytes", result.firstKeptBytes())
                : json;
    }
}
