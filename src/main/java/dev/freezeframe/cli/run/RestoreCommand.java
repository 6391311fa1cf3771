package dev.freezeframe.cli.run;

import dev.freezeframe.base.DurationText;
import dev.freezeframe.base.Progress;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CheckpointNameText;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StatusProgress;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.machine.DetachedMachine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.record.MemoryNeed;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestorePhases;
import dev.freezeframe.restore.RestoredMachine;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.simulate.LedMachine;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe restore`: brings a checkpoint back as one or more machines, which run on for as long as is asked for.
@Command(name = "restore", mixinStandardHelpOptions = true, sortOptions = false, header = "Bring a checkpoint back as one or more running machines.", description = {
        "They run until they end by themselves or Ctrl-C, unless --run, --until, --lines or --detach says otherwise; with --until or --lines the time of --run is a limit.",
        "The machines share one image of RAM copy-on-write, and each has disks of its own at once; what they write is gone when they end. The kernel, initrd and firmware files have to be the recorded ones."}, footer = {
                "  See the newest checkpoint go on for ten seconds:",
                "    freezeframe restore latest --console --run 10s",
                "  The next six lines that the guest prints, however fast this computer is:",
                "    freezeframe restore latest --console --lines 6",
                "  Sixteen machines from one checkpoint, for as many simulations:",
                "    freezeframe restore tiny-linux-20260101-120000/5 --count 16",
                "  Leave a machine running, with its QMP and console sockets:",
                "    freezeframe restore tiny-linux-20260101-120000/5 --detach",
                "  What the guest printed between a checkpoint and the next:",
                "    freezeframe restore replay-linux-20260101-120000/5 --replay --console",
                "  Prove that every byte of RAM is as it was:",
                "    freezeframe restore latest --verify --run 1s"})
public final class RestoreCommand implements Callable<Integer> {
    static final String ACCEPT_CHANGED = "Restore also when the kernel, initrd or firmware file is not the recorded one any more.";
    private static final int MOST_MACHINES = 256;
    /// Shorter than what is shown.
    private static final long NO_WAIT_MICROS = 50;

    @ParentCommand
    private Program program;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "CHECKPOINT", converter = CheckpointNameText.class, description = "EXPERIMENT/NUMBER, EXPERIMENT for its newest, or latest.")
    private CheckpointName name;

    @Option(names = "--count", paramLabel = "N", defaultValue = "1", description = "Start N machines that share one RAM image copy-on-write.")
    private int count;

    @ArgGroup
    private Stay stay;

    @Mixin
    private ConsoleEnd end;

    @Option(names = "--replay", description = "Execute again what was recorded behind the checkpoint, led by the log of the run, up to the next checkpoint, where the machine stands and ends. The profile must say \"replay\": true.")
    private boolean replay;

    @Option(names = "--verify", description = "Compare all of RAM with the store before the guest runs.")
    private boolean verify;

    @Option(names = "--wake-after", paramLabel = "TIME", converter = DurationText.class, description = GuestWatch.WAKE_AFTER)
    private Optional<Duration> wakeAfter;

    @Option(names = "--console", description = "Print what the guests print. With one machine, lines of standard input are typed into it.")
    private boolean console;

    @Option(names = "--accel", paramLabel = "auto|kvm|tcg", description = "Accelerator instead of the recorded one.")
    private Optional<Accelerator> accelerator;

    @Option(names = "--cpu", paramLabel = "MODEL", description = "Another processor model than the recorded one, as of QEMU's -cpu; QEMU refuses a state that it cannot hold.")
    private Optional<String> cpu;

    @Option(names = "--qemu", paramLabel = "BINARY", description = "QEMU to run instead of the recorded one.")
    private Optional<Path> qemu;

    @Option(names = "--accept-changed-boot-files", description = ACCEPT_CHANGED)
    private boolean acceptChangedBootFiles;

    @Mixin
    private OutsideOptions outside;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    /// Thrown through the copying of disks to end it.
    private static final class Interrupted extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /// How long the machines live.
    private static final class Stay {
        @Option(names = "--run", paramLabel = "TIME", converter = DurationText.class, required = true, description = "End the machines after this time, such as 5s.")
        private Duration time;

        @Option(names = "--detach", required = true, description = "Leave the machines running; prints where their QMP and console sockets are.")
        private boolean detached;
    }

    @Override
    public Integer call() throws Exception {
        if (count < 1 || count > MOST_MACHINES) {
            throw new ParameterException(spec.commandLine(), "--count must be from 1 to " + MOST_MACHINES);
        }
        boolean detach = stay != null && stay.detached;
        if (detach && console) {
            throw new ParameterException(spec.commandLine(), "--console is of no use with --detach");
        }
        end.check(spec);
        ConsoleWatch.Wishes wishes = new ConsoleWatch.Wishes(Optional.empty(), List.of(), end.until(), end.lines());
        if (detach && wishes.haveEnd()) {
            throw new ParameterException(spec.commandLine(), "--until and --lines are of no use with --detach");
        }
        if (replay) {
            return replay(wishes, detach);
        }
        try (StopRequest stop = StopRequest.onSignals();
                TerminalOutput screen = new TerminalOutput(program.surroundings());
                Store store = storeOption.openExisting(program);
                RestoredMachines restored = stop.starting(() -> restore(store, detach, screen))) {
            if (detach) {
                restored.makeIndependent(copying(screen, stop));
            } else if (!restored.needStore()) {
                letGo(store);
            }
            for (int i = 0; i < restored.machines().size(); i++) {
                RestoredMachine machine = restored.machines().get(i);
                Optional<DetachedMachine> left = detach ? Optional.of(machine.machine().detach()) : Optional.empty();
                print(screen, restored.checkpoint(), i + 1, machine, left);
            }
            if (!detach) {
                new RestoredRun(program.surroundings(), screen, format.json(), console, wishes, stay == null
                        ? Optional.empty()
                        : Optional.of(stay.time), wakeAfter, OptionalLong.empty())
                        .run(restored.machines().stream().map(RestoredMachine::machine)
                                .toList(), stop);
            }
        } catch (Interrupted e) {
            throw new CommandFailure("interrupted before the machines had copied their disks; they were ended");
        }
        return 0;
    }

    private int replay(ConsoleWatch.Wishes wishes, boolean detach) throws Exception {
        if (count > 1 || verify || detach) {
            throw new ParameterException(spec.commandLine(),
                    "--replay is for one machine that goes on at once and ends; leave --count, --verify and --detach out");
        }
        try (StopRequest stop = StopRequest.onSignals();
                TerminalOutput screen = new TerminalOutput(program.surroundings());
                Store store = storeOption.openExisting(program);
                LedMachine led = stop.starting(() -> lead(store, screen))) {
            if (!led.machines().needStore()) {
                letGo(store);
            }
            RestoredMachine restored = led.machines().first();
            print(screen, led.interval().from(), 1, restored, Optional.empty());
            tell(screen, led, "led", "is led by the log of the run up to");
            new RestoredRun(program.surroundings(), screen, format.json(), console, wishes, stay == null
                    ? Optional.empty()
                    : Optional.of(stay.time), wakeAfter, OptionalLong.of(led.until()))
                    .run(List.of(restored.machine()), stop);
            if (restored.machine().state() == MachineState.PAUSED && restored.machine().instructions() == led.until()) {
                tell(screen, led, "stands", "stands at");
            }
        }
        return 0;
    }

    private void tell(TerminalOutput screen, LedMachine led, String type, String words) {
        screen.line(format.json()
                ? JsonLines.ofType(type).put("instruction", led.until())
                        .put("checkpoint", led.interval().to().name().toString())
                        .toString()
                : Units.text("  it %s instruction %,d, which is checkpoint %s", words, led.until(),
                        led.interval().to().name()));
    }

    private LedMachine lead(Store store, TerminalOutput screen) throws CommandFailure, IOException {
        CheckpointRecord checkpoint = StoreOption.find(store, name);
        MemoryNeed.ofRestore(store, checkpoint, 1).require().ifPresent(screen::remark);
        return LedMachine.restore(store, checkpoint, options(false));
    }

    /// Closes it before its time: a recording may use it then.
    private static void letGo(Store store) throws StoreException {
        store.close();
    }

    private RestoredMachines restore(Store store, boolean detach, TerminalOutput screen)
            throws CommandFailure, IOException {
        CheckpointRecord checkpoint = StoreOption.find(store, name);
        MemoryNeed.ofRestore(store, checkpoint, count).require().ifPresent(screen::remark);
        return new Restorer(store).restore(checkpoint, options(detach));
    }

    private RestoreOptions options(boolean detach) throws CommandFailure {
        RestoreOptions options = RestoreOptions.standard().withCount(count).withDetachable(detach).withVerifyRam(verify)
                .withAcceptChangedBootFiles(acceptChangedBootFiles).withOutside(outside.wishes());
        options = qemu.isPresent() ? options.withQemuBinary(qemu.get()) : options;
        options = accelerator.isPresent() ? options.withAccelerator(accelerator.get()) : options;
        try {
            options = cpu.isPresent() ? options.withCpu(cpu.get()) : options;
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(e.getMessage());
        }
        return options;
    }

    /// Machines that are to stay copy what they still need of their disks, since the store is closed with this process.
    private static Progress copying(TerminalOutput screen, StopRequest stop) {
        Progress bar = StatusProgress.on(screen);
        return (step, done, total) -> {
            if (stop.requested()) {
                throw new Interrupted();
            }
            bar.at(step, done, total);
        };
    }

    /// The image is filled while the first QEMU starts, and is there when another one does.
    private static String image(int number, RestorePhases phases) {
        if (phases.imageMicros() >= NO_WAIT_MICROS) {
            return Units.millis(phases.imageMicros());
        }
        return number > 1 ? "shared" : "filled meanwhile";
    }

    private void print(TerminalOutput screen, CheckpointRecord checkpoint, int number, RestoredMachine restored,
            Optional<DetachedMachine> left) {
        RestorePhases phases = restored.phases();
        long pid = restored.machine().pid();
        if (format.json()) {
            screen.line(JsonLines.restored(checkpoint, number, restored, left).toString());
            return;
        }
        screen.line(
                Units.text("%s runs again as machine %d, QEMU process %d, after %s (start %s, image %s, devices %s)%s",
                        checkpoint.name(), number, pid, Units.millis(restored.totalMicros()),
                        Units.millis(phases.spawnMicros()),
                        image(number, phases), Units.millis(phases.loadMicros()), restored.ramVerified()
                                ? "; RAM verified"
                                : ""));
        OutsideOptions.lines(restored.machine()).forEach(line -> screen.line("  " + line));
        left.ifPresent(machine -> screen.line("  QMP at " + machine.qmpSocket() + ", console at " + machine
                .consoleSocket() + "; end it with kill " + machine.pid()));
    }
}
