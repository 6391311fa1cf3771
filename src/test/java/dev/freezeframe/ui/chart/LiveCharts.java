package dev.freezeframe.ui.chart;

import dev.freezeframe.analyse.SyntheticCheckpoints;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.ArrivingCheckpoints;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.StoreState;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.theme.Palette;
import dev.freezeframe.ui.theme.Theme;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import javafx.scene.Scene;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.stage.Stage;

/// A window with one of the chart views on an experiment in a real store, to which checkpoints come as from a recording.
final class LiveCharts<V extends Region> implements AutoCloseable {
    private final BackgroundTasks tasks;
    private final WorkbenchModel workbench;
    private final V view;
    private final Stage stage;
    private final long experimentId;

    private LiveCharts(BackgroundTasks tasks, WorkbenchModel workbench, V view, Stage stage, long experimentId) {
        this.tasks = tasks;
        this.workbench = workbench;
        this.view = view;
        this.stage = stage;
        this.experimentId = experimentId;
    }

    /// @param directory of a store; the newest of its experiments is shown, a new one where there is none
    static <V extends Region> LiveCharts<V> open(Path directory, Theme theme, double width, double height,
            BiFunction<WorkbenchModel, Palette, V> view) throws IOException {
        ExperimentRecord experiment;
        try (Store store = Store.open(directory)) {
            if (store.experiments().isEmpty()) {
                store.createExperiment(SyntheticCheckpoints.experiment("live"));
            }
            experiment = store.experiments().getLast();
        }
        BackgroundTasks tasks = FxToolkit.call(BackgroundTasks::new);
        WorkbenchModel workbench = FxToolkit.call(() -> new WorkbenchModel(tasks, directory));
        FxToolkit.run(() -> workbench.stores().open(directory));
        FxToolkit.await("the store is open", () -> workbench.stores().stateProperty().get() instanceof StoreState.Open);
        AtomicReference<Stage> stage = new AtomicReference<>();
        V shown = FxToolkit.call(() -> {
            Palette palette = new Palette();
            V made = view.apply(workbench, palette);
            Scene scene = new Scene(new StackPane(made, palette), width, height);
            theme.apply(scene);
            stage.set(new Stage());
            stage.get().setScene(scene);
            stage.get().show();
            workbench.show(experiment);
            return made;
        });
        FxToolkit.await("the experiment is loaded", () -> !workbench.experiment().loadingProperty().get());
        return new LiveCharts<>(tasks, workbench, shown, stage.get(), experiment.id());
    }

    WorkbenchModel workbench() {
        return workbench;
    }

    V view() {
        return view;
    }

    Stage stage() {
        return stage;
    }

    long experimentId() {
        return experimentId;
    }

    /// On the JavaFX thread.
    void arrive(SyntheticCheckpoints from, int count) {
        List<CheckpointRecord> arrived = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            arrived.add(from.next());
        }
        ArrivingCheckpoints.arrive(workbench, arrived);
    }

    @Override
    public void close() {
        StoreState last = FxToolkit.call(() -> {
            stage.close();
            return workbench.stores().stateProperty().get();
        });
        WorkbenchModel.shutDown(tasks, List.of(), last);
    }
}
