package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.suite.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// What comes to a guest while its run is recorded is in the log, or is refused.
@Tag("qemu")
class LoggedInputTest {
    @TempDir
    private Path folder;

    @Test
    void whatIsTypedIsReplayedAndWhatQemuDoesNotLogIsRefused() throws Exception {
        HeardCheckpoints stored = new HeardCheckpoints();
        ExperimentRecord run;
        try (Store store = Store.open(folder.resolve("store"))) {
            try (Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("replay-linux")))) {
                machine.console().awaitLine(line -> line.contains("tick 1"), Await.PATIENCE);
                try (Recording recording = Recording.start(store, machine, Optional.empty(), false,
                        RecordingOptions.DEFAULT.with(CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(500))),
                        stored)) {
                    run = recording.experiment();
                    Await.until("a checkpoint", () -> !stored.checkpoints.isEmpty());
                    for (Executable unlogged : List.<Executable>of(machine::reset, machine::powerdown, machine::wake)) {
                        MachineException refused = assertThrows(MachineException.class, unlogged);
                        assertTrue(refused.getMessage().contains("is not in QEMU's log"), refused.getMessage());
                    }
                    machine.console().type("typed meanwhile\n");
                    int before = stored.checkpoints.size();
                    Await.until("it is behind", () -> stored.checkpoints.size() >= before + 2);
                }
            }
            List<Interval> intervals = Interval.between(store.checkpoints(run.id()), 1);
            Simulation.Outcome outcome = new Simulation(store, run, new Simulation.Options(2, true, Optional.empty(),
                    Optional.empty(), Optional.empty())).run(intervals, 1, (_, _) -> {});
            assertEquals(List.of(), outcome.results().stream().filter(each -> !each.state().isSound()).map(
                    SimulatedInterval::reason).toList());
            assertTrue(outcome.count(EndState.PROVEN) + outcome.count(EndState.PROVEN_ACROSS_INTERRUPT) >= 2);
        }
    }
}
