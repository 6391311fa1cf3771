package dev.freezeframe.ui.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.task.BackgroundTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import javafx.scene.layout.Pane;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The machines of the window on the real QEMU, without a window.
@Tag("qemu")
class MachinesModelTest {
    private static final Duration INTERVAL = Duration.ofMillis(100);
    /// Somewhat less than what [StateWatch] takes for a stop that is to be told.
    private static final long LONG_PAUSE_MICROS = 200_000;

    @TempDir
    private Path folder;
    private OpenWorkbench workbench;
    private MachinesModel machines;

    @BeforeEach
    void open() {
        workbench = new OpenWorkbench(folder.resolve("store"));
        machines = workbench.model().machines();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        workbench.close();
        assertEquals(0, qemus(), "QEMUs that run on");
        assertEquals(0, guestMemories(), "guest memory that is kept");
    }

    private static long qemus() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive).count();
    }

    /// Memory of guests that this process has open.
    private static long guestMemories() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(file -> {
                try {
                    return Files.readSymbolicLink(file).toString().contains("memfd:");
                } catch (IOException e) {
                    return false; // closed meanwhile
                }
            }).count();
        }
    }

    private static RecordingOptions quick() {
        CaptureOptions capture = RecordingOptions.DEFAULT.capture();
        return RecordingOptions.DEFAULT.with(capture.withInterval(INTERVAL)).withPictures(false);
    }

    private static void awaitState(MachineModel machine, MachineState state) {
        FxToolkit.await("it is " + state, () -> machine.stateProperty().get() == state);
    }

    private void record(MachineModel machine, int checkpoints) {
        FxToolkit.run(() -> machines.record(machine, quick(), Optional.empty()));
        awaitCheckpoints(checkpoints);
    }

    private void awaitCheckpoints(int checkpoints) {
        FxToolkit.await(checkpoints + " checkpoints", () -> workbench.model().experiment().checkpoints()
                .size() >= checkpoints);
    }

    private void awaitGone(MachineModel machine) {
        FxToolkit.await(machine + " is gone", () -> !machines.machines().contains(machine));
    }

    private static List<String> enabled(MachineModel machine) {
        return FxToolkit.call(() -> {
            MachineCommands commands = new MachineCommands(new Pane(), _ -> {});
            commands.machineProperty().set(machine);
            return commands.all().stream().filter(each -> !each.isDisabled()).map(Command::words).toList();
        });
    }

    @Test
    void whatALogDoesNotKnowCannotBeDoneToAMachineThatHasOne() {
        assertEquals(List.of("Pause", "Reset…", "Power off", "Force off…"), enabled(workbench.start("boot-sector")));
        assertEquals(List.of("Pause", "Force off…"), enabled(workbench.start("replay-linux")));
        assertEquals(List.of(), workbench.problems());
    }

    @Test
    void aMachineIsWhatItsGuestDoes() {
        MachineModel machine = workbench.start("boot-sector");
        assertEquals(machine, FxToolkit.call(machines.selectedProperty()::get));
        FxToolkit.run(machine::pause);
        awaitState(machine, MachineState.PAUSED);
        FxToolkit.run(machine::resume);
        awaitState(machine, MachineState.RUNNING);
        FxToolkit.run(machine::forceOff);
        awaitState(machine, MachineState.ENDED);
        assertEquals("", FxToolkit.call(machine.problemProperty()::get), "an end that was asked for is no problem");
        FxToolkit.run(() -> machines.remove(machine));
        awaitGone(machine);
        assertEquals(List.of(), workbench.problems());
    }

    @Test
    void aRecordedMachineRunsThroughItsCheckpointsAndStandsWhenItIsPaused() {
        MachineModel machine = workbench.start("boot-sector");
        List<MachineState> states = new CopyOnWriteArrayList<>();
        FxToolkit.run(() -> machine.stateProperty().addListener((_, _, state) -> states.add(state)));
        record(machine, 8);
        assertTold(List.of(), states);
        FxToolkit.run(machine::pause);
        awaitState(machine, MachineState.PAUSED);
        FxToolkit.run(machine::resume);
        awaitState(machine, MachineState.RUNNING);
        assertTold(List.of(MachineState.PAUSED, MachineState.RUNNING), states);
        assertEquals(List.of(), workbench.problems());
    }

    /// Nothing but this was told, unless a checkpoint's pause was so long that it was rightly told as well.
    private void assertTold(List<MachineState> expected, List<MachineState> states) {
        List<CheckpointRecord> checkpoints = workbench.model().experiment().checkpoints();
        // what was told last is of one that is stored by then
        awaitCheckpoints(FxToolkit.call(checkpoints::size) + 3);
        List<MachineState> told = List.copyOf(states);
        awaitCheckpoints(FxToolkit.call(checkpoints::size) + 2);
        assertTrue(told.equals(expected) || FxToolkit.call(() -> checkpoints.stream().anyMatch(each -> each.metrics()
                .pauseMicros() >= LONG_PAUSE_MICROS)), told::toString);
    }

    @Test
    void askedTwiceToRecordItRecordsOnce() {
        MachineModel machine = workbench.start("boot-sector");
        FxToolkit.run(() -> {
            machines.record(machine, quick(), Optional.empty());
            machines.record(machine, quick(), Optional.empty());
        });
        awaitCheckpoints(2);
        FxToolkit.await("the library is read", () -> !workbench.model().library().experiments().isEmpty());
        assertEquals(1, FxToolkit.call(workbench.model().library().experiments()::size));
        FxToolkit.run(() -> machine.recordingProperty().get().stop());
        FxToolkit.await("it has stopped", () -> machine.recordingProperty().get() == null);
        ExperimentModel shown = workbench.model().experiment();
        long first = FxToolkit.call(() -> shown.experimentProperty().get().id());
        FxToolkit.run(() -> machines.record(machine, quick(), Optional.empty()));
        FxToolkit.await("a second recording is shown and grows", () -> shown.experimentProperty().get()
                .id() != first && shown.checkpoints().size() >= 2);
    }

    @Test
    void ofAQemuThatIsKilledWhileItIsRecordedTheCheckpointsStay() throws Exception {
        MachineModel machine = workbench.start("boot-sector");
        record(machine, 3);
        long pid = machine.machineProperty().get().pid();
        assertTrue(ProcessHandle.of(pid).orElseThrow().destroyForcibly());
        awaitState(machine, MachineState.ENDED);
        FxToolkit.await("the recording has ended", () -> machine.recordingProperty().get() == null);
        String problem = FxToolkit.call(machine.problemProperty()::get);
        assertTrue(problem.contains("signal 9") && problem.endsWith("start it again"), problem);
        assertTrue(FxToolkit.call(workbench.model().experiment().checkpoints()::size) >= 3);
        FxToolkit.await("its memory was given back", () -> {
            try {
                return guestMemories() == 0;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertFalse(machine.machineProperty().get().console().text().isEmpty(), "its last words are kept");
    }

    @Test
    void aMachineThatIsRemovedWhileItStartsIsEndedWhenItIsThere() {
        MachineModel machine = FxToolkit.call(() -> {
            MachineModel started = machines.start(OpenWorkbench.spec("boot-sector"));
            machines.remove(started);
            return started;
        });
        awaitGone(machine);
        assertEquals(0, qemus());
    }

    @Test
    void aStartThatIsCancelledInTheListOfTasksLeavesNoQemu() {
        MachineModel machine = FxToolkit.call(() -> {
            MachineModel started = machines.start(OpenWorkbench.spec("boot-sector"));
            List.copyOf(workbench.model().tasks().listed()).forEach(BackgroundTask::cancel);
            return started;
        });
        awaitGone(machine);
        assertEquals(0, qemus());
    }

    @Test
    void closingWhileAMachineStartsWaitsForItAndEndsIt() {
        FxToolkit.run(() -> machines.start(OpenWorkbench.spec("boot-sector")));
        workbench.close();
        assertEquals(0, qemus());
    }

    @Test
    void closingWhileARecordingStartsEndsBoth() {
        MachineModel machine = workbench.start("boot-sector");
        FxToolkit.run(() -> machines.record(machine, quick(), Optional.empty()));
        workbench.close();
        assertEquals(0, qemus());
    }

    @Test
    void whatCannotBeStartedSaysWhyInItsPlace() {
        MachineModel machine = FxToolkit.call(() -> machines.start(OpenWorkbench.spec("boot-sector").withQemuBinary(
                Path.of("no-such-qemu"))));
        awaitState(machine, MachineState.ENDED);
        String problem = FxToolkit.call(machine.problemProperty()::get);
        assertTrue(problem.contains("no-such-qemu") && problem.contains("install"), problem);
        FxToolkit.run(() -> machines.remove(machine));
        awaitGone(machine);
    }

    @Test
    void machinesThatShareAnImageEndOneByOneAndTheImageWithTheLast() throws Exception {
        MachineModel origin = workbench.start("boot-sector");
        record(origin, 2);
        CheckpointRecord checkpoint = FxToolkit.call(() -> workbench.model().experiment().checkpoints().get(1));
        FxToolkit.run(() -> machines.remove(origin));
        awaitGone(origin);
        FxToolkit.run(() -> machines.restore(checkpoint, RestoreOptions.standard().withCount(3)));
        List<MachineModel> restored = FxToolkit.call(() -> List.copyOf(machines.machines()));
        assertEquals(3, restored.size());
        restored.forEach(each -> awaitState(each, MachineState.RUNNING));
        assertEquals("boot-sector/2", restored.getFirst().name());
        assertFalse(restored.getFirst().recordable());
        long whileAll = guestMemories();
        assertNotEquals(0, whileAll);
        FxToolkit.run(() -> machines.remove(restored.getFirst()));
        awaitGone(restored.getFirst());
        assertEquals(whileAll, guestMemories(), "the others still need it");
        Machine second = restored.get(1).machineProperty().get();
        long printed = second.console().printedBytes();
        FxToolkit.await("the others go on", () -> second.console().printedBytes() > printed + 20);
        ProcessHandle.of(second.pid()).orElseThrow().destroyForcibly();
        awaitState(restored.get(1), MachineState.ENDED);
        assertEquals(MachineState.RUNNING, FxToolkit.call(restored.get(2).stateProperty()::get));
        FxToolkit.run(() -> machines.remove(restored.get(2)));
        awaitGone(restored.get(2));
        FxToolkit.await("the image is gone", () -> {
            try {
                return guestMemories() == 0;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void aRestoredMachineThatHasRunIsNoLongerTheCheckpoint() {
        MachineModel origin = workbench.start("boot-sector");
        record(origin, 2);
        CheckpointRecord checkpoint = FxToolkit.call(() -> workbench.model().experiment().checkpoints().get(1));
        FxToolkit.run(() -> machines.restore(checkpoint, RestoreOptions.standard().withRecordable(true).withLeavePaused(
                true)));
        MachineModel restored = FxToolkit.call(machines.selectedProperty()::get);
        awaitState(restored, MachineState.PAUSED);
        assertEquals(checkpoint, restored.origin().orElseThrow());
        assertTrue(FxToolkit.call(restored::untouched));
        FxToolkit.run(() -> {
            restored.resume();
            // before QEMU has even heard of it
            assertFalse(restored.untouched());
        });
        awaitState(restored, MachineState.RUNNING);
        FxToolkit.run(() -> machines.record(restored, quick(), Optional.empty()));
        FxToolkit.await("its own recording is shown", () -> workbench.model().experiment().experimentProperty().get()
                .parentCheckpointId().equals(Optional.of(checkpoint.id())));
    }

    @Test
    void resetBootsAGuestThatHasPoweredOff() {
        MachineModel machine = FxToolkit.call(() -> machines.start(OpenWorkbench.spec("deterministic-linux")
                .withKernelArguments("ff.end=1")));
        awaitState(machine, MachineState.SHUT_DOWN);
        FxToolkit.run(machine::reset);
        awaitState(machine, MachineState.RUNNING);
        assertEquals(List.of(), workbench.problems());
    }
}
