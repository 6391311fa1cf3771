package dev.freezeframe.ui.library;

import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;

/// One line of the library. It stays the same object while its experiment exists, so that a list that is read again keeps
/// its selection.
public final class LibraryRow {
    private final ReadOnlyObjectWrapper<LibraryEntry> entry = new ReadOnlyObjectWrapper<>(this, "entry");

    LibraryRow(LibraryEntry first) {
        entry.set(first);
    }

    /// What it shows now.
    public ReadOnlyObjectProperty<LibraryEntry> entryProperty() {
        return entry.getReadOnlyProperty();
    }

    /// What it shows now.
    public LibraryEntry entry() {
        return entry.get();
    }

    /// The experiment's number in the store.
    public long id() {
        return entry.get().id();
    }

    void show(LibraryEntry now) {
        if (!now.equals(entry.get())) {
            entry.set(now);
        }
    }
}
