package dev.freezeframe.ui;

import dev.freezeframe.store.model.CheckpointRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;

/// Which part of the window is shown. Any part may send the user to any other without knowing its view.
public final class Navigation {
    /// What the middle of the window can show.
    public sealed interface Place {
        /// The shown experiment: charts, memory map, details and film strip. Also the place where nothing has been
        /// recorded yet.
        record Experiment() implements Place {}

        /// The library of experiments.
        record Library() implements Place {}

        /// The tree of experiments.
        record Family() implements Place {}

        /// A checkpoint compared with another; where that is empty, with one that the user chooses there.
        record Compare(CheckpointRecord checkpoint, Optional<CheckpointRecord> other) implements Place {}

        /// Experiments, by their ids, laid over each other; where there are none, those of the last time.
        record Overlay(List<Long> experimentIds) implements Place {}

        /// The shown experiment executed again, interval by interval.
        record Simulate() implements Place {}

        /// The editor of a profile; a new one where the file is empty.
        record Profile(Optional<Path> file) implements Place {}

        /// What the doctor found on this computer.
        record Doctor() implements Place {}
    }

    private final ObjectProperty<Place> place = new SimpleObjectProperty<>(this, "place", new Place.Experiment());

    /// Where the user is.
    public ObjectProperty<Place> placeProperty() {
        return place;
    }

    /// Goes there.
    public void go(Place there) {
        place.set(there);
    }
}
