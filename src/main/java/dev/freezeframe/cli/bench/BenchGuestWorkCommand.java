package dev.freezeframe.cli.bench;

import dev.freezeframe.base.DurationText;
import dev.freezeframe.base.Units;
import dev.freezeframe.bench.GuestWorkBench.Pair;
import dev.freezeframe.bench.GuestWorkBench;
import dev.freezeframe.bench.PauseBench;
import dev.freezeframe.cli.run.TemporaryFolder;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe bench guest-work`: how much less a recorded guest gets done.
@Command(name = "guest-work", mixinStandardHelpOptions = true, sortOptions = false, header = "How much less work a guest gets done while it is recorded.", footer = {
        "  Six pairs of phases:",
        "    freezeframe bench guest-work",
        "  More and longer ones, for a steadier figure:",
        "    freezeframe bench guest-work --pairs 9 --phase 20s"})
final class BenchGuestWorkCommand implements Callable<Integer> {
    @ParentCommand
    private BenchCommand parent;

    @Mixin
    private BenchOptions bench;

    @Mixin
    private JsonOption format;

    @Option(names = "--pairs", paramLabel = "N", defaultValue = "6", description = "Pairs of a recorded and an unrecorded phase. Default: 6")
    private int pairs;

    @Option(names = "--phase", paramLabel = "TIME", defaultValue = "12s", converter = DurationText.class, description = "Length of a phase. Default: 12s")
    private Duration phase;

    @Override
    public Integer call() throws Exception {
        try (TerminalOutput screen = new TerminalOutput(parent.program().surroundings());
                TemporaryFolder folder = bench.temporaryFolder();
                Store store = Store.open(folder.path().resolve("store"))) {
            screen.status("measuring " + pairs + " pairs of phases of " + Units.duration(phase));
            List<Pair> measured = GuestWorkBench.run(store, bench.machine(), PauseBench.options(Integer.MAX_VALUE, bench
                    .interval()), pairs, phase, pair -> screen.line(line(pair)));
            screen.status("");
            double[] losses = measured.stream().mapToDouble(Pair::loss).sorted().toArray();
            double median = losses.length % 2 == 1
                    ? losses[losses.length / 2]
                    : (losses[losses.length / 2 - 1]
                            + losses[losses.length / 2]) / 2;
            screen.line(format.json()
                    ? JsonLines.ofType("bench").put("bench", "guest-work").put("intervalMillis", bench
                            .interval().toMillis()).put("pairs", losses.length).put("lossMedian", median)
                            .put("lossLeast",
                                    losses[0])
                            .put("lossMost", losses[losses.length - 1]).toString()
                    : Units.text(
                            "work lost to recording every %s: median %s (from %s to %s)", Units.duration(bench
                                    .interval()),
                            Units.percent(median, 1), Units.percent(losses[0], 1), Units
                                    .percent(losses[losses.length - 1], 1)));
        }
        return 0;
    }

    private String line(Pair pair) {
        return format.json()
                ? JsonLines.ofType("pair").put("unrecordedPerSecond", pair.unrecordedPerSecond()).put(
                        "recordedPerSecond", pair.recordedPerSecond()).put("loss", pair.loss()).toString()
                : Units.text(
                        "unrecorded %8.1f/s   recorded %8.1f/s   lost %s", pair.unrecordedPerSecond(), pair
                                .recordedPerSecond(),
                        Units.percent(pair.loss(), 1));
    }
}
