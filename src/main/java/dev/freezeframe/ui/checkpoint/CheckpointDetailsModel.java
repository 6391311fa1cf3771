package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ListChangeListener;
import javafx.collections.MapChangeListener;
import javafx.collections.ObservableList;

/// The selected checkpoint with its note, its tags and its family. Every change of a note or a tag can be undone, the last
/// one first, for as long as its experiment is shown.
public final class CheckpointDetailsModel {
    private static final int MOST_UNDO = 100;

    private final WorkbenchModel workbench;
    private final ExperimentModel experiment;
    /// Held on to, because a list that only passes changes on is forgotten otherwise, and its listeners with it.
    private final ObservableList<ExperimentTotals> library;
    private final BackgroundTasks.Lane lane;
    private final ReadOnlyObjectWrapper<Annotation> annotation = new ReadOnlyObjectWrapper<>(this, "annotation",
            Annotation.NONE);
    private final ReadOnlyObjectWrapper<Optional<CheckpointRecord>> parent = new ReadOnlyObjectWrapper<>(this, "parent",
            Optional.empty());
    private final ObservableList<ExperimentRecord> children = FXCollections.observableArrayList();
    private final ReadOnlyStringWrapper undoText = new ReadOnlyStringWrapper(this, "undoText", "");
    private final Deque<Change> changes = new ArrayDeque<>();

    /// @param what for people, such as "note of 12 changed"
    private record Change(CheckpointRecord checkpoint, Annotation before, String what) {}

    /// @param workbench whose selection it is about
    public CheckpointDetailsModel(WorkbenchModel workbench) {
        this.workbench = workbench;
        experiment = workbench.experiment();
        library = workbench.library().experiments();
        lane = workbench.tasks().lane();
        experiment.selection().checkpointProperty().addListener((_, _, _) -> {
            readAnnotation();
            findChildren();
        });
        experiment.annotations().addListener((MapChangeListener<Long, Annotation>) _ -> readAnnotation());
        experiment.experimentProperty().addListener((_, before, now) -> {
            boolean same = before != null && now != null && before.id() == now.id();
            if (!same) {
                changes.clear();
                undoText.set("");
                findParent(now);
            }
        });
        library.addListener((ListChangeListener<ExperimentTotals>) _ -> findChildren());
        readAnnotation();
        findParent(experiment.experimentProperty().get());
        findChildren();
    }

    /// The selected checkpoint, null if none is.
    public ReadOnlyObjectProperty<CheckpointRecord> checkpointProperty() {
        return experiment.selection().checkpointProperty();
    }

    /// Its note and tags.
    public ReadOnlyObjectProperty<Annotation> annotationProperty() {
        return annotation.getReadOnlyProperty();
    }

    /// The checkpoint that its machine was restored from; empty where it was booted, or that one was deleted.
    public ReadOnlyObjectProperty<Optional<CheckpointRecord>> parentProperty() {
        return parent.getReadOnlyProperty();
    }

    /// The experiments whose machines were restored from it. Not to be changed.
    public ObservableList<ExperimentRecord> children() {
        return children;
    }

    /// What [#undo] would take back, in words; empty where there is nothing.
    public ReadOnlyStringProperty undoTextProperty() {
        return undoText.getReadOnlyProperty();
    }

    private void readAnnotation() {
        CheckpointRecord selected = checkpointProperty().get();
        annotation.set(selected == null ? Annotation.NONE : of(selected));
    }

    private Annotation of(CheckpointRecord checkpoint) {
        return experiment.annotations().getOrDefault(checkpoint.id(), Annotation.NONE);
    }

    private void findParent(ExperimentRecord shown) {
        lane.cancel();
        parent.set(Optional.empty());
        Optional<Long> id = shown == null ? Optional.empty() : shown.parentCheckpointId();
        id.ifPresent(known -> workbench.stores().read(lane, "Look the parent of " + shown.name() + " up",
                (store, _) -> store.checkpoint(known), parent::set));
    }

    private void findChildren() {
        CheckpointRecord selected = checkpointProperty().get();
        var found = library.stream().map(ExperimentTotals::experiment)
                .filter(each -> selected != null && each.parentCheckpointId().filter(id -> id == selected.id())
                        .isPresent())
                .toList();
        if (!children.equals(found)) {
            children.setAll(found);
        }
    }

    /// Keeps what somebody is writing from being carried off by the next checkpoint of a recording.
    public void beginEditing() {
        experiment.selection().followNewestProperty().set(false);
    }

    /// Changes the note of a checkpoint, which need not be the selected one any more.
    ///
    /// @return what is wrong with it, empty when nothing is
    public Optional<String> saveNote(CheckpointRecord checkpoint, String note) {
        Annotation before = of(checkpoint);
        String text = note.strip();
        if (text.equals(before.note())) {
            return Optional.empty();
        }
        try {
            change(checkpoint, before.withNote(text), "note of " + checkpoint.number() + (text.isEmpty()
                    ? " removed"
                    : before.note().isEmpty() ? " added" : " changed"));
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    /// Adds a tag to the selected checkpoint; a leading `#` is not part of it.
    ///
    /// @return what is wrong with it, empty when nothing is
    public Optional<String> addTag(String typed) {
        CheckpointRecord selected = checkpointProperty().get();
        String tag = typed.strip().replaceFirst("^#", "");
        if (selected == null || of(selected).tags().contains(tag)) {
            return Optional.empty();
        }
        try {
            Annotation.checkTag(tag);
            change(selected, of(selected).withTag(tag), "tag #" + tag + " added to " + selected.number());
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    /// Takes a tag off the selected checkpoint.
    public void removeTag(String tag) {
        CheckpointRecord selected = checkpointProperty().get();
        if (selected != null && of(selected).tags().contains(tag)) {
            change(selected, of(selected).withoutTag(tag), "tag #" + tag + " removed from " + selected.number());
        }
    }

    private void change(CheckpointRecord checkpoint, Annotation annotated, String what) {
        changes.push(new Change(checkpoint, of(checkpoint), what));
        if (changes.size() > MOST_UNDO) {
            changes.removeLast();
        }
        undoText.set(what);
        experiment.annotate(checkpoint, annotated);
    }

    /// Takes the last change of a note or a tag back, and shows the checkpoint that it was made to.
    public void undo() {
        if (changes.isEmpty()) {
            return;
        }
        Change last = changes.pop();
        undoText.set(changes.isEmpty() ? "" : changes.peek().what);
        experiment.annotate(last.checkpoint, last.before);
        int index = experiment.selection().indexOf(last.checkpoint.number());
        if (index < experiment.checkpoints().size() && experiment.checkpoints().get(index).id() == last.checkpoint
                .id()) {
            experiment.selection().select(experiment.checkpoints().get(index));
        }
    }

    /// Shows the checkpoint that the shown experiment began at.
    public void showParent() {
        parent.get().ifPresent(workbench::show);
    }

    /// Shows an experiment that began at the selected checkpoint.
    public void showChild(ExperimentRecord child) {
        workbench.show(child);
    }
}
