package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.suite.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A guest takes random numbers of the host by its network card, which nobody can guess: the run that is executed again has them
/// from its log. Needs the initramfs with drivers that the installer builds.
@Tag("qemu")
class ReplayedNetworkTest {
    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final int CHECKPOINTS = 4;

    @TempDir
    private Path folder;

    private static List<String> fetched(Machine machine) {
        String text = machine.console().text();
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().filter(line -> line.matches("fetch \\d+ \\S+"))
                .toList();
    }

    @Test
    void whatCameByTheNetworkComesFromTheLogWhenTheRunIsExecutedAgain() throws Exception {
        HeardCheckpoints stored = new HeardCheckpoints();
        try (Store store = Store.open(folder.resolve("store"))) {
            ExperimentRecord run;
            List<String> recorded;
            try (Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("replay-network")))) {
                machine.console().awaitLine(line -> line.startsWith("fetch 2 "), Await.PATIENCE);
                try (Recording recording = Recording.start(store, machine, Optional.empty(), false,
                        RecordingOptions.DEFAULT.with(CaptureOptions.DEFAULT.withInterval(INTERVAL)).stoppingAfter(
                                CHECKPOINTS),
                        stored)) {
                    run = recording.experiment();
                    assertTrue(recording.awaitCaptureEnd(Await.PATIENCE), "the recording does not end");
                }
                int before = fetched(machine).size();
                Await.until("it goes on", () -> fetched(machine).size() > before);
                recorded = fetched(machine);
            }
            assertEquals(recorded.size(), recorded.stream().map(line -> line.split(" ", 3)[2]).distinct().count(),
                    recorded::toString);

            Simulation.Outcome outcome = new Simulation(store, run, new Simulation.Options(2, true, Optional.empty(),
                    Optional.empty(), Optional.empty())).run(Interval.between(stored.checkpoints, 1), 1, (_, _) -> {});
            assertEquals(CHECKPOINTS - 1, outcome.results().size());
            for (SimulatedInterval each : outcome.results()) {
                assertTrue(each.state().isSound(), each::toString);
            }

            try (LedMachine led = LedMachine.restore(store, stored.checkpoints.get(1), RestoreOptions.standard())) {
                Machine machine = led.machines().first().machine();
                Await.until("it stands at its end", () -> machine.instructions() >= led.until());
                Await.untilConsolesAreRead();
                List<String> again = fetched(machine);
                assertTrue(!again.isEmpty() && recorded.containsAll(again), () -> again + " of " + recorded);
            }
        }
    }
}
