package dev.freezeframe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.experiment.Distribution;
import dev.freezeframe.experiment.RunSummary;
import dev.freezeframe.experiment.bench.PauseBench;
import dev.freezeframe.experiment.bench.Workload;
import dev.freezeframe.machine.MachineSpec;
import dev.freezeframe.store.Store;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.TypeConversionException;

/// `freezeframe bench pause`: how long guests stand still, over memory sizes and workloads.
@Command(name = "pause", mixinStandardHelpOptions = true, sortOptions = false, header = "How long a guest stands still for a checkpoint, and what recording costs.")
final class BenchPauseCommand implements Callable<Integer> {
    private static final String FIGURES = "%-12s %8s  %-20s %7s %7s %7s %7s %7s  %6s %8s %7s %8s %10s %5s %6s %10s";

    @ParentCommand
    private BenchCommand parent;

    @Mixin
    private BenchOptions bench;

    @Mixin
    private JsonOption format;

    @Option(names = "--checkpoints", paramLabel = "N", defaultValue = "30", description = "Checkpoints of each run. Default: 30")
    private int checkpoints;

    @Option(names = "--memory", paramLabel = "SIZE", split = ",", defaultValue = "256M,2G", converter = SizeText.class, description = "Sizes of guest RAM. Default: 256M,2G")
    private List<Long> memories;

    @Option(names = "--workload", paramLabel = "NAME", split = ",", defaultValue = "ticker,idle,random25k,random100k", converter = WorkloadText.class, description = "ticker, idle or randomN with N pages a second. Default: ticker,idle,random25k,random100k")
    private List<Workload> workloads;

    @Option(names = "--random-size", paramLabel = "MIB", defaultValue = "128", description = "Memory that the random workloads write to. Default: 128")
    private int randomMebibytes;

    @Override
    public Integer call() throws Exception {
        MachineSpec machine = bench.machine();
        try (StopRequest stop = StopRequest.onSignals();
                Screen screen = new Screen(parent.program().surroundings());
                TemporaryFolder folder = bench.temporaryFolder()) {
            if (!format.json()) {
                screen.line(
                        Units.text("%s checkpoints each, every %s; medians, pause phases and CPU in ms", Units.count(
                                checkpoints), Units.duration(bench.interval())));
                screen.line(
                        Units.text(FIGURES, "workload", "memory", "pause median/p99/max", "stop", "device", "harvest",
                                "copy", "resume", "rounds", "ahead", "inpause", "dirty", "CPU p99", "late", "failed",
                                "heap"));
            }
            int run = 0;
            for (long memory : memories) {
                for (Workload each : workloads) {
                    if (stop.requested()) {
                        return 0;
                    }
                    Workload workload = each.name().startsWith("random") ? sized(each) : each;
                    screen.status(workload.name() + " with " + Units.bytes(memory));
                    try (Store store = Store.open(folder.path().resolve("store-" + ++run))) {
                        int[] done = {0};
                        PauseBench.Result result = PauseBench.run(store, machine.withMemoryBytes(memory), workload,
                                PauseBench.options(checkpoints, bench.interval()), _ -> screen.status(workload.name()
                                        + " with " + Units.bytes(memory) + ": " + ++done[0] + " of " + checkpoints));
                        screen.status("");
                        screen.line(format.json() ? json(result).toString() : row(result));
                    }
                }
            }
        }
        return 0;
    }

    private Workload sized(Workload random) {
        Matcher rate = Pattern.compile("ff\\.rate=(\\d+)").matcher(random.kernelArguments());
        return rate.find() ? Workload.random(Integer.parseInt(rate.group(1)), randomMebibytes) : random;
    }

    private static String row(PauseBench.Result result) {
        RunSummary run = result.run();
        Distribution pause = run.pauseMicros();
        return Units.text(FIGURES, result.workload().name(), Units.bytes(result.memoryBytes()), millis(pause.median())
                + " / " + millis(pause.p99()) + " / " + millis(pause.max()), millis(phase(run, "stop")),
                millis(phase(run,
                        "deviceState")),
                millis(phase(run, "harvest")), millis(phase(run, "copy")), millis(phase(run,
                        "resume")),
                result.preCopyRounds().median(), Units.count(result.preCopiedPages().median()),
                Units.count(result.pausePages().median()), Units.count(result.dirtyPages().median()), millis(result
                        .cpuMicros().median()) + " " + millis(result.cpuMicros().p99()),
                run.late(), result.failed(), Units.bytes(result
                        .heapPeakBytes()));
    }

    private static long phase(RunSummary run, String name) {
        return run.phaseMicros().getOrDefault(name, new Distribution(0, 0, 0)).median();
    }

    private static String millis(long micros) {
        return Units.threeDigits(micros / 1e3);
    }

    private static ObjectNode json(PauseBench.Result result) {
        ObjectNode json = JsonLines.summary(result.run()).put("type", "bench").put("bench", "pause")
                .put("workload", result
                        .workload().name())
                .put("memoryBytes", result.memoryBytes());
        json.set("pipelineCpuMicros", JsonLines.distribution(result.cpuMicros()));
        json.put("failed", result.failed());
        json.put("firstPipelineCpuMicros", result.firstCpuMicros());
        json.set("preCopyRounds", JsonLines.distribution(result.preCopyRounds()));
        json.set("preCopiedPages", JsonLines.distribution(result.preCopiedPages()));
        json.set("pausePages", JsonLines.distribution(result.pausePages()));
        json.set("dirtyPagesPerCheckpoint", JsonLines.distribution(result.dirtyPages()));
        return json.put("heapPeakBytes", result.heapPeakBytes());
    }

    /// Reads `ticker`, `idle`, `random25k`.
    static final class WorkloadText implements picocli.CommandLine.ITypeConverter<Workload> {
        private static final Pattern RANDOM = Pattern.compile("random(\\d{1,6})(k?)");

        @Override
        public Workload convert(String text) {
            Matcher random = RANDOM.matcher(text);
            if (random.matches()) {
                return Workload.random(Integer.parseInt(random.group(1)) * (random.group(2).isEmpty() ? 1 : 1000), 64);
            }
            return switch (text) {
                case "ticker" -> Workload.TICKER;
                case "idle" -> Workload.IDLE;
                default -> throw new TypeConversionException("\"" + text
                        + "\" is no workload: write ticker, idle or random25k");
            };
        }
    }
}
