package dev.freezeframe.ui.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.bundle.CheckpointExport;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.suite.Await;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.StoreState;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.compare.ComparePage;
import dev.freezeframe.ui.compare.ComparisonRange;
import dev.freezeframe.ui.lineage.FamilyTree;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.machine.MachinesModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.theme.Palette;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.ListView;
import javafx.scene.control.MenuItem;
import javafx.scene.control.Spinner;
import javafx.scene.control.SplitMenuButton;
import javafx.scene.control.TableView;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Going back as a user does it: a real machine is recorded once, then keys and buttons of real scenes bring its checkpoints
/// back, compare, annotate and delete them.
@Tag("qemu")
class GoBackTest {
    private static final int CHECKPOINTS = 8;
    private static final Duration PATIENCE = Await.PATIENCE;

    @TempDir
    static Path directory;

    @TempDir
    Path exports;

    private static BackgroundTasks tasks;
    private static WorkbenchModel workbench;
    private static FilmStrip strip;
    private static CheckpointDetails details;
    private static ComparePage compare;
    private static FamilyTree family;
    private static BorderPane root;
    private static Stage stage;

    @BeforeAll
    static void recordAMachine() throws Exception {
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("boot-sector"));
        open();
        RecordingOptions options = RecordingOptions.DEFAULT.with(RecordingOptions.DEFAULT.capture().withInterval(
                Duration.ofMillis(300))).stoppingAfter(CHECKPOINTS);
        MachineModel machine = FxToolkit.call(() -> workbench.machines().start(spec));
        FxToolkit.await("it runs", () -> machine.stateProperty().get() == MachineState.RUNNING);
        // no checkpoint is to be older than the first round
        OpenWorkbench.awaitRound(machine, 2);
        FxToolkit.run(() -> workbench.machines().record(machine, options, Optional.empty()));
        FxToolkit.await("all checkpoints are there and the recording has ended", () -> workbench.experiment()
                .checkpoints().size() == CHECKPOINTS && !workbench.machines().anyRecording());
        removeMachines();
    }

    private static void open() {
        FxToolkit.run(() -> {
            tasks = new BackgroundTasks();
            workbench = new WorkbenchModel(tasks, directory);
            workbench.stores().open(directory);
            Palette palette = new Palette();
            strip = new FilmStrip(workbench);
            details = new CheckpointDetails(workbench);
            compare = new ComparePage(workbench, palette);
            family = new FamilyTree(workbench);
            root = new BorderPane(compare, palette, details, strip, family);
            Scene scene = new Scene(root, 1600, 900);
            Theme.LIGHT.apply(scene);
            stage = new Stage();
            stage.setScene(scene);
            stage.show();
        });
        FxToolkit.await("the library is read", () -> workbench.library().loadedProperty().get());
    }

    private static void close() throws Exception {
        FxToolkit.await("all is quiet", () -> tasks.runningProperty().get() == 0);
        StoreState state = FxToolkit.call(() -> workbench.stores().stateProperty().get());
        FxToolkit.run(stage::close);
        WorkbenchModel.shutDown(tasks, FxToolkit.call(() -> List.copyOf(workbench.machines().machines())), state);
    }

    @AfterAll
    static void end() throws Exception {
        close();
    }

    @AfterEach
    void endMachines() {
        removeMachines();
    }

    private static void removeMachines() {
        FxToolkit.run(() -> {
            MachinesModel machines = workbench.machines();
            List.copyOf(machines.machines()).forEach(machines::remove);
        });
        FxToolkit.await("no machine is left", () -> workbench.machines().machines().isEmpty());
    }

    private static void press(Node target, KeyCode key, boolean control) {
        FxToolkit.run(() -> KeyEvent.fireEvent(target, new KeyEvent(KeyEvent.KEY_PRESSED, "", "", key, false, control,
                false, false)));
    }

    private static <T extends Node> T find(Class<T> type, String selector) {
        return FxToolkit.call(() -> type.cast(FxToolkit.lookup(root, selector)));
    }

    private static void select(int index) {
        FxToolkit.run(() -> workbench.experiment().selection().select(workbench.experiment().checkpoints().get(
                index)));
    }

    private static CheckpointRecord checkpoint(int index) {
        return FxToolkit.call(() -> workbench.experiment().checkpoints().get(index));
    }

    /// A node of a dialog, which is in a window of its own.
    private static Optional<Node> inDialog(String selector) {
        return FxToolkit.beside(stage, selector);
    }

    private static void fireInDialog(String selector) {
        FxToolkit.await(selector + " is there", () -> inDialog(selector).isPresent());
        FxToolkit.run(() -> ((ButtonBase) inDialog(selector).orElseThrow()).fire());
    }

    private static MachineModel machine(int index) {
        FxToolkit.await("machine " + index + " is there", () -> workbench.machines().machines().size() > index
                && workbench.machines().machines().get(index).machineProperty().get() != null);
        return FxToolkit.call(() -> workbench.machines().machines().get(index));
    }

    @Test
    void enterInTheStripBringsTheCheckpointToLifeInARecordableMachine() throws Exception {
        ListView<?> list = find(ListView.class, "#film-strip");
        press(list, KeyCode.HOME, false);
        press(list, KeyCode.RIGHT, false);
        press(list, KeyCode.ENTER, false);
        MachineModel restored = machine(0);
        assertEquals(checkpoint(1).id(), restored.origin().orElseThrow().id());
        assertTrue(FxToolkit.call(restored::recordable));
        Machine qemu = FxToolkit.call(() -> restored.machineProperty().get());
        qemu.console().awaitLine(line -> line.startsWith("round "), PATIENCE);
        // the console and QEMU's events have a thread each
        Await.until("it runs", () -> qemu.state() == MachineState.RUNNING);
        String text = qemu.console().text();
        assertTrue(text.substring(0, text.lastIndexOf('\n') + 1).lines().noneMatch("round 1"::equals),
                "it goes on and has not booted");
    }

    @Test
    void theDialogRestoresSeveralPausedMachines() {
        select(2);
        SplitMenuButton restore = find(SplitMenuButton.class, "#details-restore");
        FxToolkit.run(() -> item(restore, "details-restore-options").fire());
        FxToolkit.await("the dialog is there", () -> inDialog("#restore-count").isPresent());
        FxToolkit.run(() -> {
            ((Spinner<?>) inDialog("#restore-count").orElseThrow()).getEditor().setText("0");
            assertTrue(inDialog("#restore-confirm").orElseThrow().isDisabled());
            ((Spinner<?>) inDialog("#restore-count").orElseThrow()).getEditor().setText("2");
            ((CheckBox) inDialog("#restore-paused").orElseThrow()).setSelected(true);
            assertTrue(inDialog("#restore-recordable").orElseThrow().isDisabled());
        });
        fireInDialog("#restore-confirm");
        for (int i = 0; i < 2; i++) {
            MachineModel restored = machine(i);
            FxToolkit.await("it is paused", () -> restored.stateProperty().get() == MachineState.PAUSED);
            assertFalse(FxToolkit.call(restored::recordable));
        }
    }

    private static MenuItem item(SplitMenuButton menu, String id) {
        return menu.getItems().stream().filter(each -> id.equals(each.getId())).findFirst().orElseThrow();
    }

    @Test
    void notesAndTagsTypedIntoTheDetailsSurviveReopening() throws Exception {
        select(4);
        long id = checkpoint(4).id();
        TextArea note = find(TextArea.class, "#details-note");
        FxToolkit.run(() -> {
            note.requestFocus();
            note.setText("the fifth");
        });
        press(note, KeyCode.ENTER, true);
        TextField tag = find(TextField.class, "#details-new-tag");
        FxToolkit.run(() -> {
            tag.setText("no tag");
            tag.fireEvent(new javafx.event.ActionEvent());
            assertEquals("no tag", tag.getText(), "what is refused can be mended");
            tag.setText("#fifth");
            tag.fireEvent(new javafx.event.ActionEvent());
        });
        close();
        open();
        FxToolkit.run(() -> workbench.show(workbench.library().experiments().getLast().experiment()));
        FxToolkit.await("it is read", () -> workbench.experiment().annotations().containsKey(id)
                && !workbench.experiment().loadingProperty().get());
        select(4);
        assertEquals("the fifth", FxToolkit.call(find(TextArea.class, "#details-note")::getText));
        assertEquals(Annotation.of("the fifth", List.of("fifth")), FxToolkit.call(() -> workbench.experiment()
                .annotations().get(id)));
    }

    @Test
    void aNoteThatIsBeingWrittenStaysWithItsCheckpoint() {
        select(0);
        TextArea note = find(TextArea.class, "#details-note");
        FxToolkit.run(() -> {
            note.requestFocus();
            note.setText("of the first");
        });
        select(3);
        FxToolkit.run(() -> strip.focusCheckpoints());
        FxToolkit.await("it is kept", () -> workbench.experiment().annotations().getOrDefault(workbench.experiment()
                .checkpoints().get(0).id(), Annotation.NONE).note().equals("of the first"));
        assertEquals("", FxToolkit.call(note::getText), "the field shows the selected checkpoint's note");
    }

    @Test
    void theComparisonIsThatOfTheBytes() throws Exception {
        CheckpointRecord first = checkpoint(0);
        CheckpointRecord second = checkpoint(2);
        Store store = FxToolkit.call(() -> workbench.stores().store().orElseThrow());
        new CheckpointExport(store).writeRam(first, exports.resolve("first"), false, (_, _, _) -> {});
        new CheckpointExport(store).writeRam(second, exports.resolve("second"), false, (_, _, _) -> {});
        byte[] before = Files.readAllBytes(exports.resolve("first"));
        byte[] after = Files.readAllBytes(exports.resolve("second"));
        List<Integer> differing = new ArrayList<>();
        for (int page = 0; page < before.length / GuestPage.BYTES; page++) {
            int from = page * GuestPage.BYTES;
            if (!Arrays.equals(before, from, from + GuestPage.BYTES, after, from, from + GuestPage.BYTES)) {
                differing.add(page);
            }
        }
        FxToolkit.run(() -> workbench.navigation().go(new Navigation.Place.Compare(second, Optional.of(first))));
        FxToolkit.await("it is compared",
                () -> FxToolkit.lookup(root, "#compare-table") instanceof TableView<?> table && !table
                        .getItems().isEmpty());
        TableView<?> table = find(TableView.class, "#compare-table");
        List<Integer> listed = new ArrayList<>();
        for (Object item : FxToolkit.call(() -> List.copyOf(table.getItems()))) {
            ComparisonRange range = (ComparisonRange) item;
            for (int i = 0; i < range.pages(); i++) {
                listed.add(range.firstPage() + i);
            }
        }
        assertFalse(differing.isEmpty());
        assertEquals(differing, listed.stream().sorted().toList());

        int page = differing.getFirst();
        int bytes = 0;
        for (int i = 0; i < GuestPage.BYTES; i++) {
            bytes += before[page * GuestPage.BYTES + i] == after[page * GuestPage.BYTES + i] ? 0 : 1;
        }
        FxToolkit.run(() -> table.getSelectionModel().select(0));
        String expected = dev.freezeframe.base.Units.count(bytes) + " of 4,096 bytes differ";
        FxToolkit.await("the page is shown: " + expected,
                () -> ((Label) FxToolkit.lookup(root, "#compare-hex-title")).getText()
                        .contains(expected));
    }

    @Test
    void aDeletionIsAskedForNamedAndDone() throws Exception {
        int last = FxToolkit.call(() -> workbench.experiment().checkpoints().size()) - 1;
        CheckpointRecord doomed = checkpoint(last - 1);
        select(last - 1);
        Button delete = find(Button.class, "#details-delete");
        FxToolkit.run(delete::fire);
        FxToolkit.await("it asks", () -> inDialog("#delete-dialog").isPresent());
        assertTrue(FxToolkit.call(() -> ((javafx.scene.control.DialogPane) inDialog("#delete-dialog").orElseThrow())
                .getHeaderText()).contains(doomed.name().toString()));
        fireInDialog("#delete-confirm");
        FxToolkit.await("it is gone", () -> workbench.experiment().checkpoints().stream().noneMatch(each -> each
                .id() == doomed.id()));
        Store store = FxToolkit.call(() -> workbench.stores().store().orElseThrow());
        assertTrue(store.checkpoint(doomed.id()).isEmpty());
        assertTrue(store.verify((_, _, _) -> {}).isSound());
    }

    @Test
    void theTreeHasALaneForTheExperiment() {
        FxToolkit.await("the lane is there", () -> !FxToolkit.lookupAll(root, ".family-lane").isEmpty());
        Set<Node> lanes = FxToolkit.call(() -> FxToolkit.lookupAll(family, ".family-lane"));
        assertTrue(lanes.stream().anyMatch(lane -> lane.getAccessibleText() != null && lane.getAccessibleText()
                .contains("checkpoint")));
    }
}
