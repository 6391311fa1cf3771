package dev.freezeframe.ui;

import dev.freezeframe.analyse.RunStatistics;
import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.task.Problem;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.collections.ObservableMap;

/// The experiment that the window shows: its checkpoints in order, growing while it is recorded, and the selection in them.
/// Views read the list and never change it.
public final class ExperimentModel {
    private final StoreModel stores;
    private final BackgroundTasks.Lane lane;
    private final BackgroundTasks tasks;
    private final ReadOnlyObjectWrapper<ExperimentRecord> experiment = new ReadOnlyObjectWrapper<>(this, "experiment");
    private final ReadOnlyBooleanWrapper loading = new ReadOnlyBooleanWrapper(this, "loading", false);
    private final ReadOnlyObjectWrapper<RunSummary> summary = new ReadOnlyObjectWrapper<>(this, "summary",
            new RunStatistics().summary());
    private final ObservableList<CheckpointRecord> checkpoints = FXCollections.observableArrayList();
    private final ObservableList<CheckpointRecord> readOnly = FXCollections.unmodifiableObservableList(checkpoints);
    private final ObservableMap<Long, Annotation> annotations = FXCollections.observableHashMap();
    private final ObservableMap<Long, Annotation> readOnlyAnnotations = FXCollections.unmodifiableObservableMap(
            annotations);
    private final ReadOnlyObjectWrapper<CheckpointRecord> pictured = new ReadOnlyObjectWrapper<>(this, "pictured");
    private final ReadOnlyStringWrapper notice = new ReadOnlyStringWrapper(this, "notice", "");
    private final Selection selection = new Selection(readOnly);
    private final List<CheckpointRecord> arrivedWhileLoading = new ArrayList<>();
    /// Notes and tags that are on their way to the store, the one that is being written first.
    private final Deque<Unwritten> unwritten = new ArrayDeque<>();
    /// Those that got there since its checkpoints are being read, which may have been read before.
    private final List<Unwritten> writtenWhileLoading = new ArrayList<>();
    /// Those that were deleted since its checkpoints are being read, which may have been read before.
    private final Set<Long> deletedWhileLoading = new HashSet<>();
    private RunStatistics statistics = new RunStatistics();

    ExperimentModel(BackgroundTasks tasks, StoreModel stores) {
        this.tasks = tasks;
        this.stores = stores;
        lane = tasks.lane();
    }

    /// The shown experiment, null while none is.
    public ReadOnlyObjectProperty<ExperimentRecord> experimentProperty() {
        return experiment.getReadOnlyProperty();
    }

    /// Whether its checkpoints are still being read.
    public ReadOnlyBooleanProperty loadingProperty() {
        return loading.getReadOnlyProperty();
    }

    /// Its checkpoints by number. Not to be changed.
    public ObservableList<CheckpointRecord> checkpoints() {
        return readOnly;
    }

    /// Notes and tags by checkpoint id; a checkpoint without any is not in it. Not to be changed, see [#annotate].
    public ObservableMap<Long, Annotation> annotations() {
        return readOnlyAnnotations;
    }

    /// The checkpoint whose picture was stored last while the window looked on; what shows pictures reads this one anew.
    public ReadOnlyObjectProperty<CheckpointRecord> picturedProperty() {
        return pictured.getReadOnlyProperty();
    }

    /// The selected checkpoint.
    public Selection selection() {
        return selection;
    }

    /// What came of the last thing that was done with the selected checkpoint, a line; empty for nothing to tell.
    public ReadOnlyStringProperty noticeProperty() {
        return notice.getReadOnlyProperty();
    }

    /// Tells what came of something that was done with the selected checkpoint.
    public void notice(String line) {
        notice.set(line);
    }

    /// Medians, percentiles and totals of all its checkpoints.
    public ReadOnlyObjectProperty<RunSummary> summaryProperty() {
        return summary.getReadOnlyProperty();
    }

    /// Shows an experiment, or none where it is null.
    public void show(ExperimentRecord shown) {
        show(shown, Optional.empty());
    }

    /// Shows an experiment and selects one of its checkpoints.
    ///
    /// @param checkpointNumber what to select; the newest where it is empty
    public void show(ExperimentRecord shown, Optional<Integer> checkpointNumber) {
        lane.cancel();
        arrivedWhileLoading.clear();
        writtenWhileLoading.clear();
        deletedWhileLoading.clear();
        boolean same = shown != null && experiment.get() != null && shown.id() == experiment.get().id();
        if (!same) {
            selection.followNewestProperty().set(true);
            experiment.set(null);
            checkpoints.clear();
            annotations.clear();
            restartStatistics();
        }
        experiment.set(shown);
        loading.set(shown != null);
        if (shown == null) {
            return;
        }
        stores.read(lane, "Open " + shown.name(), (store, _) -> new Content(store.checkpoints(shown.id()),
                store.annotations(shown.id())), read -> {
                    List<CheckpointRecord> all = new ArrayList<>(read.checkpoints());
                    int last = all.isEmpty() ? 0 : all.getLast().number();
                    arrivedWhileLoading.stream().filter(checkpoint -> checkpoint.number() > last).forEach(all::add);
                    arrivedWhileLoading.clear();
                    all.removeIf(checkpoint -> deletedWhileLoading.contains(checkpoint.id()));
                    loading.set(false);
                    annotations.keySet().retainAll(read.annotations().keySet());
                    annotations.putAll(read.annotations());
                    annotations.keySet().removeAll(deletedWhileLoading);
                    deletedWhileLoading.clear();
                    writtenWhileLoading.forEach(each -> show(each.checkpoint, each.annotation));
                    writtenWhileLoading.clear();
                    unwritten.forEach(each -> show(each.checkpoint, each.annotation));
                    checkpoints.setAll(all);
                    restartStatistics();
                    all.forEach(statistics::add);
                    summary.set(statistics.summary());
                    checkpointNumber.ifPresent(this::select);
                });
    }

