package dev.freezeframe.cli.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.analyse.Distribution;
import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.base.Units;
import dev.freezeframe.bench.DiskPauseBench;
import dev.freezeframe.bench.PauseBench;
import dev.freezeframe.bench.Workload;
import dev.freezeframe.cli.run.DiskRateText;
import dev.freezeframe.cli.run.TemporaryFolder;
import dev.freezeframe.cli.run.WorkloadText;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe bench pause`: how long guests stand still, over memory sizes and workloads.
@Command(name = "pause", mixinStandardHelpOptions = true, sortOptions = false, header = "How long a guest stands still for a checkpoint, and what recording costs.", footer = {
        "  All memory sizes and workloads, 30 checkpoints each:",
        "    freezeframe bench pause",
        "  One of them, with more checkpoints:",
        "    freezeframe bench pause --memory 2G --workload random25k --checkpoints 120",
        "  A machine with a busy disk against the same without:",
        "    freezeframe bench pause --disk 10M/s"})
final class BenchPauseCommand implements Callable<Integer> {
    private static final String FIGURES = "%-12s %8s  %-20s %7s %7s %7s %7s %7s  %6s %8s %7s %8s %10s %5s %6s %10s";
    private static final List<Long> MEMORIES = List.of(256L << 20, 2L << 30);
    private static final List<Workload> WORKLOADS = List.of(Workload.TICKER, Workload.IDLE, Workload.random(25_000, 64),
            Workload.random(100_000, 64));
    private static final String SIDES = "%-12s %8s  %-20s %7s %7s %7s %7s %7s %7s %5s %6s";

    @ParentCommand
    private BenchCommand parent;

    @Mixin
    private BenchOptions bench;

    @Mixin
    private JsonOption format;

    @Option(names = "--checkpoints", paramLabel = "N", defaultValue = "30", description = "Checkpoints of each run. Default: 30")
    private int checkpoints;

    @Option(names = "--memory", paramLabel = "SIZE", split = ",", converter = SizeArgument.class, description = "Sizes of guest RAM. Default: 256M,2G; with --disk the profile's")
    private List<Long> memories = List.of();

    @Option(names = "--workload", paramLabel = "NAME", split = ",", converter = WorkloadText.class, description = "ticker, idle or randomN with N pages a second. Default: ticker,idle,random25k,random100k; with --disk, for the machine without one, ticker")
    private List<Workload> workloads = List.of();

    @Option(names = "--random-size", paramLabel = "MIB", defaultValue = "128", description = "Memory that the random workloads write to. Default: 128")
    private int randomMebibytes;

    @Option(names = "--disk", paramLabel = "RATE", converter = DiskRateText.class, description = "Compare a machine whose guest writes so much to its disk, such as 10M/s, with the same machine without a disk.")
    private Optional<Integer> diskRate;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "4", description = "With --disk: recordings of each machine, in turns. Default: 4")
    private int rounds;

    @Override
    public Integer call() throws Exception {
        return diskRate.isPresent() ? compareDisk(diskRate.get()) : measure();
    }

    private int measure() throws Exception {
        MachineSpec machine = bench.machine();
        try (StopRequest stop = StopRequest.onSignals();
                TerminalOutput screen = new TerminalOutput(parent.program().surroundings());
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
            for (long memory : orElse(memories, MEMORIES)) {
                for (Workload each : orElse(workloads, WORKLOADS)) {
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

    private int compareDisk(int rate) throws Exception {
        MachineSpec machine = bench.machine(BenchOptions.WITH_A_DISK);
        try (StopRequest stop = StopRequest.onSignals();
                TerminalOutput screen = new TerminalOutput(parent.program().surroundings());
                TemporaryFolder folder = bench.temporaryFolder();
                Store store = Store.open(folder.path().resolve("store"))) {
            if (!format.json()) {
                screen.line(Units.text(
                        "%s recordings of each machine, %s checkpoints each, every %s; medians, pause phases in ms",
                        Units.count(rounds), Units.count(checkpoints), Units.duration(bench.interval())));
                screen.line(Units.text(SIDES, "workload", "memory", "pause median/p99/max", "stop", "device", "disks",
                        "harvest", "copy", "resume", "late", "failed"));
            }
            for (long memory : orElse(memories, List.of(machine.memoryBytes()))) {
                for (Workload each : orElse(workloads, List.of(Workload.TICKER))) {
                    Workload other = each.name().startsWith("random") ? sized(each) : each;
                    screen.status("starting the machines");
                    int[] done = {0};
                    Optional<DiskPauseBench.Result> result = DiskPauseBench.run(store, machine.withMemoryBytes(memory),
                            Workload.disk(rate), other, PauseBench.options(checkpoints, bench.interval()), rounds,
                            (_, _) -> screen.status(++done[0] + " of " + 2 * rounds * checkpoints + " checkpoints"),
                            stop::requested);
                    screen.status("");
                    if (result.isPresent()) {
                        print(screen, rate, result.get());
                    }
                }
            }
        }
        return 0;
    }

    private void print(TerminalOutput screen, int rate, DiskPauseBench.Result result) {
        DiskPauseBench.DiskLoad disks = result.disks();
        if (format.json()) {
            ObjectNode json = JsonLines.ofType("bench").put("bench", "pause-disk").put("mebibytesPerSecond", rate).put(
                    "memoryBytes", result.memoryBytes());
            json.set("withDisk", json(result.withDisk()));
            json.set("withoutDisk", json(result.withoutDisk()));
            json.put("addedMicros", result.addedMicros());
            json.set("dirtyBlocksPerCheckpoint", JsonLines.distribution(disks.dirtyBlocks()));
            json.set("readKilobytesPerSecond", JsonLines.distribution(disks.readKilobytesPerSecond()));
            json.set("blocks", BenchDisksCommand.blocks(disks.totals()));
            screen.line(json.toString());
        } else {
            screen.line(row(result.memoryBytes(), result.withDisk()));
            screen.line(row(result.memoryBytes(), result.withoutDisk()));
            screen.line(Units.text(
                    "the disk adds %s to the median; %s dirty blocks a checkpoint, read at %s MB/s; RAM saved %s of them",
                    Units.millis(result.addedMicros()), Units.count(disks.dirtyBlocks().median()), Units.threeDigits(
                            disks.readKilobytesPerSecond().median() / 1e3),
                    BenchDisksCommand.share(disks.totals())));
        }
    }

    private static String row(long memoryBytes, DiskPauseBench.Side side) {
        RunSummary run = side.run();
        return Units.text(SIDES, side.workload().name(), Units.bytes(memoryBytes), pauses(run), millis(phase(run,
                "stop")), millis(phase(run, "deviceState")), millis(phase(run, "disks")), millis(phase(run, "harvest")),
                millis(phase(run, "copy")), millis(phase(run, "resume")), run.late(), side.failed());
    }

    private static ObjectNode json(DiskPauseBench.Side side) {
        RunSummary run = side.run();
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("workload", side.workload().name()).put(
                "checkpoints", run.checkpoints()).put("late", run.late()).put("failed", side.failed());
        json.set("pauseMicros", JsonLines.distribution(run.pauseMicros()));
        ObjectNode phases = json.putObject("phaseMicros");
        run.phaseMicros().forEach((name, micros) -> phases.set(name, JsonLines.distribution(micros)));
        return json;
    }

    private static <T> List<T> orElse(List<T> asked, List<T> usual) {
        return asked.isEmpty() ? usual : asked;
    }

    private Workload sized(Workload random) {
        Matcher rate = Pattern.compile("ff\\.rate=(\\d+)").matcher(random.kernelArguments());
        return rate.find() ? Workload.random(Integer.parseInt(rate.group(1)), randomMebibytes) : random;
    }

    private static String row(PauseBench.Result result) {
        RunSummary run = result.run();
        return Units.text(FIGURES, result.workload().name(), Units.bytes(result.memoryBytes()), pauses(run),
                millis(phase(run, "stop")),
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

    private static String pauses(RunSummary run) {
        Distribution pause = run.pauseMicros();
        return millis(pause.median()) + " / " + millis(pause.p99()) + " / " + millis(pause.max());
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
}
