package dev.freezeframe.ui.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.SyntheticSimulations;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.OpenedStore;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.theme.Palette;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.StackPane;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The page *Simulate* in a real scene, on a run of nine intervals of which six are kept, one of each state, and on one that
/// cannot be executed again.
@Tag("slow")
class SimulatePageTest {
    @TempDir
    private Path directory;
    private OpenedStore opened;
    private WorkbenchModel workbench;
    private SimulatePage page;
    private Stage stage;

    @BeforeEach
    void openThePage() throws Exception {
        try (Store store = Store.open(directory)) {
            SyntheticExperiments made = SyntheticExperiments.replayable(store, "run", 4L << 20, Duration.ofSeconds(1),
                    Instant
                            .parse("2026-11-22T10:15:00Z"),
                    1);
            made.add(10);
            made.end("stopped");
            SyntheticSimulations.write(store, made.id(), "cache", SyntheticSimulations.STATES, false);
            SyntheticExperiments.write(store, "plain", 3, 1);
        }
        opened = new OpenedStore(directory);
        workbench = opened.workbench();
        FxToolkit.run(() -> {
            Palette palette = new Palette();
            page = new SimulatePage(workbench, palette);
            Scene scene = new Scene(new StackPane(page, palette), 1030, 760);
            Theme.LIGHT.apply(scene);
            stage = new Stage();
            stage.setScene(scene);
            stage.show();
        });
        show("run");
    }

    private void show(String name) {
        FxToolkit.run(() -> workbench.experiment().show(opened.row(name).entry().experiment()));
        opened.awaitIdle();
    }

    @AfterEach
    void closeThePage() throws Exception {
        FxToolkit.run(() -> List.copyOf(Window.getWindows()).forEach(Window::hide));
        opened.close();
    }

    private Node find(String selector) {
        return FxToolkit.lookup(page, selector);
    }

    @SuppressWarnings("unchecked") // it has these
    private TableView<IntervalRow> table() {
        return (TableView<IntervalRow>) find("#interval-table");
    }

    private String text(String id) {
        return FxToolkit.call(() -> ((Label) find(id)).getText());
    }

    @Test
    void everyStateIsASignAndAWordInTheTable() {
        Set<String> expected = Set.of("✓ proven", "✓ proven across an interrupt", "✗ diverged", "! failed",
                "– ended, not compared", "· waiting");
        FxToolkit.await("the cells are there", () -> FxToolkit.lookupAll(page, ".interval-state").stream().map(
                cell -> ((TableCell<?, ?>) cell).getText()).filter(each -> each != null).collect(Collectors.toSet())
                .containsAll(
                        expected));
        assertEquals("▸ running", IntervalState.RUNNING.text());
        String status = text("#simulate-status");
        assertTrue(status.equals("6 of 9 · 2 not as recorded"), status);
    }

    @Test
    void aLineOfTheTableIsTheSelectedCheckpointAndTheOtherWayRound() {
        FxToolkit.run(() -> table().getSelectionModel().select(3));
        FxToolkit.await("the checkpoint is selected",
                () -> workbench.experiment().selection().checkpoint().number() == 4);
        assertTrue(text("#simulate-detail").contains("! failed: the replay stands still"), text("#simulate-detail"));
        FxToolkit.run(() -> workbench.experiment().selection().select(workbench.experiment().checkpoints().get(6)));
        FxToolkit.await("its line is selected", () -> table().getSelectionModel().getSelectedIndex() == 6);
    }

    @Test
    void whatDivergedOpensTheComparisonOfItsEnds() {
        FxToolkit.run(() -> {
            table().getSelectionModel().select(2);
            table().fireEvent(new KeyEvent(KeyEvent.KEY_PRESSED, "", "", KeyCode.ENTER, false, false, false, false));
        });
        Navigation.Place.Compare place = assertInstanceOf(Navigation.Place.Compare.class, FxToolkit.call(() -> workbench
                .navigation().placeProperty().get()));
        assertEquals(3, place.checkpoint().number());
        assertEquals(Optional.of(4), place.other().map(CheckpointRecord::number));
    }

    @Test
    void anExperimentWithoutALogSaysWhatToDoAndOffersIt() {
        show("plain");
        FxToolkit.await("it offers what to do", () -> find("#simulate-record") != null);
        assertTrue(FxToolkit
                .call(() -> FxToolkit.lookupAll(page, ".label").stream().anyMatch(each -> ((Label) each).getText()
                        .contains("\"replay\": true"))));
        assertFalse(((Button) find("#simulate-record")).isDisabled());
        assertNull(find("#simulate-run"));
        assertTrue(find("#simulate-workers").isDisabled());
        FxToolkit.run(((Button) find("#simulate-reexecute"))::fire);
        FxToolkit.await("it can be re-executed", () -> find("#simulate-run") != null);
        assertFalse(find("#simulate-workers").isDisabled());
        assertTrue(find("#simulate-warm-up").isDisabled());
        assertEquals("Compare", FxToolkit.call(() -> ((CheckBox) find("#simulate-proof")).getText()));
    }

    @Test
    void runGoesOnWithWhatIsKeptAndTheFieldsSayWithWhat() {
        assertEquals("Go on", FxToolkit.call(() -> ((Button) find("#simulate-run")).getText()));
        assertEquals("cache", FxToolkit.call(() -> ((ComboBox<?>) find("#simulate-plugin")).getValue()));
        TextField last = (TextField) find("#simulate-last");
        FxToolkit.run(() -> {
            last.setText("6");
            last.fireEvent(new javafx.event.ActionEvent());
        });
        opened.awaitIdle();
        assertEquals(5, FxToolkit.call(() -> table().getItems().size()));
        assertEquals("Run", FxToolkit.call(() -> ((Button) find("#simulate-run")).getText()));
        FxToolkit.run(() -> {
            last.setText("much");
            last.fireEvent(new javafx.event.ActionEvent());
        });
        assertEquals("6", FxToolkit.call(last::getText), "what is no number is not taken");
        TextField warmUp = (TextField) find("#simulate-warm-up");
        FxToolkit.run(() -> {
            warmUp.setText("2");
            warmUp.fireEvent(new javafx.event.ActionEvent());
        });
        assertEquals(2, FxToolkit.call(() -> workbench.simulation().planProperty().get().warmUp()));
        FxToolkit.run(() -> workbench.simulation().setPlan(workbench.simulation().planProperty().get().withPlugin("")));
        assertTrue(warmUp.isDisabled(), "nobody looks on");
    }

    @Test
    void thereIsOnePrimaryButtonAndASmallWindowScrolls() {
        assertEquals(1, FxToolkit.lookupAll(page, ".accent").size());
        FxToolkit.run(() -> {
            stage.setWidth(650);
            stage.setHeight(400);
        });
        ScrollPane scroll = (ScrollPane) find("#simulate-scroll");
        FxToolkit.await("what is below can be scrolled to",
                () -> scroll.getContent().getLayoutBounds().getHeight() > scroll
                        .getViewportBounds().getHeight()
                        && scroll.getContent().getLayoutBounds().getWidth() <= scroll.getViewportBounds()
                                .getWidth() + 1);
    }
}
