package dev.freezeframe.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.freezeframe.store.Store;
import dev.freezeframe.ui.task.BackgroundTasks;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// At most one store is open, and none stays open with its lock that nobody knows of.
class StoreModelTest {
    @TempDir
    private Path folder;
    private BackgroundTasks tasks;
    private StoreModel stores;

    @BeforeEach
    void make() {
        FxToolkit.run(() -> {
            tasks = new BackgroundTasks();
            stores = new StoreModel(tasks, folder.resolve("none"));
        });
    }

    @AfterEach
    void end() {
        WorkbenchModel.shutDown(tasks, List.of(), state());
    }

    private StoreState state() {
        return FxToolkit.call(() -> stores.stateProperty().get());
    }

    @Test
    void aStoreThatIsAskedForWhileAnotherIsBeingOpenedTakesItsPlaceAndThatOneIsClosed() throws Exception {
        FxToolkit.run(() -> {
            stores.open(folder.resolve("first"));
            stores.open(folder.resolve("second"));
            stores.open(folder.resolve("third"));
        });
        FxToolkit.await("the last is open", () -> stores.stateProperty().get() instanceof StoreState.Open);
        assertEquals(folder.resolve("third"), state().directory());
        // Each has a lock that only one has at a time.
        Store.open(folder.resolve("first")).close();
        Store.open(folder.resolve("second")).close();
    }

    @Test
    void theSameStoreAskedForTwiceIsOpenOnce() {
        FxToolkit.run(() -> {
            stores.open(folder.resolve("first"));
            stores.open(folder.resolve("first"));
        });
        FxToolkit.await("nothing is at work", () -> tasks.runningProperty().get() == 0);
        assertInstanceOf(StoreState.Open.class, state());
    }

    @Test
    void aStoreThatIsStillBeingOpenedWhenTheProgramEndsIsClosed() throws Exception {
        StoreState opening = FxToolkit.call(() -> {
            stores.open(folder.resolve("first"));
            return stores.stateProperty().get();
        });
        assertInstanceOf(StoreState.Opening.class, opening);
        WorkbenchModel.shutDown(tasks, List.of(), opening);
        Store.open(folder.resolve("first")).close();
    }
}
