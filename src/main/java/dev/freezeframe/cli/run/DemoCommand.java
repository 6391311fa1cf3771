package dev.freezeframe.cli.run;

import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachine;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe demo`: the whole main job in half a minute, on the small guest. Boots it, records it, brings a checkpoint
/// from the middle back, and proves that the restored guest does what the original did after that moment.
///
/// The proof rests on the guest's ticker: every line that it prints has a sum over 8 MiB of random bytes, whose generator
/// is in guest memory. A restored guest can only print the original's next lines if all of that came back.
@Command(name = "demo", mixinStandardHelpOptions = true, header = "Boot a small Linux, record it, restore a checkpoint and show that it goes on.", description = "Records into the default store, so that list and restore have something to show afterwards.", footer = {
        "  Into the usual store:",
        "    freezeframe demo",
        "  Only to see it, and nothing of it stays:",
        "    freezeframe demo --store /tmp/demo && rm -r /tmp/demo"})
public final class DemoCommand implements Callable<Integer> {
    private static final String PROFILE = "tiny-linux";
    private static final Pattern TICK = Pattern.compile("tick \\d+ sum [0-9a-f]+");
    private static final int TICKS_TO_COMPARE = 3;
    private static final Duration BOOT_TIME = Duration.ofMinutes(2);
    private static final Duration TICK_TIME = Duration.ofSeconds(30);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    @ParentCommand
    private Program program;

    @Option(names = "--checkpoints", paramLabel = "N", defaultValue = "10", hidden = true)
    private int checkpoints;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Override
    public Integer call() throws Exception {
        Profile profile = Profiles.standard().find(PROFILE);
        new GuestDialog(program.surroundings(), format.json()).require(profile);
        try (StopRequest stop = StopRequest.onSignals();
                TerminalOutput screen = new TerminalOutput(program.surroundings());
                Store store = storeOption.open(program)) {
            Original original = record(store, profile, screen, stop);
            if (original == null) {
                return 0;
            }
            CheckpointRecord middle = StoreOption.find(store,
                    CheckpointName.of(original.experiment(), Math.max(1, original
                            .newest().number() / 2)));
            restore(store, middle, original, screen, stop);
        }
        return 0;
    }

    /// What the comparison needs of the recorded machine after it has ended.
    private record Original(String experiment, CheckpointRecord newest, List<String> ticks) {}

    private Original record(Store store, Profile profile, TerminalOutput screen, StopRequest stop) throws Exception {
        say(screen, "booting " + PROFILE + " (" + Units.bytes(profile.memoryBytes()) + ")");
        try (Machine machine = stop.starting(() -> Machine.boot(MachineSpec.of(profile)))) {
            if (ticks(machine, 1, BOOT_TIME, stop).isEmpty()) {
                return null;
            }
            RunPrinter printer = new RunPrinter(screen, format.json(), !machine.disks().isEmpty());
            try (ConsoleWatch watch = new ConsoleWatch(machine.console(), ConsoleWatch.Wishes.NONE);
                    Recording recording = Recording.start(store, machine, Optional.empty(), false,
                            RecordingOptions.DEFAULT
                                    .stoppingAfter(checkpoints),
                            printer)) {
                printer.follow(recording, machine, new RunPrinter.End(OptionalLong.of(checkpoints), Optional.empty(),
                        watch), stop);
                printer.printSummary(recording, store);
                CheckpointRecord newest = printer.newest().orElseThrow(() -> new CommandFailure(
                        "no checkpoint was stored (" + recording.endReason() + ")"));
                return stop.requested() ? null : new Original(recording.experiment().name(), newest, ticks(machine));
            }
        }
    }

    private void restore(Store store, CheckpointRecord checkpoint, Original original, TerminalOutput screen,
            StopRequest stop)
            throws Exception {
        say(screen, "");
        say(screen, "restoring " + checkpoint.name() + " to a new machine; the original has ended");
        try (RestoredMachines machines = stop.starting(() -> new Restorer(store).restore(checkpoint, RestoreOptions
                .standard()))) {
            RestoredMachine restored = machines.first();
            if (format.json()) {
                screen.line(JsonLines.restored(checkpoint, 1, restored, Optional.empty()).toString());
            }
            List<String> again = ticks(restored.machine(), TICKS_TO_COMPARE, TICK_TIME, stop);
            if (again.isEmpty()) {
                return;
            }
            for (String tick : again.subList(0, TICKS_TO_COMPARE)) {
                if (!original.ticks().contains(tick)) {
                    throw new CommandFailure("the restored guest printed \"" + tick
                            + "\", which the original never did; run freezeframe verify, and report this");
                }
                say(screen, tick + "   as the original printed it");
            }
            int position = original.ticks().indexOf(again.getFirst());
            say(screen,
                    Units.text("running after %s; of the original's %s it went on with number %d", Units.millis(restored
                            .totalMicros()), Units.count(original.ticks().size(), "tick"), position + 1));
            if (format.json()) {
                screen.line(JsonLines.ofType("compared").put("checkpoint", checkpoint.name().toString()).put("lines",
                        TICKS_TO_COMPARE).put("same", true).put("firstLine", again.getFirst()).toString());
            }
        }
        say(screen, "");
        say(screen, "freezeframe list " + original.experiment() + storeOption.asGiven() + "     shows this run");
        say(screen, "freezeframe restore " + checkpoint.name() + storeOption.asGiven()
                + " --console --run 10s     runs it again");
        say(screen, "freezeframe delete " + original.experiment() + storeOption.asGiven()
                + "     takes it out of the store");
    }

    private void say(TerminalOutput screen, String text) {
        if (!format.json()) {
            screen.line(text);
        }
    }

    /// Waits until a guest has printed so many ticks since its machine was started.
    ///
    /// @return what it printed, or nothing when a stop was asked for
    private static List<String> ticks(Machine machine, int wanted, Duration patience, StopRequest stop)
            throws InterruptedException, CommandFailure {
        long deadline = System.nanoTime() + patience.toNanos();
        List<String> found = ticks(machine);
        while (found.size() < wanted) {
            if (stop.await(LOOK_AGAIN)) {
                return List.of();
            }
            Optional<String> ended = MachineEnd.of(machine);
            if (ended.isPresent() || System.nanoTime() > deadline) {
                throw new CommandFailure("the guest printed no tick " + ended.map(why -> "before its machine ended: "
                        + why).orElse("in " + Units.duration(patience))
                        + "; freezeframe demo --verbose shows what went on");
            }
            found = ticks(machine);
        }
        return found;
    }

    /// The ticks that a guest has printed whole.
    private static List<String> ticks(Machine machine) {
        String text = machine.console().text();
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().map(ConsoleFeed::withoutControls).filter(TICK
                .asMatchPredicate()).toList();
    }
}
