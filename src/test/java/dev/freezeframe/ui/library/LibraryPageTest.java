package dev.freezeframe.ui.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.host.Doctor;
import dev.freezeframe.host.Finding;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.upkeep.VerifyReport;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.OpenedStore;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.host.DoctorPage;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javafx.application.Platform;
import javafx.collections.ObservableList;
import javafx.event.Event;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ListView;
import javafx.scene.control.MenuItem;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The library's page and the sidebar's list in a real window over a real store with four experiments of 1 to 4 checkpoints,
/// `one` the oldest.
@Tag("slow")
class LibraryPageTest {
    private static final Instant START = Instant.parse("2026-11-20T10:15:00Z");

    @TempDir
    private Path directory;

    private OpenedStore opened;
    private WorkbenchModel workbench;
    private LibraryPage page;
    private ExperimentList sidebar;
    private Stage stage;

    @BeforeEach
    void openTheWindow() throws Exception {
        try (Store store = Store.open(directory)) {
            int checkpoints = 0;
            for (String name : List.of("one", "two", "three", "four")) {
                SyntheticExperiments experiment = SyntheticExperiments.begin(store, name, 4L << 20,
                        Duration.ofSeconds(1),
                        START.plusSeconds(3600L * checkpoints), ++checkpoints, checkpoints == 3
                                ? store.find(CheckpointName.of("two", 1))
                                : Optional.empty());
                experiment.add(checkpoints);
                experiment.end("stopped");
            }
        }
        openAnew();
    }

    private void openAnew() {
        opened = new OpenedStore(directory);
        workbench = opened.workbench();
        FxToolkit.run(() -> {
            page = new LibraryPage(workbench);
            sidebar = new ExperimentList(workbench);
            Scene scene = new Scene(new HBox(sidebar, page), 1280, 720);
            Theme.LIGHT.apply(scene);
            stage = new Stage();
            stage.setScene(scene);
            stage.show();
        });
        opened.awaitIdle();
    }

    @AfterEach
    void closeTheWindow() throws Exception {
        FxToolkit.run(() -> List.copyOf(Window.getWindows()).forEach(Window::hide));
        opened.close();
    }

    private static <T extends Node> T find(Parent within, String selector, Class<T> type) {
        return type.cast(FxToolkit.lookup(within, selector));
    }

    private TableView<LibraryRow> table() {
        return FxToolkit.call(() -> find(page, "#experiment-table", ExperimentTable.class));
    }

    @SuppressWarnings("unchecked") // it has these
    private ListView<LibraryRow> list() {
        return FxToolkit.call(() -> (ListView<LibraryRow>) FxToolkit.lookup(sidebar, "#experiments"));
    }

    private static List<String> names(ObservableList<LibraryRow> rows) {
        return FxToolkit.call(() -> rows.stream().map(row -> row.entry().name()).toList());
    }

    private void select(String... names) {
        FxToolkit.run(() -> {
            table().getSelectionModel().clearSelection();
            for (String name : names) {
                table().getSelectionModel().select(opened.row(name));
            }
        });
        opened.awaitIdle();
    }

    private void press(String button) {
        FxToolkit.run(() -> find(page, button, Button.class).fire());
    }

    private static void key(Node target, KeyCode code) {
        FxToolkit
                .run(() -> Event.fireEvent(target, new KeyEvent(KeyEvent.KEY_PRESSED, "", "", code, false, false, false,
                        false)));
    }

    private static void confirm() {
        FxToolkit.await("a dialog asks", () -> dialogButton().isPresent());
        FxToolkit.run(() -> dialogButton().orElseThrow().fire());
    }

    private static Optional<Button> dialogButton() {
        return List.copyOf(Window.getWindows()).stream()
                .map(window -> FxToolkit.lookup(window.getScene().getRoot(), "#library-dialog-ok"))
                .filter(Button.class::isInstance).map(Button.class::cast).findFirst();
    }

