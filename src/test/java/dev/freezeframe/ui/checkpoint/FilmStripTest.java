package dev.freezeframe.ui.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.StoreState;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.theme.Palette;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Label;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.StackPane;
import javafx.scene.text.Text;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the film strip promises with an experiment that ran overnight, in a real scene on the headless platform.
@Tag("slow")
class FilmStripTest {
    private static final int CHECKPOINTS = 1_500;
    /// Two frames at thirty a second; the promise is one, but the machines of tests are busy.
    private static final long MOST_MILLIS_PER_KEY = 66;

    @TempDir
    static Path directory;

    private static BackgroundTasks tasks;
    private static WorkbenchModel workbench;
    private static FilmStrip strip;
    private static ListView<?> list;
    private static Stage stage;

    @BeforeAll
    static void openThousandsOfCheckpoints() throws Exception {
        try (Store store = Store.open(directory)) {
            SyntheticExperiments experiment = SyntheticExperiments.begin(store, "overnight", 1 << 20, Duration
                    .ofSeconds(1), Instant.parse("2026-11-22T10:15:00Z"), 1, Optional.empty());
            experiment.add(CHECKPOINTS);
            experiment.end("done");
        }
        tasks = FxToolkit.call(BackgroundTasks::new);
        FxToolkit.run(() -> {
            workbench = new WorkbenchModel(tasks, directory);
            workbench.stores().open(directory);
            strip = new FilmStrip(workbench);
            Scene scene = new Scene(new StackPane(strip, new Palette()), 1000, 150);
            Theme.DARK.apply(scene);
            stage = new Stage();
            stage.setScene(scene);
            stage.show();
        });
        FxToolkit.await("the library is read", () -> workbench.library().loadedProperty().get());
        FxToolkit.run(() -> workbench.show(workbench.library().experiments().getFirst().experiment()));
        FxToolkit.await("all are there", () -> workbench.experiment().checkpoints().size() == CHECKPOINTS
                && !workbench.experiment().loadingProperty().get());
        FxToolkit.run(() -> list = (ListView<?>) FxToolkit.lookup(strip, "#film-strip"));
    }

    @AfterAll
    static void close() throws Exception {
        FxToolkit.run(stage::close);
        FxToolkit.await("all is quiet", () -> tasks.runningProperty().get() == 0);
        StoreState state = FxToolkit.call(() -> workbench.stores().stateProperty().get());
        WorkbenchModel.shutDown(tasks, List.of(), state);
    }

    @BeforeEach
    void showAll() {
        FxToolkit.run(() -> ((TextField) FxToolkit.lookup(strip, "#film-filter")).clear());
        press(KeyCode.HOME);
        awaitSelected(1);
    }

    private static void press(KeyCode key) {
        FxToolkit.run(() -> KeyEvent.fireEvent(list, new KeyEvent(KeyEvent.KEY_PRESSED, "", "", key, false, false,
                false, false)));
    }

    private static void awaitSelected(int number) {
        FxToolkit.await("checkpoint " + number + " is selected and can be seen", () -> {
            FilmStripCell cell = cell(number);
            return workbench.experiment().selection().checkpoint().number() == number && cell != null && cell
                    .isSelected() && cell.getBoundsInParent().getMinX() >= -1 && list
                            .sceneToLocal(cell.localToScene(
                                    cell.getBoundsInLocal()))
                            .getMaxX() <= list.getWidth() + 1;
        });
    }

    private static FilmStripCell cell(int number) {
        return cells().stream().map(FilmStripCell.class::cast).filter(cell -> cell.getItem() != null && cell.isVisible()
                && cell.getItem().number() == number).findFirst().orElse(null);
    }

    private static Set<Node> cells() {
        return FxToolkit.lookupAll(strip, ".film-cell");
    }

    @Test
    void keysMoveTheSelectionAndItStaysInView() {
        press(KeyCode.RIGHT);
        awaitSelected(2);
        press(KeyCode.END);
        awaitSelected(CHECKPOINTS);
        assertTrue(FxToolkit.call(() -> workbench.experiment().selection().followNewestProperty().get()));
        press(KeyCode.LEFT);
        awaitSelected(CHECKPOINTS - 1);
        press(KeyCode.PAGE_UP);
        FxToolkit.await("a page further", () -> workbench.experiment().selection().checkpoint()
                .number() < CHECKPOINTS - 4);
        press(KeyCode.HOME);
        awaitSelected(1);
        press(KeyCode.LEFT);
        awaitSelected(1);
    }

    @Test
    void onlyWhatCanBeSeenIsBuilt() {
        for (int i = 0; i < 20; i++) {
            press(KeyCode.PAGE_DOWN);
        }
        assertTrue(FxToolkit.call(() -> cells().size()) < 40, "cells are used again");
    }

    @Test
    @Tag("soak")
    void aKeyCostsLessThanTwoFrames() {
        press(KeyCode.RIGHT);
        long start = System.nanoTime();
        int keys = 100;
        for (int i = 0; i < keys; i++) {
            press(KeyCode.RIGHT);
        }
        awaitSelected(keys + 2);
        long millis = (System.nanoTime() - start) / 1_000_000 / keys;
        assertTrue(millis < MOST_MILLIS_PER_KEY, millis + " ms for a key");
    }

    @Test
    void theGuestsConsoleIsThePicture() {
        press(KeyCode.END);
        awaitSelected(CHECKPOINTS);
        FxToolkit.await("its picture has come", () -> {
            FilmStripCell cell = cell(CHECKPOINTS);
            return cell != null && ((Text) FxToolkit.lookup(cell, ".film-console")).getText().contains("tick "
                    + CHECKPOINTS);
        });
    }

    @Test
    void theFilterNarrowsTheStripAndABadOneIsShownInPlace() {
        FxToolkit.run(() -> ((TextField) FxToolkit.lookup(strip, "#film-filter")).setText("100-119"));
        Label count = (Label) FxToolkit.call(() -> FxToolkit.lookup(strip, "#film-count"));
        assertEquals("20 of 1,500 checkpoints", FxToolkit.call(count::getText));
        press(KeyCode.END);
        awaitSelected(119);
        press(KeyCode.HOME);
        awaitSelected(100);
        FxToolkit.run(() -> ((TextField) FxToolkit.lookup(strip, "#film-filter")).setText("pause>much"));
        Label problem = (Label) FxToolkit.call(() -> FxToolkit.lookup(strip, "#film-filter-problem"));
        assertTrue(FxToolkit.call(problem::getText).contains("pause>much"));
    }

    @Test
    void everyCellTellsAScreenReaderWhatItIs() {
        FxToolkit.run(() -> {
            assertNotNull(list.getAccessibleText());
            cells().stream().map(FilmStripCell.class::cast).filter(cell -> cell.getItem() != null && cell.isVisible())
                    .forEach(cell -> assertTrue(cell.getAccessibleText().startsWith("checkpoint " + cell.getItem()
                            .number() + ", pause")));
        });
    }
}
