package dev.freezeframe.ui;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileException;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.suite.Await;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A workbench with an open store and real machines, for tests. Closing it ends the machines and closes the store.
public final class OpenWorkbench implements AutoCloseable {
    private final BackgroundTasks tasks;
    private final WorkbenchModel model;
    private final List<Problem> problems = new CopyOnWriteArrayList<>();

    /// Opens a store in this folder.
    public OpenWorkbench(Path folder) {
        tasks = FxToolkit.call(BackgroundTasks::new);
        model = FxToolkit.call(() -> {
            tasks.onProblem(problems::add);
            WorkbenchModel made = new WorkbenchModel(tasks, folder);
            made.stores().open(folder);
            return made;
        });
        FxToolkit.await("the store is open", () -> model.stores().stateProperty().get() instanceof StoreState.Open);
    }

    public WorkbenchModel model() {
        return model;
    }

    /// What was reported so far.
    public List<Problem> problems() {
        return problems;
    }

    /// The machine that a profile describes, under TCG.
    public static MachineSpec spec(String profile) {
        try {
            return MachineSpec.of(Profiles.standard().find(profile)).withAccelerator(
                    dev.freezeframe.qemu.profile.Accelerator.TCG);
        } catch (ProfileException e) {
            throw new AssertionError(e);
        }
    }

    /// Starts a machine and waits until its guest runs.
    public MachineModel start(String profile) {
        MachineModel machine = FxToolkit.call(() -> model.machines().start(spec(profile)));
        FxToolkit.await(profile + " runs", () -> machine.stateProperty().get() == MachineState.RUNNING);
        return machine;
    }

    /// Waits until the guest of a boot sector has written that it begins a round.
    public static void awaitRound(MachineModel machine, long round) throws IOException {
        Machine qemu = FxToolkit.call(() -> machine.machineProperty().get());
        qemu.console().awaitLine(line -> BootSector.round(line).orElse(0) >= round, Await.PATIENCE);
    }

    @Override
    public void close() {
        List<MachineModel> machines = FxToolkit.call(() -> List.copyOf(model.machines().machines()));
        StoreState store = FxToolkit.call(() -> model.stores().stateProperty().get());
        WorkbenchModel.shutDown(tasks, machines, store);
    }
}