    @Test
    void theTableBeginsWithTheNewestAndSortsByAnyColumn() {
        assertEquals(List.of("four", "three", "two", "one"), names(table().getItems()));
        for (String id : List.of("checkpoints", "stored_bytes", "dirty_pages", "max_pause_micros", "parent")) {
            FxToolkit.run(() -> {
                TableColumn<LibraryRow, ?> column = table().getColumns().stream()
                        .filter(each -> each.getId().equals(id))
                        .findFirst().orElseThrow();
                column.setSortType(TableColumn.SortType.ASCENDING);
                table().getSortOrder().setAll(List.of(column));
            });
            List<LibraryEntry> sorted = FxToolkit
                    .call(() -> table().getItems().stream().map(LibraryRow::entry).toList());
            for (int i = 1; i < sorted.size(); i++) {
                LibraryEntry before = sorted.get(i - 1);
                LibraryEntry after = sorted.get(i);
                int order = switch (id) {
                    case "checkpoints" -> Long.compare(before.totals().checkpoints(), after.totals().checkpoints());
                    case "stored_bytes" -> Long.compare(before.totals().storedBytes(), after.totals().storedBytes());
                    case "dirty_pages" -> Long.compare(before.totals().dirtyPages(), after.totals().dirtyPages());
                    case "max_pause_micros" -> Long.compare(before.totals().maxPauseMicros(), after.totals()
                            .maxPauseMicros());
                    default -> before.parentName().compareTo(after.parentName());
                };
                assertTrue(order <= 0, id);
            }
        }
    }

    @Test
    void columnsAboutDisksAreShownWhereThereAreDisksUntilTheUserHidesThem() throws Exception {
        TableView<?> experiments = table();
        assertFalse(FxToolkit.call(() -> shown(experiments, "dirty_blocks")));
        SyntheticExperiments experiment = SyntheticExperiments.begin(opened.store(), "disks", 4L << 20, Duration
                .ofSeconds(1), START, 9, Optional.empty()).withDisks(1 << 20, 3_000_000);
        experiment.add(3);
        experiment.end("stopped");
        FxToolkit.run(() -> workbench.library().reload());
        opened.awaitIdle();
        FxToolkit.await("they are shown", () -> shown(experiments, "dirty_blocks") && shown(experiments, "new_blocks"));
        TableView<?> checkpoints = FxToolkit.call(() -> find(page, "#checkpoint-table", CheckpointTable.class));
        select("disks");
        FxToolkit.await("they are shown", () -> shown(checkpoints, "dirty_blocks") && shown(checkpoints,
                "disks_micros"));
        FxToolkit.run(() -> column(checkpoints, "new_blocks").setVisible(false));
        select("four");
        FxToolkit.await("they are hidden", () -> !shown(checkpoints, "dirty_blocks"));
        select("disks");
        FxToolkit.await("they are shown again", () -> shown(checkpoints, "dirty_blocks"));
        assertFalse(FxToolkit.call(() -> shown(checkpoints, "new_blocks")), "what the user hid stays hidden");
        Path file = directory.resolve("disks.csv");
        LibraryEntry entry = opened.row("disks").entry();
        FxToolkit.run(() -> workbench.libraryWork().exportCheckpoints(entry, file, false));
        opened.awaitIdle();
        List<String> lines = Files.readAllLines(file);
        assertEquals(4, lines.size());
        assertTrue(lines.get(0).contains(",disk0_dirty_blocks,") && lines.get(0).contains(",disk1_new_blocks,"));
    }

    private static TableColumn<?, ?> column(TableView<?> table, String id) {
        return table.getColumns().stream().filter(each -> each.getId().equals(id)).findFirst().orElseThrow();
    }

    private static boolean shown(TableView<?> table, String id) {
        return column(table, id).isVisible();
    }

    @Test
    void searchingNarrowsTheTableAndLeavesTheShownExperimentShown() {
        select("two");
        FxToolkit.run(() -> find(page, "#library-search", TextField.class).setText("three"));
        opened.awaitIdle();
        assertEquals(List.of("three"), names(table().getItems()));
        assertEquals("two", FxToolkit.call(() -> workbench.experiment().experimentProperty().get().name()));
        FxToolkit.run(() -> find(page, "#library-search", TextField.class).clear());
        assertEquals("two", FxToolkit.call(() -> table().getSelectionModel().getSelectedItem().entry().name()));
        assertEquals(4, FxToolkit.call(() -> list().getItems().size()), "the sidebar has a search of its own");
    }

