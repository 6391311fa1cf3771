package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Debian that compiles on its disk is executed again, interval by interval, and ends each as it did. Needs the guest that the
/// installer builds.
@Tag("qemu")
@Tag("soak")
class ReplayedDebianTest {
    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int CHECKPOINTS = 4;
    private static final long MEMORY_BYTES = 128 << 20;
    /// What the workload and the kernel say when something is wrong.
    private static final Pattern FAULT = Pattern.compile(
            "CORRUPT|failed|I/O error|Input/output error|EXT4-fs (error|warning)|Kernel panic|BUG:|Oops");

    @TempDir
    private Path folder;

    @Test
    void eachIntervalOfACompilationEndsAsItDid() throws Exception {
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("replay-build")).withMemoryBytes(MEMORY_BYTES);
        var listener = new StoredCheckpoints();
        try (Store store = Store.open(folder.resolve("store"))) {
            ExperimentRecord experiment;
            try (Machine machine = Machine.boot(spec)) {
                awaitStep(machine);
                try (Recording recording = Recording.start(store, machine, Optional.empty(), false,
                        RecordingOptions.DEFAULT.withPictures(false).stoppingAfter(CHECKPOINTS), listener)) {
                    assertTrue(recording.awaitCaptureEnd(PATIENCE), "the recording does not end");
                    experiment = recording.experiment();
                }
                assertNoFault(machine);
            }
            assertEquals(CHECKPOINTS, listener.stored().size(), () -> listener.failed().toString());

            Simulation.Outcome outcome = new Simulation(store, experiment, new Simulation.Options(2, true, Optional
                    .empty(), Optional.empty(), Optional.empty())).run(Interval.between(listener.stored(), 1), 1,
                            (_, _) -> {});
            assertEquals(CHECKPOINTS - 1, outcome.results().size());
            for (SimulatedInterval each : outcome.results()) {
                assertTrue(each.state().isSound(), each::toString);
            }
            try (RestoredMachines restored = new Restorer(store).restore(listener.stored().get(1), RestoreOptions
                    .standard())) {
                Machine machine = restored.first().machine();
                awaitStep(machine);
                assertNoFault(machine);
            }
        }
    }

    private static void awaitStep(Machine machine) throws Exception {
        machine.console().awaitLine(line -> line.matches("step \\d+ round .*"), PATIENCE);
    }

    private static void assertNoFault(Machine machine) {
        machine.console().text().lines().forEach(line -> assertTrue(!FAULT.matcher(line).find(), line));
    }
}
