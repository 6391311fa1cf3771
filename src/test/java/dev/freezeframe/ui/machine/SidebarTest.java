package dev.freezeframe.ui.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.profile.ProfileFolders;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.profile.ProfileList;
import dev.freezeframe.ui.profile.ProfilesModel;
import dev.freezeframe.ui.theme.Theme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.DialogPane;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.MenuItem;
import javafx.scene.control.TextField;
import javafx.scene.input.ContextMenuEvent;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Machines and profiles in the sidebar of a real window, with real machines.
@Tag("qemu")
class SidebarTest {
    @TempDir
    private Path folder;
    private OpenWorkbench workbench;
    private ProfilesModel profiles;
    private Stage stage;
    private VBox sidebar;

    @BeforeEach
    void open() throws IOException {
        Path own = Files.createDirectories(folder.resolve("profiles"));
        Files.writeString(own.resolve("broken.json"), "{\"memory\": \"2 Gib\"}");
        Files.writeString(own.resolve("kernelless.json"), "{\"memory\": \"64 MiB\", \"kernel\": \"no-such-kernel\"}");
        workbench = new OpenWorkbench(folder.resolve("store"));
        FxToolkit.run(() -> {
            profiles = new ProfilesModel(workbench.model().tasks(), ProfileFolders.of(own));
            sidebar = new VBox(new MachineList(workbench.model()), new ProfileList(workbench.model(), profiles));
            stage = new Stage();
            stage.setScene(new Scene(sidebar, 260, 900));
            Theme.DARK.apply(stage.getScene());
            stage.show();
        });
        FxToolkit.await("the profiles are read", () -> profiles.loadedProperty().get());
        awaitRow("profiles", "boot-sector");
    }

    @AfterEach
    void close() {
        FxToolkit.run(() -> List.copyOf(Window.getWindows()).forEach(Window::hide));
        workbench.close();
    }

    private Optional<ListCell<?>> row(String list, String name) {
        Node view = FxToolkit.lookup(sidebar, "#" + list);
        return FxToolkit.lookupAll(view, ".list-cell").stream().map(cell -> (ListCell<?>) cell)
                .filter(cell -> !cell.isEmpty()
                        && String.valueOf(cell.getAccessibleText()).startsWith(name + ","))
                .findFirst().map(cell -> cell);
    }

    private ListCell<?> awaitRow(String list, String name) {
        FxToolkit.await(list + " has " + name, () -> row(list, name).isPresent());
        return FxToolkit.call(() -> row(list, name).orElseThrow());
    }

    private static Button button(ListCell<?> row, String words) {
        return FxToolkit.lookupAll(row, ".button").stream().map(Button.class::cast)
                .filter(button -> button.getAccessibleText()
                        .startsWith(words))
                .findFirst().orElseThrow();
    }

    private static MenuItem item(ListCell<?> row, String text) {
        return row.getContextMenu().getItems().stream().filter(item -> item.getText() != null && item.getText()
                .replace("_", "").startsWith(text)).findFirst().orElseThrow();
    }

    private static Optional<DialogPane> question() {
        return Window.getWindows().stream().map(window -> window.getScene().getRoot()).filter(
                DialogPane.class::isInstance).map(DialogPane.class::cast).findFirst();
    }

    private static DialogPane dialog() {
        FxToolkit.await("a question is asked", () -> question().isPresent());
        return FxToolkit.call(() -> question().orElseThrow());
    }

    private static void answer(String text) {
        DialogPane pane = dialog();
        FxToolkit.run(() -> ((Button) pane.lookupButton(pane.getButtonTypes().stream().filter(type -> type.getText()
                .equals(text)).findFirst().orElseThrow())).fire());
    }

    private MachineModel startFromItsButton() {
        ListCell<?> profile = awaitRow("profiles", "boot-sector");
        FxToolkit.run(() -> button(profile, "Start").fire());
        FxToolkit.await("it is selected", () -> workbench.model().machines().selectedProperty().get() != null);
        MachineModel machine = FxToolkit.call(() -> workbench.model().machines().selectedProperty().get());
        FxToolkit.await("it runs", () -> machine.stateProperty().get() == MachineState.RUNNING);
        return machine;
    }

    @Test
    void aMachineIsStartedPausedAndForcedOffFromItsRows() {
        MachineModel machine = startFromItsButton();
        ListCell<?> row = awaitRow("machines", "boot-sector");
        FxToolkit.run(() -> button(row, "Pause").fire());
        FxToolkit.await("it stands", () -> machine.stateProperty().get() == MachineState.PAUSED);
        FxToolkit.await("the row says so", () -> row.getAccessibleText().contains("paused"));
        FxToolkit.run(() -> item(row, "Resume").fire());
        FxToolkit.await("it runs", () -> machine.stateProperty().get() == MachineState.RUNNING);
        FxToolkit.run(() -> button(row, "Force off").fire());
        answer("Cancel");
        assertEquals(MachineState.RUNNING, FxToolkit.call(machine.stateProperty()::get));
        FxToolkit.run(() -> button(row, "Force off").fire());
        answer("Force off");
        FxToolkit.await("it has ended", () -> machine.stateProperty().get() == MachineState.ENDED);
        FxToolkit.run(() -> button(row, "Remove").fire());
        FxToolkit.await("it is gone", () -> row("machines", "boot-sector").isEmpty());
    }

