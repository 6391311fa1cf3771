package dev.freezeframe.ui.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.BuiltPlugins;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.machine.MachineModel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run that the window records is executed again by the page *Simulate*.
@Tag("qemu")
class SimulatedInTheWindowTest {
    @TempDir
    private Path folder;

    @Test
    void theIntervalsOfARecordedRunAreProvenAndACancelledOneGoesOn() throws Exception {
        BuiltPlugins.require();
        try (OpenWorkbench workbench = new OpenWorkbench(folder)) {
            MachineModel machine = workbench.start("replay-linux");
            FxToolkit.call(() -> machine.machineProperty().get()).console().awaitLine(line -> line.contains("tick 2 "),
                    Await.PATIENCE);
            RecordingOptions three = RecordingOptions.DEFAULT
                    .with(RecordingOptions.DEFAULT.capture().withInterval(Duration
                            .ofMillis(500)))
                    .stoppingAfter(3);
            FxToolkit.run(() -> workbench.model().machines().record(machine, three, Optional.empty()));
            FxToolkit.await("three checkpoints are recorded",
                    () -> workbench.model().experiment().checkpoints().size() == 3
                            && !workbench.model().machines().anyRecording());

            SimulationModel model = workbench.model().simulation();
            FxToolkit.run(() -> model.look(true));
            FxToolkit.await("there are two intervals",
                    () -> model.stateProperty().get() instanceof SimulationState.Ready
                            && model.rows().size() == 2);
            FxToolkit.run(() -> {
                model.setPlan(model.planProperty().get().withWorkers(1));
                model.run();
                model.hold(true);
            });
            Await.until("its worker waits for its turn", () -> Thread.getAllStackTraces().values().stream().anyMatch(
                    stack -> Arrays.stream(stack).anyMatch(each -> each.getMethodName().equals("awaitTurn"))));
            FxToolkit.run(() -> {
                assertTrue(model.rows().stream().anyMatch(row -> row.state() == IntervalState.WAITING));
                assertTrue(model.remark().startsWith("Paused"), model.remark());
                model.hold(false);
            });
            FxToolkit.await("it has ended and is kept",
                    () -> !model.job().runningProperty().get() && model.chosenProperty()
                            .get() != null && model.ended().size() == 2);
            Set<IntervalState> sound = Set.of(IntervalState.PROVEN, IntervalState.PROVEN_ACROSS_INTERRUPT);
            FxToolkit.run(() -> model.rows().forEach(row -> assertTrue(sound.contains(row.state()), row.toString())));
            assertEquals(2, FxToolkit.call(() -> model.course().spans().size()), "who was at them when was heard");
            assertEquals("", FxToolkit.call(model::remark));

            // both as one, which is cancelled on its way: the store is as good as before, and Run begins it again
            FxToolkit.run(() -> {
                // a cache makes it last
                model.setPlan(model.planProperty().get().withEvery(2).withPlugin("cache"));
                model.run();
            });
            FxToolkit.await("a worker is at it", () -> model.rows().size() == 1 && model.rows().getFirst()
                    .state() == IntervalState.RUNNING);
            FxToolkit.run(model::cancel);
            FxToolkit.await("it has ended", () -> !model.job().runningProperty().get());
            assertTrue(FxToolkit.call(model::remark).startsWith("Cancelled"), FxToolkit.call(model::remark));
            FxToolkit.await("it is kept as not whole",
                    () -> model.chosenProperty().get() != null && model.chosenProperty()
                            .get().endedAt().isEmpty());
            FxToolkit.run(model::run);
            FxToolkit.await("it has ended as it was recorded",
                    () -> !model.job().runningProperty().get() && model.rows()
                            .size() == 1 && sound.contains(model.rows().getFirst().state()));
            assertEquals(List.of(), workbench.problems());
        }
    }

    @Test
    void aRunIsSimulatedWhileTheWindowRecordsItAndWhatIsLeftIsGoneOnWith() throws Exception {
        BuiltPlugins.require();
        try (OpenWorkbench workbench = new OpenWorkbench(folder)) {
            MachineModel machine = workbench.start("replay-linux");
            FxToolkit.call(() -> machine.machineProperty().get()).console().awaitLine(line -> line.contains("tick 2 "),
                    Await.PATIENCE);
            FxToolkit.run(() -> {
                workbench.model().recordSettings().intervalProperty().set(Duration.ofMillis(500));
                workbench.model().recordSettings().simulatingProperty().set(true);
                workbench.model().machines().record(machine, workbench.model().recordSettings().options(),
                        workbench.model().recordSettings().plugin());
            });
            FxToolkit.await("it is recorded", () -> machine.recordingProperty().get() != null);
            long id = FxToolkit.call(() -> machine.recordingProperty().get().experiment().id());
            Store store = FxToolkit.call(() -> workbench.model().stores().store().orElseThrow());
            // its worker lets all else go first, so nobody knows how far it comes
            Await.until("what it executes is noted", () -> !store.simulations().of(id).isEmpty());
            FxToolkit.run(() -> machine.recordingProperty().get().stop());
            FxToolkit.await("it has ended", () -> machine.recordingProperty().get() == null);
            SimulationModel model = workbench.model().simulation();
            FxToolkit.run(() -> model.look(true));
            FxToolkit.await("what is kept is shown", () -> model.chosenProperty().get() != null);
            assertEquals("count", FxToolkit.call(() -> model.chosenProperty().get().plugin()));
            FxToolkit.run(model::run);
            FxToolkit.await("the rest has ended as it was recorded", () -> !model.job().runningProperty().get() && model
                    .ended().size() == model.rows().size() && model.rows().stream().noneMatch(
                            row -> row.state()
                                    .isProblem()));
            assertEquals(List.of(), workbench.problems());
        }
    }
}
