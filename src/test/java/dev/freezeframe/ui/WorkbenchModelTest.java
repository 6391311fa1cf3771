package dev.freezeframe.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.suite.Damaged;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Store, experiment and selection of the window on real stores, without a window.
@Tag("slow")
class WorkbenchModelTest {
    private static final int CHECKPOINTS = 20;

    @TempDir
    private Path folder;
    private final List<Problem> problems = new ArrayList<>();
    private BackgroundTasks tasks;
    private WorkbenchModel workbench;
    private long first;
    private long second;

    @BeforeEach
    void twoExperiments() throws StoreException {
        try (Store store = Store.open(folder.resolve("store"))) {
            first = SyntheticExperiments.write(store, "first", CHECKPOINTS, 1);
            second = SyntheticExperiments.write(store, "second", 3, 2);
        }
        FxToolkit.run(() -> {
            tasks = new BackgroundTasks();
            tasks.onProblem(problems::add);
            workbench = new WorkbenchModel(tasks, folder.resolve("store"));
        });
    }

    @AfterEach
    void close() {
        StoreState state = FxToolkit.call(() -> workbench.stores().stateProperty().get());
        WorkbenchModel.shutDown(tasks, List.of(), state);
    }

    private void openStore() {
        FxToolkit.run(() -> workbench.stores().open(folder.resolve("store")));
        FxToolkit.await("the store is open", () -> workbench.library().loadedProperty().get());
    }

    private void show(long experimentId) {
        FxToolkit.run(() -> workbench.show(workbench.library().find(experimentId).orElseThrow()));
        FxToolkit.await("it is shown", () -> !workbench.experiment().loadingProperty().get());
    }

    private CheckpointRecord selected() {
        return FxToolkit.call(() -> workbench.experiment().selection().checkpoint());
    }

    @Test
    void anOpenStoreListsItsExperimentsNewestFirst() {
        openStore();
        assertEquals(List.of("second", "first"), FxToolkit.call(() -> workbench.library().experiments().stream().map(
                totals -> totals.experiment().name()).toList()));
    }

    @Test
    void theNewestCheckpointOfAnExperimentIsSelected() {
        openStore();
        show(first);
        assertEquals(CHECKPOINTS, selected().number());
        assertEquals(CHECKPOINTS, FxToolkit.call(() -> workbench.experiment().summaryProperty().get()).checkpoints());
    }

    @Test
    void theSelectionMovesAndStaysAtTheEnds() {
        openStore();
        show(first);
        FxToolkit.run(() -> workbench.experiment().selection().move(-5));
        assertEquals(CHECKPOINTS - 5, selected().number());
        FxToolkit.run(() -> workbench.experiment().selection().move(-1000));
        assertEquals(1, selected().number());
        FxToolkit.run(() -> workbench.experiment().selection().move(1000));
        assertEquals(CHECKPOINTS, selected().number());
        assertTrue(FxToolkit.call(() -> workbench.experiment().selection().followNewestProperty().get()));
    }

    @Test
    void aNewCheckpointMovesTheSelectionOnlyWhereItFollows() {
        openStore();
        show(first);
        List<CheckpointRecord> all = FxToolkit.call(() -> List.copyOf(workbench.experiment().checkpoints()));
        FxToolkit.run(() -> workbench.experiment().deleted(all.subList(15, 20)));
        assertEquals(15, selected().number());
        FxToolkit.run(() -> workbench.experiment().stored(all.subList(15, 16)));
        assertEquals(16, selected().number());
        FxToolkit.run(() -> workbench.experiment().selection().move(-3));
        FxToolkit.run(() -> workbench.experiment().stored(all.subList(16, 20)));
        assertEquals(13, selected().number());
        assertEquals(CHECKPOINTS, FxToolkit.call(() -> workbench.experiment().checkpoints().size()));
    }

    @Test
    void aCheckpointThatIsToldTwiceIsThereOnce() {
        openStore();
        show(first);
        FxToolkit.run(() -> workbench.experiment().stored(List.copyOf(workbench.experiment().checkpoints())));
        assertEquals(CHECKPOINTS, FxToolkit.call(() -> workbench.experiment().checkpoints().size()));
    }

    @Test
    void aDeletedCheckpointLeavesTheSelectionToItsNeighbour() {
        openStore();
        show(first);
        FxToolkit.run(() -> workbench.experiment().selection().select(workbench.experiment().checkpoints().get(9)));
        FxToolkit.run(() -> workbench.experiment().deleted(List.of(workbench.experiment().checkpoints().get(9))));
        assertEquals(11, selected().number());
        assertEquals(CHECKPOINTS - 1, FxToolkit.call(() -> workbench.experiment().summaryProperty().get())
                .checkpoints());
    }

