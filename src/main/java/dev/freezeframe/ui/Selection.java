package dev.freezeframe.ui;

import dev.freezeframe.store.model.CheckpointRecord;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;

/// The one selection of the window: a checkpoint selected in any chart, the strip, the table or the map is this one. It is
/// always one of the shown experiment's checkpoints, or null.
///
/// While [#followNewestProperty] is true it moves to each new checkpoint; selecting any but the newest ends that.
public final class Selection {
    private final ObservableList<CheckpointRecord> checkpoints;
    private final ObjectProperty<CheckpointRecord> checkpoint = new SimpleObjectProperty<>(this, "checkpoint");
    private final ObjectProperty<CheckpointRecord> hovered = new SimpleObjectProperty<>(this, "hovered");
    private final BooleanProperty followNewest = new SimpleBooleanProperty(this, "followNewest", true);

    Selection(ObservableList<CheckpointRecord> checkpoints) {
        this.checkpoints = checkpoints;
        checkpoints.addListener((ListChangeListener<CheckpointRecord>) _ -> afterChange());
        followNewest.addListener((_, _, follows) -> {
            if (follows) {
                afterChange();
            }
        });
    }

    private void afterChange() {
        CheckpointRecord now = checkpoint.get();
        if (checkpoints.isEmpty()) {
            checkpoint.set(null);
            hovered.set(null);
        } else if (now == null || followNewest.get()) {
            checkpoint.set(checkpoints.getLast());
        } else {
            // a checkpoint that was deleted leaves the selection to the one behind it
            checkpoint.set(checkpoints.get(Math.min(indexOf(now.number()), checkpoints.size() - 1)));
        }
        if (hovered.get() != null && at(hovered.get().number()) == null) {
            hovered.set(null);
        }
    }

    /// The selected checkpoint, null if none is.
    public ObjectProperty<CheckpointRecord> checkpointProperty() {
        return checkpoint;
    }

    /// The selected checkpoint, null if none is.
    public CheckpointRecord checkpoint() {
        return checkpoint.get();
    }

    /// The checkpoint under the mouse in whichever view, null if none; cross-hairs follow it.
    public ObjectProperty<CheckpointRecord> hoveredProperty() {
        return hovered;
    }

    /// Whether the selection moves on with the recording.
    public BooleanProperty followNewestProperty() {
        return followNewest;
    }

    /// Selects a checkpoint as the user does.
    public void select(CheckpointRecord chosen) {
        followNewest.set(chosen != null && !checkpoints.isEmpty() && chosen.id() == checkpoints.getLast().id());
        checkpoint.set(chosen);
    }

    /// Moves to the checkpoint so many places on, and stays at the ends.
    public void move(int places) {
        if (checkpoint.get() == null || checkpoints.isEmpty()) {
            return;
        }
        int index = indexOf(checkpoint.get().number()) + places;
        select(checkpoints.get(Math.clamp(index, 0, checkpoints.size() - 1)));
    }

    /// The place of the first checkpoint whose number is at least this one.
    public int indexOf(int number) {
        int low = 0;
        int high = checkpoints.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (checkpoints.get(middle).number() < number) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private CheckpointRecord at(int number) {
        int index = indexOf(number);
        return index < checkpoints.size() && checkpoints.get(index).number() == number ? checkpoints.get(index) : null;
    }
}
