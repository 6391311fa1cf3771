package dev.freezeframe.ui.lineage;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Steps;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;

/// The family tree of the experiments in the store, kept up to date while it is looked at. Reads only while
/// [#activeProperty] is true.
public final class FamilyTreeModel {
    /// Of so many checkpoints the numbers are read; further experiments, the oldest, are drawn by their counts.
    private static final int MOST_NUMBERS = 30_000;

    private final WorkbenchModel workbench;
    /// Held on to, because a list that only passes changes on is forgotten otherwise, and its listeners with it.
    private final ObservableList<ExperimentTotals> library;
    private final BackgroundTasks.Lane lane;
    private final BooleanProperty active = new SimpleBooleanProperty(this, "active", false);
    private final ReadOnlyObjectWrapper<FamilyLayout> layout = new ReadOnlyObjectWrapper<>(this, "layout",
            FamilyLayout.EMPTY);
    private List<FamilyNode> nodes = List.of();
    private boolean stale = true;

    /// @param workbench whose experiments it shows
    public FamilyTreeModel(WorkbenchModel workbench) {
        this.workbench = workbench;
        library = workbench.library().experiments();
        lane = workbench.tasks().lane();
        active.addListener((_, _, _) -> refresh());
        library.addListener((ListChangeListener<ExperimentTotals>) _ -> {
            stale = true;
            refresh();
        });
        workbench.experiment().checkpoints().addListener((ListChangeListener<CheckpointRecord>) _ -> grow());
    }

    /// Whether anybody looks.
    public BooleanProperty activeProperty() {
        return active;
    }

    /// The tree.
    public ReadOnlyObjectProperty<FamilyLayout> layoutProperty() {
        return layout.getReadOnlyProperty();
    }

    /// Whether the store has been read, so that an empty tree means that there is nothing.
    public ReadOnlyBooleanProperty loadedProperty() {
        return workbench.library().loadedProperty();
    }

    private void refresh() {
        if (!active.get() || !stale) {
            return;
        }
        stale = false;
        List<ExperimentTotals> all = List.copyOf(library);
        if (all.isEmpty()) {
            lane.cancel();
            show(List.of());
            return;
        }
        workbench.stores().read(lane, "Draw the family of the experiments", (store, steps) -> read(store, all, steps),
                this::show);
    }

    private void show(List<FamilyNode> read) {
        nodes = read;
        grow();
    }

    /// Takes the shown experiment's checkpoints from the window, which knows the newest.
    private void grow() {
        if (!active.get()) {
            stale = true;
            return;
        }
        ExperimentModel shown = workbench.experiment();
        ExperimentRecord experiment = shown.experimentProperty().get();
        if (experiment != null && !shown.loadingProperty().get()) {
            int[] numbers = shown.checkpoints().stream().mapToInt(CheckpointRecord::number).toArray();
            nodes = nodes.stream().map(node -> node.experiment().id() == experiment.id()
                    ? FamilyNode.of(node.experiment(), node.origin(), numbers)
                    : node).toList();
        }
        layout.set(FamilyLayout.of(nodes));
    }

    private static List<FamilyNode> read(Store store, List<ExperimentTotals> all, Steps steps) throws StoreException {
        Set<Long> drawn = new HashSet<>();
        long left = MOST_NUMBERS;
        for (ExperimentTotals each : all) {
            if (each.checkpoints() <= left) {
                left -= each.checkpoints();
                drawn.add(each.experiment().id());
            }
        }
        Map<Long, CheckpointRecord> parents = store.parents();
        steps.check();
        Map<Long, int[]> numbers = store.checkpointNumbers(drawn);
        steps.check();
        List<FamilyNode> read = new ArrayList<>();
        for (ExperimentTotals each : all) {
            ExperimentRecord experiment = each.experiment();
            Optional<FamilyNode.Origin> origin = experiment.parentCheckpointId().map(parents::get).map(
                    parent -> new FamilyNode.Origin(parent.experimentId(), parent.number()));
            read.add(drawn.contains(experiment.id())
                    ? FamilyNode.of(experiment, origin, numbers.getOrDefault(experiment.id(), new int[0]))
                    : FamilyNode.counted(experiment, origin, each.checkpoints()));
        }
        return read;
    }

    /// Shows a checkpoint of the tree.
    public void show(ExperimentRecord experiment, int number) {
        workbench.experiment().show(experiment, Optional.of(number));
    }

    /// Shows an experiment of the tree.
    public void show(ExperimentRecord experiment) {
        workbench.show(experiment);
    }
}
