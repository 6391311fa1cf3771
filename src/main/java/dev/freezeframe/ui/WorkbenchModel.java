package dev.freezeframe.ui;

import dev.freezeframe.base.Closing;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.library.LibraryModel;
import dev.freezeframe.ui.library.LibraryWork;
import dev.freezeframe.ui.library.VerificationModel;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.machine.MachinesModel;
import dev.freezeframe.ui.recording.RecordSettings;
import dev.freezeframe.ui.recording.RecordingModel;
import dev.freezeframe.ui.simulate.SimulationModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import javafx.application.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All that the window shows and does, without the window: the store, its experiments, the one that is shown, and the
/// machines. Used on the JavaFX thread only.
public final class WorkbenchModel {
    private static final Logger LOG = LoggerFactory.getLogger(WorkbenchModel.class);

    private final BackgroundTasks tasks;
    private final StoreModel stores;
    private final ExperimentModel experiment;
    private final MachinesModel machines;
    private final LibraryModel library;
    private final LibraryWork libraryWork;
    private final VerificationModel verification;
    private final SimulationModel simulation;
    private final RecordSettings recordSettings;
    private final Navigation navigation = new Navigation();
    /// What the recordings' threads have stored and the window has not taken in yet.
    private final ConcurrentLinkedQueue<CheckpointRecord> arrived = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean delivering = new AtomicBoolean();

    /// @param directory the store; it is not opened yet
    public WorkbenchModel(BackgroundTasks tasks, Path directory) {
        this.tasks = tasks;
        stores = new StoreModel(tasks, directory);
        experiment = new ExperimentModel(tasks, stores);
        library = new LibraryModel(tasks, stores);
        machines = new MachinesModel(tasks, stores, new MachinesModel.RecordingEvents() {
            @Override
            public void started(RecordingModel recording) {
                library.recordingStarted(recording.experiment());
                experiment.show(recording.experiment());
            }

            @Override
            public void stored(CheckpointRecord checkpoint) {
                arrived.add(checkpoint);
                if (delivering.compareAndSet(false, true)) {
                    Platform.runLater(WorkbenchModel.this::deliver);
                }
            }

            @Override
            public void thinned(List<CheckpointRecord> deleted) {
                Platform.runLater(() -> {
                    // what was stored before it was thinned is not to come back after
                    deliver();
                    experiment.deleted(deleted);
                    library.reloadSoon();
                });
            }

            @Override
            public void pictured(CheckpointRecord checkpoint) {
                Platform.runLater(() -> {
                    deliver();
                    experiment.pictured(checkpoint);
                });
            }

            @Override
            public void ended(RecordingModel recording) {
                library.recordingEnded(recording.experiment());
                stores.measure();
            }
        });
        recordSettings = new RecordSettings(machines);
        libraryWork = new LibraryWork(this);
        verification = new VerificationModel(this);
        simulation = new SimulationModel(this);
        library.loadedProperty().addListener((_, _, loaded) -> {
            // a store that was just opened shows what was done last
            if (loaded && experiment.experimentProperty().get() == null && !library.experiments().isEmpty()) {
                experiment.show(library.experiments().getFirst().experiment());
            }
        });
        stores.stateProperty().addListener((_, _, now) -> {
            experiment.show(null);
            if (now instanceof StoreState.Open) {
                library.reload();
            }
        });
    }

    /// However fast checkpoints come, the window takes them in once a frame.
    private void deliver() {
        delivering.set(false);
        List<CheckpointRecord> all = new ArrayList<>();
        for (CheckpointRecord next = arrived.poll(); next != null; next = arrived.poll()) {
            all.add(next);
        }
        experiment.stored(all);
        library.stored(all);
    }

    /// Runs what takes long.
    public BackgroundTasks tasks() {
        return tasks;
    }

    /// The store.
    public StoreModel stores() {
        return stores;
    }

    /// The experiment that is shown.
    public ExperimentModel experiment() {
        return experiment;
    }

    /// The machines.
    public MachinesModel machines() {
        return machines;
    }

    /// The experiments in the store.
    public LibraryModel library() {
        return library;
    }

    /// What can be done with the experiments in the store.
    public LibraryWork libraryWork() {
        return libraryWork;
    }

    /// The verification of the store.
    public VerificationModel verification() {
        return verification;
    }

    /// Simulations of the shown experiment.
    public SimulationModel simulation() {
        return simulation;
    }

    /// Interval and budget.
    public RecordSettings recordSettings() {
        return recordSettings;
    }

    /// Which part of the window is shown.
    public Navigation navigation() {
        return navigation;
    }

    /// Shows a checkpoint, wherever it is, such as the one that a machine was restored from.
    public void show(CheckpointRecord checkpoint) {
        library.find(checkpoint.experimentId()).ifPresent(found -> {
            experiment.show(found, Optional.of(checkpoint.number()));
            navigation.go(new Navigation.Place.Experiment());
        });
    }

    /// Shows an experiment.
    public void show(ExperimentRecord chosen) {
        experiment.show(chosen);
        navigation.go(new Navigation.Place.Experiment());
    }

    /// Starts the machine of a profile, and records it once it runs.
    ///
    /// @param whenStarted called when it runs
    /// @param whenFailed  called when it could not be started, which is told elsewhere
    public void record(String profile, Runnable whenStarted, Runnable whenFailed) {
        tasks.quietly("Find the machine", _ -> Profiles.standard().find(profile),
                found -> machines.start(MachineSpec.of(
                        found), machine -> {
                            whenStarted.run();
                            machines.record(machine, recordSettings.options(), recordSettings.plugin());
                        }, _ -> whenFailed.run()),
                cause -> {
                    whenFailed.run();
                    tasks.report(Problem.of("Record " + profile, cause));
                });
    }

    /// The recording of the shown experiment, if it is being recorded now.
    public Optional<RecordingModel> recordingOfShown() {
        return experiment.experimentProperty().get() == null
                ? Optional.empty()
                : machines.machines().stream().map(machine -> machine.recordingProperty().get()).filter(
                        Objects::nonNull).filter(
                                recording -> recording.experiment().id() == experiment
                                        .experimentProperty().get().id())
                        .findFirst();
    }

    /// Takes the live figures of all recordings anew; for once a frame at most.
    public void refreshRecordings() {
        for (MachineModel machine : machines.machines()) {
            if (machine.recordingProperty().get() != null) {
                machine.recordingProperty().get().refresh();
            }
        }
    }

    /// Ends all machines, waits for what is still at work, such as a note being written, and closes the store. Blocks; call it
    /// off the JavaFX thread, with the machines and the state of the store as they were on it.
    public static void shutDown(BackgroundTasks tasks, List<MachineModel> machines, StoreState store) {
        // first the machines: some may still be on their way, in one of the tasks
        try {
            Closing.all(
                    List.<AutoCloseable>of(() -> MachinesModel.endAll(machines), tasks, () -> StoreModel.close(store)));
        } catch (IOException | RuntimeException e) {
            LOG.error("not everything could be closed", e);
        }
    }
}
