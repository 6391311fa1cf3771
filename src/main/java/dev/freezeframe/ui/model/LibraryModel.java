package dev.freezeframe.ui.model;

import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.ExperimentRecord;
import dev.freezeframe.store.ExperimentTotals;
import dev.freezeframe.store.Store;
import dev.freezeframe.ui.task.BackgroundTasks;
import java.util.List;
import java.util.Optional;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;

/// The experiments of the open store with their totals, newest first.
public final class LibraryModel {
    private final StoreModel stores;
    private final BackgroundTasks.Lane lane;
    private final ObservableList<ExperimentTotals> experiments = FXCollections.observableArrayList();
    private final ReadOnlyBooleanWrapper loaded = new ReadOnlyBooleanWrapper(this, "loaded", false);

    LibraryModel(BackgroundTasks tasks, StoreModel stores) {
        this.stores = stores;
        lane = tasks.lane();
        stores.stateProperty().addListener((_, _, state) -> {
            if (!(state instanceof StoreState.Open)) {
                lane.cancel();
                experiments.clear();
                loaded.set(false);
            }
        });
    }

    /// The experiments, newest first. Not to be changed.
    public ObservableList<ExperimentTotals> experiments() {
        return FXCollections.unmodifiableObservableList(experiments);
    }

    /// Whether the list has been read, so that an empty one means an empty store.
    public ReadOnlyBooleanProperty loadedProperty() {
        return loaded.getReadOnlyProperty();
    }

    /// Reads the list again.
    public void reload() {
        stores.read(lane, "Read the list of experiments", (store, _) -> store.totals(), read -> {
            experiments.setAll(read.reversed());
            loaded.set(true);
        });
    }

    /// The experiment with this id, where the list has it.
    public Optional<ExperimentRecord> find(long experimentId) {
        return experiments.stream().map(ExperimentTotals::experiment).filter(record -> record.id() == experimentId)
                .findFirst();
    }

    void stored(List<CheckpointRecord> arrived) {
        // Totals of a running recording come from its own figures; the list is read again when it ends.
        if (arrived.stream().anyMatch(checkpoint -> checkpoint.number() == 1)) {
            reload();
        }
    }
}
