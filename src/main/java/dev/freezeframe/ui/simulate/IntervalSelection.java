package dev.freezeframe.ui.simulate;

import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.ExperimentModel;
import java.util.List;
import java.util.Optional;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;

/// The selected interval, which is nothing but the window's selected checkpoint: an interval is the checkpoint that it starts
/// from.
public final class IntervalSelection {
    private final ExperimentModel experiment;
    private final List<IntervalRow> rows;
    private final Runnable changed;
    private final ReadOnlyObjectWrapper<IntervalRow> selected = new ReadOnlyObjectWrapper<>(this, "selected");

    /// @param rows    the intervals; call [#find] when they are others
    /// @param changed called when another one may be selected
    IntervalSelection(ExperimentModel experiment, List<IntervalRow> rows, Runnable changed) {
        this.experiment = experiment;
        this.rows = rows;
        this.changed = changed;
        experiment.selection().checkpointProperty().addListener((_, _, _) -> find());
    }

    /// The interval that the selected checkpoint is in; null for none.
    public ReadOnlyObjectProperty<IntervalRow> intervalProperty() {
        return selected.getReadOnlyProperty();
    }

    void find() {
        CheckpointRecord checkpoint = experiment.selection().checkpoint();
        selected.set(checkpoint == null
                ? null
                : rows.stream().filter(row -> row.from() <= checkpoint.number() && checkpoint.number() < row.to())
                        .findFirst().orElse(null));
        changed.run();
    }

    /// Selects an interval.
    ///
    /// @param from the number of the checkpoint that it starts from
    void select(int from) {
        at(from).ifPresent(experiment.selection()::select);
    }

    /// Selects the interval so many places on, and stays at the ends.
    void move(int places) {
        int index = rows.indexOf(selected.get());
        if (index >= 0) {
            select(rows.get(Math.clamp((long) index + places, 0, rows.size() - 1)).from());
        }
    }

    /// Points at an interval, or at none where there is none such.
    void hover(int from) {
        experiment.selection().hoveredProperty().set(at(from).orElse(null));
    }

    private Optional<CheckpointRecord> at(int number) {
        int index = experiment.selection().indexOf(number);
        return Optional.of(index).filter(place -> place < experiment.checkpoints().size())
                .map(experiment.checkpoints()::get).filter(each -> each.number() == number);
    }

    /// The checkpoints between which the selected interval is.
    Optional<List<CheckpointRecord>> ends() {
        return Optional.ofNullable(selected.get()).flatMap(row -> at(row.from()).flatMap(from -> at(row.to()).map(
                to -> List.of(from, to))));
    }
}
