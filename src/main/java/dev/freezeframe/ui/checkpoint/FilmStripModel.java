package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.WorkbenchModel;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.collections.MapChangeListener;
import javafx.collections.ObservableList;
import javafx.collections.transformation.FilteredList;

/// The film strip without the strip: which checkpoints of the shown experiment it shows, and how keys move the selection
/// among them. A filter that cannot be understood leaves the last good one in force.
public final class FilmStripModel {
    private final ExperimentModel experiment;
    private final FilteredList<CheckpointRecord> shown;
    private final StringProperty filterText = new SimpleStringProperty(this, "filterText", "");
    private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper(this, "problem", "");
    private final StringBinding count;
    private CheckpointFilter filter = CheckpointFilter.parse("");

    /// @param workbench whose shown experiment it is about
    public FilmStripModel(WorkbenchModel workbench) {
        experiment = workbench.experiment();
        shown = new FilteredList<>(experiment.checkpoints());
        filterText.addListener((_, _, text) -> read(text));
        experiment.annotations().addListener((MapChangeListener<Long, Annotation>) _ -> {
            if (!filter.isEmpty()) {
                apply();
            }
        });
        count = Bindings.createStringBinding(this::countText, shown, experiment.checkpoints(), experiment
                .loadingProperty());
    }

    /// What the user typed as a filter, see [CheckpointFilter#GRAMMAR].
    public StringProperty filterTextProperty() {
        return filterText;
    }

    /// One line about what is wrong with the filter, empty when nothing is.
    public ReadOnlyStringProperty problemProperty() {
        return problem.getReadOnlyProperty();
    }

    /// The checkpoints that the filter lets through, by number. Not to be changed.
    public ObservableList<CheckpointRecord> shown() {
        return shown;
    }

    /// How many are shown, in words.
    public StringBinding countProperty() {
        return count;
    }

    /// Whether the checkpoints are still being read.
    public ReadOnlyBooleanProperty loadingProperty() {
        return experiment.loadingProperty();
    }

    /// Whether a filter is in force.
    public boolean filtered() {
        return !filter.isEmpty();
    }

    private String countText() {
        if (experiment.loadingProperty().get()) {
            return "reading…";
        }
        int all = experiment.checkpoints().size();
        return shown.size() == all
                ? Units.count(all, "checkpoint")
                : Units.count(shown.size()) + " of " + Units.count(all, "checkpoint");
    }

    private void read(String text) {
        try {
            filter = CheckpointFilter.parse(text);
            problem.set("");
            apply();
        } catch (IllegalArgumentException e) {
            problem.set(e.getMessage());
        }
    }

    private void apply() {
        CheckpointFilter current = filter;
        shown.setPredicate(current.isEmpty()
                ? null
                : checkpoint -> current.matches(checkpoint, annotation(checkpoint)));
    }

    /// Note and tags of a checkpoint.
    public Annotation annotation(CheckpointRecord checkpoint) {
        return experiment.annotations().getOrDefault(checkpoint.id(), Annotation.NONE);
    }

    /// The place of the selected checkpoint among those shown, -1 where the filter hides it or none is selected.
    public int selectedIndex() {
        CheckpointRecord selected = experiment.selection().checkpoint();
        if (selected == null) {
            return -1;
        }
        int index = indexOf(selected.number());
        return index < shown.size() && shown.get(index).id() == selected.id() ? index : -1;
    }

    /// Moves the selection so many shown checkpoints on, and stays at the ends. From a checkpoint that the filter hides, the
    /// next one on either side is one place away.
    public void move(int places) {
        CheckpointRecord selected = experiment.selection().checkpoint();
        if (selected == null || shown.isEmpty() || places == 0) {
            return;
        }
        int index = indexOf(selected.number());
        boolean hidden = index >= shown.size() || shown.get(index).number() != selected.number();
        int target = hidden && places > 0 ? index + places - 1 : index + places;
        experiment.selection().select(shown.get(Math.clamp(target, 0, shown.size() - 1)));
    }

    /// Selects the first one shown.
    public void first() {
        if (!shown.isEmpty()) {
            experiment.selection().select(shown.getFirst());
        }
    }

    /// Selects the last one shown; where that is the newest, the selection follows the recording again.
    public void last() {
        if (!shown.isEmpty()) {
            experiment.selection().select(shown.getLast());
        }
    }

    /// The place of the first shown checkpoint whose number is at least this one.
    private int indexOf(int number) {
        int low = 0;
        int high = shown.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (shown.get(middle).number() < number) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