    private record Content(List<CheckpointRecord> checkpoints, Map<Long, Annotation> annotations) {}

    /// Changes the note and the tags of a checkpoint. They show at once and are stored in the order of the calls; what cannot
    /// be stored is reported and goes back to what is.
    public void annotate(CheckpointRecord checkpoint, Annotation annotation) {
        show(checkpoint, annotation);
        unwritten.add(new Unwritten(checkpoint, annotation));
        if (unwritten.size() == 1) {
            writeNext();
        }
    }

    private record Unwritten(CheckpointRecord checkpoint, Annotation annotation) {}

    private void show(CheckpointRecord checkpoint, Annotation annotation) {
        if (experiment.get() == null || experiment.get().id() != checkpoint.experimentId()) {
            return;
        }
        if (annotation.isEmpty()) {
            annotations.remove(checkpoint.id());
        } else {
            annotations.put(checkpoint.id(), annotation);
        }
    }

    private void writeNext() {
        Unwritten next = unwritten.peek();
        Optional<Store> store = stores.store();
        if (next == null || store.isEmpty()) {
            unwritten.clear();
            return;
        }
        String title = "Annotate " + next.checkpoint.name();
        Cancellable _ = tasks.quietly(title, _ -> {
            store.get().annotate(next.checkpoint.id(), next.annotation);
            return null;
        }, _ -> {
            Unwritten written = unwritten.remove();
            if (loading.get()) {
                writtenWhileLoading.add(written);
            }
            writeNext();
        }, cause -> {
            unwritten.remove();
            tasks.report(Problem.of(title, cause));
            boolean changedSince = unwritten.stream().anyMatch(each -> each.checkpoint.id() == next.checkpoint.id());
            if (!changedSince) {
                Cancellable _ = tasks.quietly(title, _ -> store.get().annotation(next.checkpoint.id()),
                        stored -> show(next.checkpoint, stored), _ -> show(next.checkpoint, Annotation.NONE));
            }
            writeNext();
        });
    }

    private void restartStatistics() {
        statistics = new RunStatistics();
        summary.set(statistics.summary());
    }

    private void select(int number) {
        int index = selection.indexOf(number);
        if (index < checkpoints.size()) {
            selection.select(checkpoints.get(index));
        }
    }

    /// Reads it again, after checkpoints were deleted or changed by others.
    public void reload() {
        if (experiment.get() != null) {
            show(experiment.get());
        }
    }

    /// Takes in checkpoints that were just stored; those of other experiments are ignored.
    void stored(List<CheckpointRecord> arrived) {
        if (experiment.get() == null) {
            return;
        }
        List<CheckpointRecord> ours = arrived.stream().filter(checkpoint -> checkpoint.experimentId() == experiment
                .get().id()).toList();
        if (loading.get()) {
            arrivedWhileLoading.addAll(ours);
        } else if (!ours.isEmpty()) {
            int last = checkpoints.isEmpty() ? 0 : checkpoints.getLast().number();
            List<CheckpointRecord> further = ours.stream().filter(checkpoint -> checkpoint.number() > last).toList();
            further.forEach(statistics::add);
            checkpoints.addAll(further);
            summary.set(statistics.summary());
        }
    }

    /// Drops checkpoints that were deleted from the store.
    public void deleted(List<CheckpointRecord> gone) {
        Set<Long> ids = new HashSet<>();
        gone.forEach(checkpoint -> ids.add(checkpoint.id()));
        if (loading.get()) {
            deletedWhileLoading.addAll(ids);
        }
        arrivedWhileLoading.removeIf(checkpoint -> ids.contains(checkpoint.id()));
        if (checkpoints.removeIf(checkpoint -> ids.contains(checkpoint.id()))) {
            annotations.keySet().removeAll(ids);
            restartStatistics();
            checkpoints.forEach(statistics::add);
            summary.set(statistics.summary());
        }
    }

    /// Takes note of a new picture.
    void pictured(CheckpointRecord checkpoint) {
        if (experiment.get() != null && checkpoint.experimentId() == experiment.get().id()) {
            pictured.set(checkpoint);
        }
    }
}