    @Test
    void whatWasReadBeforeADeletionDoesNotBringItBack() {
        openStore();
        show(first);
        CheckpointRecord tenth = FxToolkit.call(() -> workbench.experiment().checkpoints().get(9));
        FxToolkit.run(() -> {
            workbench.experiment().reload();
            workbench.experiment().deleted(List.of(tenth));
        });
        FxToolkit.await("it is read", () -> !workbench.experiment().loadingProperty().get());
        assertFalse(FxToolkit.call(() -> workbench.experiment().checkpoints().contains(tenth)));
        assertEquals(CHECKPOINTS - 1, FxToolkit.call(() -> workbench.experiment().summaryProperty().get())
                .checkpoints());
    }

    @Test
    void anotherExperimentTakesItsPlaceWhole() {
        openStore();
        show(first);
        show(second);
        assertEquals(3, FxToolkit.call(() -> workbench.experiment().checkpoints().size()));
        assertEquals("second", selected().experimentName());
        FxToolkit.run(() -> workbench.experiment().show(null));
        assertNull(selected());
    }

    @Test
    void oneCheckpointIsShownWhereverTheWindowWas() throws StoreException {
        openStore();
        show(second);
        CheckpointRecord eighth = FxToolkit.call(() -> workbench.stores().store().orElseThrow()).checkpoints(first).get(
                7);
        FxToolkit.run(() -> {
            workbench.navigation().go(new Navigation.Place.Library());
            workbench.show(eighth);
        });
        FxToolkit.await("it is selected", () -> eighth.equals(workbench.experiment().selection().checkpoint()));
        assertInstanceOf(Navigation.Place.Experiment.class, FxToolkit.call(() -> workbench.navigation().placeProperty()
                .get()));
    }

    @Test
    void aNoteIsStillThereWhenTheExperimentIsShownAgain() {
        openStore();
        show(first);
        CheckpointRecord checkpoint = selected();
        Annotation annotation = new Annotation("before the crash", new TreeSet<>(List.of("boot")));
        FxToolkit.run(() -> workbench.experiment().annotate(checkpoint, annotation));
        FxToolkit.await("it is kept", () -> annotation.equals(workbench.experiment().annotations().get(checkpoint
                .id())));
        show(second);
        show(first);
        assertEquals(annotation, FxToolkit.call(() -> workbench.experiment().annotations().get(checkpoint.id())));
    }

    @Test
    void aStoreInUseSaysSoAndOpensWhenItIsFree() throws StoreException {
        try (Store other = Store.open(folder.resolve("store"))) {
            FxToolkit.run(() -> workbench.stores().open(folder.resolve("store")));
            FxToolkit.await("it has failed", () -> workbench.stores().stateProperty()
                    .get() instanceof StoreState.Failed);
            StoreState.Failed failed = (StoreState.Failed) FxToolkit.call(() -> workbench.stores().stateProperty()
                    .get());
            assertEquals(StoreException.Reason.IN_USE, failed.reason());
            assertFalse(failed.message().contains("\n"), failed.message());
            assertFalse(other.experiments().isEmpty());
        }
        openStore();
    }

    @Test
    @Damaged("its file is cut short")
    void aDamagedStoreSaysSo() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder.resolve("store"))) {
            files = all.filter(file -> file.toString().endsWith(".mv.db")).toList();
        }
        assertEquals(1, files.size());
        try (RandomAccessFile file = new RandomAccessFile(files.getFirst().toFile(), "rw")) {
            file.setLength(3000);
        }
        FxToolkit.run(() -> workbench.stores().open(folder.resolve("store")));
        FxToolkit.await("it has failed", () -> workbench.stores().stateProperty().get() instanceof StoreState.Failed);
        StoreState.Failed failed = (StoreState.Failed) FxToolkit.call(() -> workbench.stores().stateProperty().get());
        assertEquals(StoreException.Reason.DAMAGED, failed.reason());
    }

    @Test
    void anotherStoreTakesThePlaceOfTheOpenOne() throws StoreException {
        openStore();
        FxToolkit.run(() -> workbench.stores().open(folder.resolve("other")));
        FxToolkit.await("the other is open", () -> workbench.library().loadedProperty().get() && workbench.stores()
                .stateProperty().get().directory().endsWith("other"));
        assertTrue(FxToolkit.call(() -> workbench.library().experiments().isEmpty()));
        Store.open(folder.resolve("store")).close();
    }

    @Test
    void nothingWasReportedToTheUserForAllThat() {
        openStore();
        show(first);
        FxToolkit.await("all is read", () -> tasks.runningProperty().get() == 0);
        assertEquals(Optional.empty(), problems.stream().findFirst());
    }
}