    @Test
    void selectingAnExperimentShowsItsCheckpointsAndOneOfThemIsTheWindowsSelection() {
        select("four");
        CheckpointTable checkpoints = FxToolkit.call(() -> find(page, "#checkpoint-table", CheckpointTable.class));
        assertEquals(4, FxToolkit.call(() -> checkpoints.getItems().size()));
        assertEquals(4, FxToolkit.call(() -> checkpoints.getSelectionModel().getSelectedItem().number()));
        FxToolkit.run(() -> checkpoints.getSelectionModel().clearAndSelect(1));
        assertEquals(2, FxToolkit.call(() -> workbench.experiment().selection().checkpoint().number()));
        FxToolkit.run(() -> workbench.experiment().selection().move(1));
        assertEquals(3, FxToolkit.call(() -> checkpoints.getSelectionModel().getSelectedItem().number()));
        FxToolkit.run(() -> find(page, "#library-show", Button.class).fire());
        assertTrue(FxToolkit
                .call(() -> workbench.navigation().placeProperty().get()) instanceof Navigation.Place.Experiment);
        assertTrue(FxToolkit.call(() -> find(page, "#library-sum", Label.class).getText()).startsWith(
                "4 experiments, 10 checkpoints, "));
    }

    @Test
    void twoSelectedExperimentsCanBeLaidOverEachOther() {
        select("one");
        assertTrue(FxToolkit.call(() -> find(page, "#library-overlay", Button.class).isDisable()));
        select("one", "three");
        press("#library-overlay");
        Navigation.Place.Overlay place = (Navigation.Place.Overlay) FxToolkit.call(() -> workbench.navigation()
                .placeProperty().get());
        assertEquals(List.of(opened.row("one").id(), opened.row("three").id()), place.experimentIds().stream().sorted()
                .toList());
    }

    @Test
    void theDeleteKeyDeletesAfterAskingAndReclaimGivesTheSpaceBack() throws Exception {
        long before = opened.store().sizeBytes();
        select("two", "four");
        key(table(), KeyCode.DELETE);
        confirm();
        FxToolkit.await("two are gone", () -> workbench.library().rows().size() == 2);
        opened.awaitIdle();
        assertEquals(List.of("one", "three"), opened.store().experiments().stream().map(each -> each.name()).toList());
        assertEquals(List.of("three", "one"), names(table().getItems()));
        press("#library-reclaim");
        FxToolkit.await("it is done",
                () -> FxToolkit.lookup(page, "#library-notice") instanceof Label notice && notice.getText()
                        .startsWith("Reclaimed "));
        opened.awaitIdle();
        assertTrue(opened.store().sizeBytes() < before);
        assertTrue(opened.store().verify(Progress.NONE).isSound());
    }

    @Test
    void theDialogNamesWhatGoesAndCancelDeletesNothing() {
        List<String> text = LibraryDialogs
                .explanation(FxToolkit.call(() -> workbench.libraryWork().deletion(List.of(opened
                        .row("two").entry()))));
        assertTrue(text.get(1).contains("1 experiment was restored"), text.get(1));
        assertTrue(text.get(1).contains("three"), text.get(1));
        assertTrue(text.getLast().contains("cannot be undone"));
        select("two");
        key(table(), KeyCode.DELETE);
        FxToolkit.await("a dialog asks", () -> dialogButton().isPresent());
        FxToolkit.run(() -> dialogButton().orElseThrow().getScene().getWindow().hide());
        opened.awaitIdle();
        assertEquals(4, FxToolkit.call(() -> workbench.library().rows().size()));
    }

    @Test
    void verifyingShowsWhatIsDamagedAndDeletesItOnRequest() throws Exception {
        closeTheWindow();
        OpenedStore.damagePacks(directory);
        openAnew();
        press("#library-verify");
        FxToolkit.await("the damages are listed", () -> FxToolkit.lookup(page, "#damages") instanceof TableView<?>);
        opened.awaitIdle();
        List<VerifyReport.Damage> damages = opened.store().verify(Progress.NONE).damages();
        assertFalse(damages.isEmpty());
        assertEquals(damages,
                FxToolkit.call(() -> ((TableView<?>) FxToolkit.lookup(page, "#damages")).getItems().stream().toList()));
        press("#delete-damaged");
        confirm();
        opened.awaitIdle();
        FxToolkit.await("verified again is possible", () -> find(page, "#delete-damaged", Button.class).isDisable());
        press("#verify-again");
        FxToolkit.await("no damage is left",
                () -> FxToolkit.lookup(page, "#damages") == null && FxToolkit.lookup(page, ".sound-icon") != null);
        opened.awaitIdle();
    }

