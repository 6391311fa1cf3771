package dev.freezeframe.ui;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Steps;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import javafx.beans.property.LongProperty;
import javafx.beans.property.ReadOnlyLongProperty;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.SimpleLongProperty;

/// The store that the window works in. At most one is open; it is opened, read and closed in the background.
public final class StoreModel {
    private final BackgroundTasks tasks;
    private final ReadOnlyObjectWrapper<StoreState> state = new ReadOnlyObjectWrapper<>(this, "state");
    private final LongProperty sizeBytes = new SimpleLongProperty(this, "sizeBytes", 0);
    private final LongProperty freeBytes = new SimpleLongProperty(this, "freeBytes", 0);
    private boolean measuring;
    /// How often a store was asked for.
    private long turns;
    /// What was asked for last.
    private CompletableFuture<Optional<Store>> newest = CompletableFuture.completedFuture(Optional.empty());

    StoreModel(BackgroundTasks tasks, Path directory) {
        this.tasks = tasks;
        state.set(new StoreState.Closed(directory));
    }

    /// Whether there is a store.
    public ReadOnlyObjectProperty<StoreState> stateProperty() {
        return state.getReadOnlyProperty();
    }

    /// The open store.
    public Optional<Store> store() {
        return state.get() instanceof StoreState.Open open ? Optional.of(open.store()) : Optional.empty();
    }

    /// Bytes that the store takes on disk, as last measured.
    public ReadOnlyLongProperty sizeBytesProperty() {
        return sizeBytes;
    }

    /// Bytes free on its disk, as last measured; 0 while not known.
    public ReadOnlyLongProperty freeBytesProperty() {
        return freeBytes;
    }

    /// Closes the open store, if one is, and opens this one, creating it where there is none.
    public void open(Path directory) {
        CompletableFuture<Optional<Store>> before = newest;
        CompletableFuture<Optional<Store>> mine = new CompletableFuture<>();
        newest = mine;
        long turn = ++turns;
        state.set(new StoreState.Opening(directory, mine));
        tasks.quietly("Open the store " + directory, _ -> {
            // One after another: the store before may still be on its way, and would stay open with its lock.
            try {
                Optional<Store> last = before.join();
                if (last.isPresent()) {
                    last.get().close();
                }
                Store opened = Store.open(directory);
                mine.complete(Optional.of(opened));
                return opened;
            } finally {
                mine.complete(Optional.empty());
            }
        }, store -> {
            if (turns == turn) {
                state.set(new StoreState.Open(directory, store));
                measure();
            }
        }, cause -> {
            if (turns == turn) {
                state.set(new StoreState.Failed(directory,
                        cause instanceof StoreException failure ? failure.reason() : StoreException.Reason.FAILED,
                        cause.getMessage()));
            }
        });
    }

    /// Runs a read of the open store that takes milliseconds; does nothing when none is open.
    public <T> void read(BackgroundTasks.Lane lane, String title, Read<T> read, Consumer<? super T> whenDone) {
        store().ifPresent(store -> lane.run(title, steps -> read.of(store, steps), whenDone));
    }

    /// Something read from the store.
    @FunctionalInterface
    public interface Read<T> {
        /// Reads it, in the background.
        ///
        /// @param steps to leave early when nobody wants the answer any more
        T of(Store store, Steps steps) throws Exception;
    }

    /// Measures size and free space anew; cheap, but I/O, so the answer comes later.
    public void measure() {
        if (measuring || !(state.get() instanceof StoreState.Open(Path directory, Store store))) {
            return;
        }
        measuring = true;
        tasks.quietly("Measure the store", _ -> new long[]{store.sizeBytes(), directory.toFile()
                .getUsableSpace()}, sizes -> {
                    measuring = false;
                    sizeBytes.set(sizes[0]);
                    freeBytes.set(sizes[1]);
                }, _ -> measuring = false);
    }

    /// Closes the store. Blocks; for the end of the program, off the JavaFX thread.
    public static void close(StoreState last) throws StoreException {
        Optional<Store> open = switch (last) {
            case StoreState.Open(Path _, Store store) -> Optional.of(store);
            case StoreState.Opening(Path _, CompletableFuture<Optional<Store>> coming) -> coming.getNow(Optional
                    .empty());
            case StoreState.Failed _,StoreState.Closed _ -> Optional.empty();
        };
        if (open.isPresent()) {
            open.get().close();
        }
    }
}
