package dev.freezeframe.ui.library;

import dev.freezeframe.base.Units;
import java.util.Collection;
import javafx.beans.binding.Bindings;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.beans.value.ObservableValue;
import javafx.collections.ObservableList;
import javafx.collections.transformation.FilteredList;

/// The experiments that match what the user typed: each word is somewhere in the name, the profile, the time, the parent or
/// the reason of the end.
public final class LibrarySearch {
    private final LibraryModel library;
    private final StringProperty search = new SimpleStringProperty(this, "search", "");
    private final ReadOnlyBooleanWrapper changing = new ReadOnlyBooleanWrapper(this, "changing", false);
    private final FilteredList<LibraryRow> rows;
    private final ObservableValue<String> emptyText;

    public LibrarySearch(LibraryModel library) {
        this.library = library;
        // before the list listens, so that it is known to be changing when controls hear of it
        library.changingProperty().addListener((_, _, now) -> changing.set(now));
        rows = new FilteredList<>(library.rows());
        search.addListener((_, _, text) -> {
            changing.set(true);
            rows.setPredicate(text.isBlank() ? null : row -> matches(row, text));
            changing.set(false);
        });
        emptyText = Bindings.createStringBinding(this::whyEmpty, search, library.unreadTextProperty(), rows);
    }

    private static boolean matches(LibraryRow row, String text) {
        return row.entry().matches(text, LibraryColumns.time(row.entry().experiment().startedAt()));
    }

    /// What is searched for; empty for all.
    public StringProperty searchProperty() {
        return search;
    }

    /// What matches, newest first. Not to be changed.
    public ObservableList<LibraryRow> rows() {
        return rows;
    }

    /// True while [#rows] changes without the user having chosen anything in it.
    public ReadOnlyBooleanProperty changingProperty() {
        return changing.getReadOnlyProperty();
    }

    /// What stands in the place of an empty list.
    public ObservableValue<String> emptyTextProperty() {
        return emptyText;
    }

    private String whyEmpty() {
        String unread = library.unreadTextProperty().get();
        if (!unread.isEmpty()) {
            return unread;
        }
        return library.rows().isEmpty()
                ? "No experiments yet. Start a machine and record it."
                : "No experiment matches “" + search.get().strip() + "”.";
    }

    /// Such as `12 experiments, 4,213 checkpoints, 1.20 GiB stored`.
    public static String sum(Collection<LibraryEntry> entries) {
        long checkpoints = entries.stream().mapToLong(entry -> entry.totals().checkpoints()).sum();
        long bytes = entries.stream().mapToLong(entry -> entry.totals().addedBytes()).sum();
        return Units.count(entries.size(), "experiment") + ", " + Units.count(checkpoints, "checkpoint") + ", " + Units
                .bytes(bytes) + " stored";
    }
}
