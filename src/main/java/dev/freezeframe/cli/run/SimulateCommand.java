package dev.freezeframe.cli.run;

import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.SimulationText;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.record.MemoryNeed;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.PluginText;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe simulate`: executes all intervals of a recorded run again, several at a time, and proves their ends.
@Command(name = "simulate", mixinStandardHelpOptions = true, sortOptions = false, header = "Execute all intervals of a recording again, in parallel, exactly.", description = "Each interval begins at its own checkpoint and ends at the very instruction of the next one, where all of RAM, the disks and the devices are compared with it. Only a run that was recorded with a profile that says \"replay\": true is executed exactly. Others are re-executed: for the same guest time, with how far from the recording they end, which proves nothing.", exitCodeList = {
        "0:All intervals ended as they were recorded, or were re-executed.", "1:One diverged or failed.",
        "2:Wrong usage."}, footer = {
                "  A whole run, as many intervals at a time as there are processors:",
                "    freezeframe simulate replay-linux-20260101-120000",
                "  The first intervals, with a cache simulator:",
                "    freezeframe simulate replay-linux-20260101-120000 --to 9 --plugin cache",
                "  Each interval with caches that the one before it has filled:",
                "    freezeframe simulate replay-linux-20260101-120000 --plugin=cache --warm-up=1",
                "  Another simulator, which gets files and numbers:",
                "    freezeframe simulate replay-linux-20260101-120000 --command='./sim {ram}'",
                "  All of it as one, to compare with:",
                "    freezeframe simulate replay-linux-20260101-120000 --plugin cache --serial"})
public final class SimulateCommand implements Callable<Integer> {
    private static final int MOST_WORKERS = 1024;

    @ParentCommand
    private Program program;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "EXPERIMENT", description = "The recording.")
    private String name;

    @Option(names = "--plugin", paramLabel = "NAME[,ARG=VALUE]", description = "A TCG plugin that looks on: count, mix, cache, branch, bbv or trace, or FILE.so of your own.")
    private Optional<String> plugin;

    @Option(names = "--command", paramLabel = "TEMPLATE", description = "Call another simulator for each interval, with the files of its first checkpoint: {ram}, {devices}, {disk0} and so on are files, {from}, {to}, {interval}, {instructions} and {skip} numbers, {out} begins the names of files in the folder of --out.")
    private Optional<String> template;

    @Option(names = "--warm-up", paramLabel = "N", defaultValue = "0", description = "Begin each interval N recorded intervals earlier, which fill the plugin's caches and count for nothing. Default: ${DEFAULT-VALUE}")
    private int warmUp;

    @Option(names = "--workers", paramLabel = "N", description = "How many intervals at a time. Default: one for each processor")
    private Optional<Integer> workers;

    @Option(names = "--from", paramLabel = "N", description = "The checkpoint to begin with. Default: the first")
    private Optional<Integer> from;

    @Option(names = "--to", paramLabel = "N", description = "The checkpoint to end with. Default: the last")
    private Optional<Integer> to;

    @Option(names = "--every", paramLabel = "N", defaultValue = "1", description = "Make one interval of N. Default: ${DEFAULT-VALUE}")
    private int every;

    @Option(names = "--serial", description = "Make one interval of all, which begins cold only once.")
    private boolean serial;

    @Option(names = "--out", paramLabel = "FOLDER", description = "Keep what the plugin writes, in a folder for this simulation in FOLDER; bbv and trace want one.")
    private Optional<Path> out;

    @Option(names = "--no-proof", description = "Do not compare the ends.")
    private boolean unproven;

    @Option(names = "--qemu", paramLabel = "BINARY", description = "QEMU to run instead of the recorded one. It must be of the same version.")
    private Optional<Path> qemu;

    @Mixin
    private OutsideOptions outside;

    @Option(names = "--accept-changed-boot-files", description = RestoreCommand.ACCEPT_CHANGED)
    private boolean acceptChangedBootFiles;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Override
    public Integer call() throws Exception {
        int lanes = workers.orElse(Runtime.getRuntime().availableProcessors());
        if (lanes < 1 || lanes > MOST_WORKERS) {
            throw new ParameterException(spec.commandLine(), "--workers must be from 1 to " + MOST_WORKERS);
        }
        if (every < 1) {
            throw new ParameterException(spec.commandLine(), "--every must be at least 1");
        }
        if (serial && every > 1) {
            throw new ParameterException(spec.commandLine(), "--serial makes one interval of all; leave --every out");
        }
        if (warmUp < 0) {
            throw new ParameterException(spec.commandLine(), "--warm-up must be at least 0");
        }
        if (warmUp > 0 && plugin.isEmpty() && template.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "--warm-up is for what --plugin or --command names, which would begin cold; leave it out, or name one");
        }
        if (template.isPresent() && (plugin.isPresent() || qemu.isPresent() || unproven)) {
            throw new ParameterException(spec.commandLine(), "--command is instead of a QEMU: leave "
                    + (plugin.isPresent() ? "--plugin" : unproven ? "--no-proof" : "--qemu") + " out");
        }
        try (StopRequest stop = StopRequest.onSignals();
                TerminalOutput screen = new TerminalOutput(program.surroundings());
                Store store = storeOption.openExisting(program)) {
            ExperimentRecord experiment = store.experiment(name).orElseThrow(() -> new CommandFailure(
                    "there is no experiment " + name + " in " + store.directory()
                            + "; freezeframe list shows what is"));
            List<Interval> intervals = intervals(store, experiment);
            int used = Math.min(lanes, intervals.size());
            MemoryNeed.ofSimulation(store, intervals.getLast().to(), used).require().ifPresent(screen::remark);
            Simulation.Outcome outcome = simulate(store, experiment, intervals, used, stop, screen);
            screen.status("");
            if (format.json()) {
                screen.line(SimulationText.json(outcome, used).toString());
            } else {
                SimulationText.lines(outcome, used).forEach(screen::line);
            }
            return outcome.isSound() ? 0 : 1;
        }
    }

    private Simulation.Outcome simulate(Store store, ExperimentRecord experiment, List<Interval> intervals, int lanes,
            StopRequest stop, TerminalOutput screen) throws Exception {
        if (!format.json()) {
            screen.line(SimulationText.HEADING);
        }
        AtomicInteger done = new AtomicInteger();
        Optional<String> named = template.isPresent()
                ? Optional.of(Simulation.command(template.get(), warmUp))
                : plugin.flatMap(text -> PluginText.wanted(text, warmUp));
        Simulation simulation = new Simulation(store, experiment,
                new Simulation.Options(lanes, !unproven, named, qemu, out, outside.wishes(), acceptChangedBootFiles));
        try {
            return stop.starting(() -> simulation.run(intervals, every, (interval, result) -> {
                screen.line(format.json()
                        ? SimulationText.json(interval.number(), result).toString()
                        : SimulationText.line(interval.number(), result));
                screen.status(Units.count(done.incrementAndGet()) + " of " + Units.count(intervals.size(), "interval"));
            }));
        } catch (CommandFailure e) {
            throw stop.requested()
                    ? new CommandFailure(
                            "interrupted after " + done + " of " + Units.count(intervals.size(), "interval")
                                    + "; the same command goes on with the rest")
                    : e;
        }
    }

    private List<Interval> intervals(Store store, ExperimentRecord experiment) throws IOException, CommandFailure {
        List<CheckpointRecord> checkpoints = store.checkpoints(experiment.id()).stream().filter(each -> each
                .number() >= from.orElse(1) && each.number() <= to.orElse(Integer.MAX_VALUE)).toList();
        every = serial ? Math.max(1, checkpoints.size() - 1) : every;
        List<Interval> intervals = Interval.between(checkpoints, every);
        if (intervals.isEmpty()) {
            throw new CommandFailure(
                    "there is nothing to simulate between " + Units.count(checkpoints.size(), "checkpoint")
                            + " of " + name + (from.isPresent() || to.isPresent() ? " (--from, --to)" : "")
                            + "; an interval needs two");
        }
        return intervals;
    }
}
