package dev.freezeframe.ui;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.StoreException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// Whether the window has a store to work in.
public sealed interface StoreState {
    /// Where it is.
    Path directory();

    /// It is being opened.
    ///
    /// @param coming the store once it is open, or none if it cannot be; whoever ends meanwhile closes it
    record Opening(Path directory, CompletableFuture<Optional<Store>> coming) implements StoreState {}

    /// It can be used.
    record Open(Path directory, Store store) implements StoreState {}

    /// It could not be opened.
    ///
    /// @param message one line: why, and what to do
    record Failed(Path directory, StoreException.Reason reason, String message) implements StoreState {}

    /// It was closed and no other is open.
    record Closed(Path directory) implements StoreState {}
}