    @Test
    void aRestoredMachineLeadsToItsCheckpoint() {
        MachineModel machine = startFromItsButton();
        FxToolkit.run(() -> workbench.model().machines().record(machine, RecordingOptions.DEFAULT, Optional.empty()));
        FxToolkit.await("a checkpoint", () -> !workbench.model().experiment().checkpoints().isEmpty());
        FxToolkit.await("the row says so", () -> row("machines", "boot-sector").orElseThrow().getAccessibleText()
                .contains("recording"));
        FxToolkit.run(() -> {
            var checkpoint = workbench.model().experiment().checkpoints().getFirst();
            workbench.model().machines().restore(checkpoint, RestoreOptions.standard());
        });
        ListCell<?> row = awaitRow("machines", "boot-sector/1");
        FxToolkit.await("the library is read", () -> !workbench.model().library().experiments().isEmpty());
        FxToolkit.run(() -> {
            workbench.model().experiment().show(null);
            Hyperlink link = (Hyperlink) FxToolkit.lookup(row, ".hyperlink");
            assertTrue(link.isVisible() && link.getText().startsWith("from boot-sector-"), link.getText());
            link.fire();
        });
        FxToolkit.await("its checkpoint is shown", () -> {
            var selected = workbench.model().experiment().selection().checkpoint();
            return selected != null && selected.number() == 1;
        });
        FxToolkit.run(() -> workbench.model().experiment().show(null));
        ListCell<?> recorded = awaitRow("machines", "boot-sector");
        FxToolkit.run(() -> recorded.getListView().getSelectionModel().select(recorded.getIndex()));
        FxToolkit.await("selecting a machine shows its recording", () -> workbench.model().experiment()
                .experimentProperty().get() != null && machine.equals(
                        workbench.model().machines().selectedProperty()
                                .get()));
    }

    @Test
    void whatCannotBeStartedSaysWhyAndWhatToDoBeforeAnybodyTries() {
        ListCell<?> broken = awaitRow("profiles", "broken");
        assertTrue(broken.getAccessibleText().contains("is not a size; write for example"), broken.getAccessibleText());
        assertTrue(FxToolkit.call(() -> button(broken, "Start").isDisabled()));
        ListCell<?> kernelless = awaitRow("profiles", "kernelless");
        assertTrue(kernelless.getAccessibleText().contains("no-such-kernel cannot be read; correct the profile"),
                kernelless
                        .getAccessibleText());
        assertTrue(FxToolkit.call(() -> button(kernelless, "Start").isDisabled()));
    }

    @Test
    void profilesAreDuplicatedEditedAndDeleted() {
        ListCell<?> row = awaitRow("profiles", "boot-sector");
        assertTrue(FxToolkit.call(() -> item(row, "Delete").isDisable()), "the program's own");
        FxToolkit.run(() -> item(row, "Duplicate").fire());
        ListCell<?> copy = awaitRow("profiles", "boot-sector-copy");
        assertTrue(Files.isRegularFile(folder.resolve("profiles/boot-sector-copy.json")));
        FxToolkit.run(() -> item(copy, "Edit").fire());
        assertEquals(new Navigation.Place.Profile(Optional.of(folder.resolve("profiles/boot-sector-copy.json"))),
                FxToolkit.call(() -> workbench.model().navigation().placeProperty().get()));
        FxToolkit.run(() -> item(copy, "Delete").fire());
        answer("Delete");
        FxToolkit.await("it is gone", () -> row("profiles", "boot-sector-copy").isEmpty());
        assertFalse(Files.exists(folder.resolve("profiles/boot-sector-copy.json")));
    }

    @Test
    void theMenuOfARowOpensByKeyboard() {
        ListCell<?> row = awaitRow("profiles", "boot-sector");
        FxToolkit.run(() -> {
            row.getListView().requestFocus();
            row.getListView().getSelectionModel().select(row.getIndex());
            row.getListView().fireEvent(new ContextMenuEvent(ContextMenuEvent.CONTEXT_MENU_REQUESTED, 0, 0, 0, 0, true,
                    null));
            assertTrue(row.getContextMenu().isShowing());
            row.getContextMenu().hide();
        });
    }

    @Test
    void optionsOfAStartAreCheckedBeforeTheDialogCloses() {
        ListCell<?> row = awaitRow("profiles", "boot-sector");
        FxToolkit.run(() -> item(row, "Start with options").fire());
        DialogPane pane = dialog();
        FxToolkit.run(() -> {
            ((TextField) FxToolkit.lookup(pane, "#start-memory")).setText("32 Mib");
            comboBox(pane).setValue("tcg");
        });
        answer("Start");
        FxToolkit.await("it says why", () -> ((Label) FxToolkit.lookup(pane, "#start-problem")).getText().contains(
                "is not a size"));
        FxToolkit.run(() -> {
            ((TextField) FxToolkit.lookup(pane, "#start-memory")).setText("32 MiB");
            ((TextField) FxToolkit.lookup(pane, "#start-qemu")).setText("/bin/true");
        });
        answer("Start");
        FxToolkit.await("it says why", () -> ((Label) FxToolkit.lookup(pane, "#start-problem")).getText().contains(
                "does not answer as QEMU does"));
        FxToolkit.run(() -> ((TextField) FxToolkit.lookup(pane, "#start-qemu")).setText(""));
        answer("Start");
        FxToolkit.await("it runs", () -> {
            MachineModel machine = workbench.model().machines().selectedProperty().get();
            return machine != null && machine.stateProperty().get() == MachineState.RUNNING;
        });
        assertEquals(32L << 20, FxToolkit.call(() -> workbench.model().machines().selectedProperty().get()
                .machineProperty().get().ramBytes()));
    }

    @SuppressWarnings("unchecked") // the dialog's is one of strings
    private static ComboBox<String> comboBox(DialogPane pane) {
        return (ComboBox<String>) FxToolkit.lookup(pane, "#start-accelerator");
    }
}