    @Test
    void theSidebarShowsWhatIsChosenInItAndSelectsWhatIsShown() {
        FxToolkit.run(() -> workbench.navigation().go(new Navigation.Place.Library()));
        FxToolkit.run(() -> list().getSelectionModel().select(opened.row("three")));
        opened.awaitIdle();
        assertEquals("three", FxToolkit.call(() -> workbench.experiment().experimentProperty().get().name()));
        assertEquals(new Navigation.Place.Experiment(),
                FxToolkit.call(() -> workbench.navigation().placeProperty().get()));
        FxToolkit.run(() -> workbench.show(opened.row("one").entry().experiment()));
        opened.awaitIdle();
        assertSame(opened.row("one"), FxToolkit.call(() -> list().getSelectionModel().getSelectedItem()));
        assertSame(opened.row("one"), FxToolkit.call(() -> table().getSelectionModel().getSelectedItem()));
    }

    @Test
    void aListThatIsReadAgainNeitherShowsAnotherExperimentNorLosesTheSelection() throws Exception {
        FxToolkit.run(() -> workbench.show(opened.row("two").entry().experiment()));
        opened.awaitIdle();
        FxToolkit.run(() -> workbench.navigation().go(new Navigation.Place.Library()));
        SyntheticExperiments growing = SyntheticExperiments.begin(opened.store(), "five", 4L << 20,
                Duration.ofSeconds(1),
                START.plusSeconds(86_400), 9, Optional.empty());
        for (int i = 0; i < 3; i++) {
            growing.next();
            FxToolkit.run(() -> workbench.library().reload());
            opened.awaitIdle();
            assertSame(opened.row("two"), FxToolkit.call(() -> list().getSelectionModel().getSelectedItem()));
            assertSame(opened.row("two"), FxToolkit.call(() -> table().getSelectionModel().getSelectedItem()));
            assertEquals("two", FxToolkit.call(() -> workbench.experiment().experimentProperty().get().name()));
        }
        growing.end("stopped");
        assertEquals(new Navigation.Place.Library(),
                FxToolkit.call(() -> workbench.navigation().placeProperty().get()));
        assertEquals(List.of("five", "four", "three", "two", "one"), names(list().getItems()));
    }

    @Test
    void searchingInTheSidebarDoesNotShowAnotherExperiment() {
        FxToolkit.run(() -> workbench.show(opened.row("two").entry().experiment()));
        opened.awaitIdle();
        for (String text : List.of("f", "four", "two", "nothing", "")) {
            FxToolkit.run(() -> find(sidebar, "#experiment-search", TextField.class).setText(text));
            opened.awaitIdle();
            assertEquals("two", FxToolkit.call(() -> workbench.experiment().experimentProperty().get().name()), text);
        }
        assertSame(opened.row("two"), FxToolkit.call(() -> list().getSelectionModel().getSelectedItem()));
    }

    @Test
    void theMenuOfAnExperimentComparesItWithTheShownOne() {
        FxToolkit.run(() -> workbench.show(opened.row("two").entry().experiment()));
        opened.awaitIdle();
        MenuItem compareWithItself = FxToolkit.call(() -> sidebar.menuFor(opened.row("two").entry()).getItems().get(1));
        assertTrue(compareWithItself.isDisable());
        FxToolkit.run(() -> sidebar.menuFor(opened.row("four").entry()).getItems().get(1).fire());
        assertEquals(new Navigation.Place.Overlay(List.of(opened.row("two").id(), opened.row("four").id())), FxToolkit
                .call(() -> workbench.navigation().placeProperty().get()));
    }

    @Test
    @Tag("qemu")
    void theDoctorsPageShowsWhatTheCommandDoesAndASentenceForAll() {
        DoctorPage doctor = FxToolkit.call(() -> new DoctorPage(workbench));
        FxToolkit.run(() -> stage.getScene().setRoot(doctor));
        FxToolkit.await("this computer is examined", () -> !FxToolkit.lookupAll(doctor, ".finding").isEmpty());
        Platform.runLater(() -> find(doctor, "#examine-again", Button.class).fire());
        opened.awaitIdle();
        // what the command prints, nothing more and nothing less
        assertEquals(Doctor.standard(directory).examine().stream().map(Finding::subject).sorted().toList(),
                FxToolkit.call(() -> FxToolkit.lookupAll(doctor, ".finding").stream()
                        .map(row -> row.getAccessibleText().split(",",
                                2)[0])
                        .sorted().toList()));
        assertFalse(FxToolkit.call(() -> find(doctor, "#doctor-summary", Label.class).getText()).isEmpty());
    }
}
