package dev.freezeframe.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Units;
import dev.freezeframe.bench.PauseBench;
import dev.freezeframe.bench.RestoreBench.Sample;
import dev.freezeframe.bench.RestoreBench;
import dev.freezeframe.bench.Workload;
import dev.freezeframe.cli.run.TemporaryFolder;
import dev.freezeframe.cli.run.WorkloadOption;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.restore.RestorePhases;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe bench restore`: how soon a restored machine runs.
@Command(name = "restore", mixinStandardHelpOptions = true, sortOptions = false, header = "How long it takes until a restored machine runs.", footer = {
        "  Ten restores:",
        "    freezeframe bench restore",
        "  Of a machine with a disk:",
        "    freezeframe bench restore --profile debian-build"})
final class BenchRestoreCommand implements Callable<Integer> {
    private static final int CHECKPOINTS = 5;

    @ParentCommand
    private BenchCommand parent;

    @Mixin
    private BenchOptions bench;

    @Mixin
    private JsonOption format;

    @Option(names = "--times", paramLabel = "N", defaultValue = "10", description = "Restores to measure. Default: 10")
    private int times;

    @Option(names = "--count", paramLabel = "N", defaultValue = "5", description = "Machines of one restore, for what each further one takes. Default: 5")
    private int machines;

    @Mixin
    private WorkloadOption workload;

    @Override
    public Integer call() throws Exception {
        try (TerminalOutput screen = new TerminalOutput(parent.program().surroundings());
                TemporaryFolder folder = bench
                        .temporaryFolder()) {
            try (Store store = Store.open(folder.path().resolve("store"))) {
                screen.status("recording");
                PauseBench.run(store, bench.machine(), workload.orElse(Workload.TICKER),
                        PauseBench.options(CHECKPOINTS, bench.interval()),
                        _ -> {});
            }
            // A store that was just written has all of it in memory; one that was opened anew reads it from its file.
            try (Store store = Store.open(folder.path().resolve("store"))) {
                CheckpointRecord checkpoint = StoreOption.find(store, CheckpointName.LATEST);
                screen.status("restoring");
                Sample first = RestoreBench.run(store, checkpoint, 1, 1, sample -> print(screen, "first", sample))
                        .getFirst();
                Sample one = RestoreBench
                        .median(RestoreBench.run(store, checkpoint, times, 1, sample -> print(screen, "one",
                                sample)));
                List<Sample> several = RestoreBench.run(store, checkpoint, Math.max(1, times / 2),
                        Math.max(2, machines),
                        sample -> print(screen, "several", sample));
                Sample all = RestoreBench.median(several);
                long further = (all.micros() - one.micros()) / (all.machines() - 1);
                screen.status("");
                screen.line(format.json()
                        ? JsonLines.ofType("bench").put("bench", "restore").put("firstMicros", first
                                .micros()).put("medianMicros", one.micros()).put("count", all.machines())
                                .put("countMedianMicros",
                                        all.micros())
                                .put("furtherMicros", further).toString()
                        : Units.text(
                                "one machine: first %s, median %s; %d machines: median %s, each further one %s", Units
                                        .millis(first.micros()),
                                Units.millis(one.micros()), all.machines(), Units
                                        .millis(all.micros()),
                                Units.millis(further)));
            }
        }
        return 0;
    }

    private void print(TerminalOutput screen, String kind, Sample sample) {
        RestorePhases phases = sample.first().phases();
        if (format.json()) {
            ObjectNode json = JsonLines.ofType("sample").put("kind", kind).put("machines", sample.machines());
            json.put("micros", sample.micros()).put("firstMicros", sample.first().totalMicros());
            json.set("phaseMicros", JsonLines.phases(phases));
            screen.line(json.toString());
        } else {
            screen.line(
                    Units.text("%d machine(s) after %s: start %s, image %s, devices %s, resume %s", sample.machines(),
                            Units.millis(sample.micros()), Units.millis(phases.spawnMicros()),
                            Units.millis(phases.imageMicros()),
                            Units.millis(phases.loadMicros()), Units.millis(phases.resumeMicros())));
        }
    }
}
