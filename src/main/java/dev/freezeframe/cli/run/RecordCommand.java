package dev.freezeframe.cli.run;

import dev.freezeframe.base.DurationText;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.bundle.BundleImport;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.cli.terminal.CheckpointNameText;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.SizeArgument;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.record.Budget;
import dev.freezeframe.record.MemoryNeed;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.record.TrackerChoice;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe record`: boots a machine, or restores one, and records it until told to stop.
@Command(name = "record", mixinStandardHelpOptions = true, sortOptions = false, header = "Boot a machine and record it.", description = {
        "Ends after --checkpoints or --duration, with --until or --lines, when the guest powers off, or with Ctrl-C; what was captured is kept. Lines count from the start of the machine, or from the text of --after.",
        "The checkpoints become an experiment of the store, named after the profile and the time. Of each text of --after and --at it is told how far beyond it the guest had gone when it was stopped. A budget limits what it may take there."}, footer = {
                "  Ten checkpoints of the demo machine, four a second:",
                "    freezeframe record tiny-linux --checkpoints 10 --interval 250ms",
                "  Half a minute, from the moment that the guest has printed a line:",
                "    freezeframe record tiny-linux --after 'tick 5' --duration 30s",
                "  A checkpoint where the guest prints one of two texts, and hardly any other:",
                "    freezeframe record tiny-linux --interval 24h --at 'tick 5 ' --at 'tick 9 '",
                "  Up to a text, under a name of its own:",
                "    freezeframe record tiny-linux --until 'tick 12 ' --name twelve-ticks",
                "  Another amount of RAM, another work for the guest:",
                "    freezeframe record tiny-linux --memory 1G --append ff.workload=random25k",
                "  As long as you like in at most 2 GiB, the older the sparser:",
                "    freezeframe record debian-build --budget-bytes 2G --budget-rule thin",
                "  Each interval simulated as soon as it is recorded:",
                "    freezeframe record replay-linux --checkpoints 20 --simulate cache",
                "  Another history from the newest checkpoint on:",
                "    freezeframe record --from latest --checkpoints 10"})
public final class RecordCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(RecordCommand.class);

    @ParentCommand
    private Program program;

    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Origin origin;

    @Option(names = "--interval", paramLabel = "TIME", defaultValue = "1s", converter = DurationText.class, description = "Time between two checkpoints, such as 1s or 250ms. Default: 1s")
    private Duration interval;

    @ArgGroup
    private End end;

    @Mixin
    private MarkOptions marks;

    @Option(names = "--name", paramLabel = "NAME", description = "What the experiment is to be called. Default: after the profile and the time")
    private Optional<String> name;

    @Option(names = "--memory", paramLabel = "SIZE", converter = SizeArgument.class, description = "Guest RAM instead of the profile's, such as 512M or 2G.")
    private Optional<Long> memoryBytes;

    @Option(names = "--append", paramLabel = "KERNELARGS", description = "Further arguments for the guest's kernel, such as ff.workload=idle.")
    private Optional<String> append;

    @Option(names = "--accel", paramLabel = "auto|kvm|tcg", description = "Accelerator instead of the profile's.")
    private Optional<Accelerator> accelerator;

    @Option(names = "--qemu", paramLabel = "BINARY", description = "QEMU to run. Default: qemu-system-x86_64")
    private Optional<Path> qemu;

    @Option(names = "--tracker", paramLabel = "auto|userfault|scan", defaultValue = "auto", description = "How written pages are found. Default: auto, exact tracking where the kernel has it")
    private TrackerChoice tracker;

    @Option(names = "--buffer", paramLabel = "SIZE", converter = SizeArgument.class, description = "Most memory for pages that are captured and not stored yet. Default: a quarter of the guest's RAM, from 256M to 2G")
    private Optional<Long> bufferBytes;

    @Option(names = "--scratch", paramLabel = "SIZE", converter = SizeArgument.class, description = "Most room on disk for what the guest overwrites while a checkpoint's disks are read. Default: 2G")
    private Optional<Long> scratchBytes;

    @Option(names = "--budget-bytes", paramLabel = "SIZE", converter = SizeArgument.class, description = "Most that this recording may add to the store, such as 2G.")
    private Optional<Long> budgetBytes;

    @Option(names = "--budget-checkpoints", paramLabel = "N", description = "Most checkpoints that this recording may keep.")
    private Optional<Long> budgetCheckpoints;

    @Option(names = "--budget-rule", paramLabel = "stop|thin", defaultValue = "stop", description = "At the budget: stop recording, or thin out old checkpoints, the more the older they are. Default: stop")
    private Budget.Rule budgetRule;

    @Option(names = "--wake-after", paramLabel = "TIME", converter = DurationText.class, description = GuestWatch.WAKE_AFTER)
    private Optional<Duration> wakeAfter;

    @Option(names = "--no-pictures", description = "Keep no pictures of the guest's screen or console with the checkpoints.")
    private boolean noPictures;

    @Option(names = "--trust-hash", description = "Take pages with the same hash for the same, without comparing them.")
    private boolean trustHash;

    @Option(names = "--accept-changed-boot-files", description = RestoreCommand.ACCEPT_CHANGED)
    private boolean acceptChangedBootFiles;

    @Mixin
    private OutsideOptions outside;

    @Mixin
    private final LiveSimulationOption simulating = new LiveSimulationOption();

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    /// What is recorded.
    private static final class Origin {
        @Parameters(index = "0", paramLabel = "PROFILE", completionCandidates = ProfileNames.class, description = "A profile's name (freezeframe profiles lists them), or the path of a profile's file.")
        private String profile;

        @Option(names = "--from", paramLabel = "CHECKPOINT", converter = CheckpointNameText.class, required = true, description = "Restore this checkpoint and record the restored machine.")
        private CheckpointName checkpoint;
    }

    /// When it ends.
    private static final class End {
        @Option(names = "--checkpoints", paramLabel = "N", required = true, description = "Take this many checkpoints.")
        private Integer checkpoints;

        @Option(names = "--duration", paramLabel = "TIME", converter = DurationText.class, required = true, description = "Record this long, such as 30s or 5min.")
        private Duration duration;
    }

    @Override
    public Integer call() throws Exception {
        checkUsage();
        Optional<MachineSpec> fresh = origin.checkpoint == null ? Optional.of(machineSpec()) : Optional.empty();
        try (StopRequest stop = StopRequest.onSignals();
                TerminalOutput screen = new TerminalOutput(program.surroundings())) {
            if (fresh.isPresent()) {
                requireMemory(fresh.get().memoryBytes(),
                        fresh.get().servesDisks() ? fresh.get().profile().disks().size() : 0,
                        screen);
            }
            if (fresh.isEmpty()) {
                return recordRestored(screen, stop);
            }
            try (Store store = storeOption.open(program); simulating) {
                checkName(store);
                simulating.prepare(store, fresh.get());
                ExperimentRecord recorded;
                try (Machine machine = stop.starting(() -> Machine.boot(fresh.get()))) {
                    recorded = record(store, machine, Optional.empty(), screen, stop);
                }
                return simulating.finish(recorded, storeOption, screen, stop, format.json());
            }
        }
    }

    private void requireMemory(long ramBytes, int servedDisks, TerminalOutput screen) throws IOException {
        MemoryNeed.ofRecording(ramBytes, List.of(), options().capture().bufferBytesFor(ramBytes),
                tracker == TrackerChoice.SCAN).withServedDisks(servedDisks).require().ifPresent(screen::remark);
    }

    private void checkUsage() {
        checkOutside();
        marks.check(spec);
        try {
            name.ifPresent(BundleImport::checkName);
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
        if (interval.compareTo(Duration.ofMillis(10)) < 0) {
            throw wrong("--interval must be at least 10ms");
        }
        if (budget().isUnlimited() && budgetRule == Budget.Rule.THIN) {
            throw wrong("--budget-rule thin needs --budget-bytes or --budget-checkpoints");
        }
        simulating.check(spec, budgetRule);
        if (end != null && end.checkpoints != null && end.checkpoints < 1) {
            throw wrong("--checkpoints must be at least 1");
        }
        if (origin.checkpoint != null && (memoryBytes.isPresent() || append.isPresent() || accelerator.isPresent())) {
            throw wrong(
                    "--memory, --append and --accel cannot be changed with --from: the checkpoint is of that machine");
        }
    }

    private void checkOutside() {
        if (origin.checkpoint == null && outside.hasRestoresOnly()) {
            throw wrong("--with and --accept-changed-media are for --from: a profile names its files itself");
        }
    }

    /// Before the machine boots, which takes longer.
    private void checkName(Store store) throws CommandFailure, StoreException {
        if (name.isPresent() && store.experiment(name.get()).isPresent()) {
            throw new CommandFailure("the store has an experiment " + name.get()
                    + " already; choose another --name, or delete that one first");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private MachineSpec machineSpec() throws Exception {
        Profile profile = Profiles.standard().find(origin.profile);
        new GuestDialog(program.surroundings(), format.json()).require(profile);
        return withChanges(MachineSpec.of(profile)).without(outside.without()).withKept(outside.kept());
    }

    private MachineSpec withChanges(MachineSpec machine) {
        MachineSpec changed = machine;
        if (memoryBytes.isPresent()) {
            changed = changed.withMemoryBytes(memoryBytes.get());
        }
        if (accelerator.isPresent()) {
            changed = changed.withAccelerator(accelerator.get());
        }
        if (qemu.isPresent()) {
            changed = changed.withQemuBinary(qemu.get());
        }
        return append.isPresent() ? changed.withKernelArguments(append.get()) : changed;
    }

    private RecordingOptions options() {
        CaptureOptions usual = CaptureOptions.DEFAULT;
        CaptureOptions capture = new CaptureOptions(interval, bufferBytes.orElse(usual.bufferBytes()), scratchBytes
                .orElse(usual.scratchBytes()), usual.maxPreCopyRounds());
        return new RecordingOptions(capture, DedupOptions.DEFAULT.withTrustHash(trustHash), tracker,
                wantedCheckpoints(), budget(), !noPictures).withName(name);
    }

    private Budget budget() {
        try {
            return new Budget(budgetBytes.map(OptionalLong::of).orElse(OptionalLong.empty()), budgetCheckpoints.map(
                    OptionalLong::of).orElse(OptionalLong.empty()), budgetRule);
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private OptionalLong wantedCheckpoints() {
        return end == null || end.checkpoints == null ? OptionalLong.empty() : OptionalLong.of(end.checkpoints);
    }

    private Optional<Duration> wantedTime() {
        return end == null ? Optional.empty() : Optional.ofNullable(end.duration);
    }

    private int recordRestored(TerminalOutput screen, StopRequest stop) throws Exception {
        try (Store store = storeOption.openExisting(program); simulating) {
            CheckpointRecord parent = StoreOption.find(store, origin.checkpoint);
            requireMemory(parent.metrics().ramPages() * GuestPage.BYTES, 0, screen);
            checkName(store);
            RestoreOptions restoring = RestoreOptions.standard().withRecordable(true).withLeavePaused(true)
                    .withAcceptChangedBootFiles(acceptChangedBootFiles).withOutside(outside.wishes());
            RestoreOptions options = qemu.isPresent() ? restoring.withQemuBinary(qemu.get()) : restoring;
            ExperimentRecord recorded;
            try (RestoredMachines restored = stop.starting(() -> new Restorer(store).restore(parent, options))) {
                simulating.prepare(store, restored.first().machine().spec());
                recorded = record(store, restored.first().machine(), Optional.of(parent), screen, stop);
            }
            return simulating.finish(recorded, storeOption, screen, stop, format.json());
        }
    }

    private ExperimentRecord record(Store store, Machine machine, Optional<CheckpointRecord> parent,
            TerminalOutput screen,
            StopRequest stop)
            throws IOException, InterruptedException, CommandFailure {
        if (wakeAfter.isPresent() && machine.replayLog().isPresent()) {
            throw new CommandFailure(
                    "--wake-after is not for a run that can be replayed: a wake-up call is not in QEMU's"
                            + " log; leave it out, or record a profile without \"replay\": true");
        }
        if (format.json()) {
            machine.movedFiles().forEach(each -> screen.line(JsonLines.moved(each).toString()));
        } else {
            OutsideOptions.lines(machine).forEach(screen::remark);
        }
        try (ConsoleWatch watch = new ConsoleWatch(machine.console(), marks.wishes())) {
            if (marks.waits()) {
                if (parent.isPresent()) {
                    machine.resume();
                }
                marks.awaitStart(machine, watch, screen, stop);
            }
            return record(store, machine, parent, screen, stop, watch);
        }
    }

    private ExperimentRecord record(Store store, Machine machine, Optional<CheckpointRecord> parent,
            TerminalOutput screen,
            StopRequest stop,
            ConsoleWatch watch) throws IOException, InterruptedException, CommandFailure {
        RunPrinter printer = new RunPrinter(screen, format.json(), !machine.disks().isEmpty());
        wakeAfter.ifPresent(printer::wakeAfter);
        boolean untouched = parent.isPresent() && !marks.waits();
        try (Recording recording = Recording.start(store, machine, parent, untouched, options(), simulating
                .hearing(printer))) {
            simulating.begin(recording.experiment());
            watch.recording(recording::checkpointNow);
            if (untouched) {
                machine.resume();
            }
            printer.follow(recording, machine, new RunPrinter.End(wantedCheckpoints(), wantedTime(), watch), stop);
            printer.printSummary(recording, store);
            if (printer.newest().isPresent() && !format.json()) {
                screen.line("restore   freezeframe restore " + StoreOption.quoted(printer.newest().get().name())
                        + storeOption.asGiven());
            }
            removeIfEmpty(store, recording, printer);
            if (printer.stored() == 0 && printer.standing().isPresent() && !stop.requested()) {
                throw new CommandFailure("no checkpoint was stored: " + printer.standing().get());
            }
            if (printer.stored() == 0 && stop.requested()) {
                throw new CommandFailure("no checkpoint was stored: the recording was stopped before the first");
            }
            Optional<String> problem = stop.requested()
                    ? Optional.empty()
                    : problem(printer.stored(), wantedCheckpoints(), end(machine, recording),
                            recording.failed(), recording.endReason()).or(
                                    () -> marks.problem(watch, recording
                                            .endReason(), printer.stored()));
            if (problem.isPresent()) {
                throw new CommandFailure(problem.get());
            }
            return recording.experiment();
        }
    }

    /// An experiment without checkpoints is of no use to anybody.
    private static void removeIfEmpty(Store store, Recording recording, RunPrinter printer) {
        if (printer.stored() > 0) {
            return;
        }
        try {
            store.deleteExperiment(recording.experiment().name());
        } catch (StoreException e) {
            // Why nothing was stored is worth more to the user than this.
            LOG.warn("the empty experiment {} stays in the list", recording.experiment().name(), e);
        }
    }

    /// QEMU's end, if it has ended. Its connection is lost some milliseconds before the kernel reports its status.
    private static Optional<ExitStatus> end(Machine machine, Recording recording) {
        if (!recording.failed()) {
            return Optional.ofNullable(machine.onExit().getNow(null));
        }
        // one whose connection has ended is about to end itself
        int seconds = machine.qmp().isLost() ? 10 : 1;
        return Optional.ofNullable(machine.onExit().completeOnTimeout(null, seconds, TimeUnit.SECONDS).join());
    }

    /// What went wrong with a recording that was not told to stop. One that ended with its guest went well; one that lost
    /// its QEMU or its store did not, nor one that stored less than was asked for.
    ///
    /// @param ended QEMU's end, if it has ended
    /// @param failed whether the recording ended by a fault
    /// @param reason why it ended
    public static Optional<String> problem(long stored, OptionalLong wanted, Optional<ExitStatus> ended, boolean failed,
            String reason) {
        String kept = stored == 0 ? "no checkpoint was stored" : "the checkpoints before that are in the store";
        if (ended.isPresent() && ended.get().code() != 0) {
            return Optional.of("QEMU " + ended.get().describe() + "; " + kept + ", its last words are in the log");
        }
        // A QEMU that ended with status 0 did so because the guest powered off, which looks like a fault from outside.
        if (failed && ended.isEmpty()) {
            return Optional
                    .of("the recording ended early: " + reason + "; " + kept + "; put right what it names (the log "
                            + "has more) and record again");
        }
        if (stored == 0) {
            return Optional
                    .of("no checkpoint was stored (" + reason + "); see the log, or record for longer");
        }
        if (stored < wanted.orElse(0)) {
            return Optional.of("only " + stored + " of " + wanted.getAsLong() + " checkpoints were stored (" + reason
                    + "); they are kept; see above or in the log what became of the others");
        }
        return Optional.empty();
    }
}
