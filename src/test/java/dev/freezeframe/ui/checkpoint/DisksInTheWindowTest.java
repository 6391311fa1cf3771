package dev.freezeframe.ui.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.bundle.CheckpointExport;
import dev.freezeframe.bundle.CheckpointExport.DiskFormat;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.pack.ImageReader;
import dev.freezeframe.suite.TestOutput;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.StoreState;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.compare.ComparePage;
import dev.freezeframe.ui.compare.ComparisonRange;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.machine.MachineToolbar;
import dev.freezeframe.ui.theme.Palette;
import dev.freezeframe.ui.theme.Theme;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.control.MenuButton;
import javafx.scene.control.TableView;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.BorderPane;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// A real machine with two disks, recorded once: the window tells of its disks what the store has of them, brings them back,
/// and lets no guest run on whose disks went with the store.
@TestMethodOrder(MethodOrderer.MethodName.class)
@Tag("qemu")
class DisksInTheWindowTest {
    private static final int CHECKPOINTS = 3;
    private static final int DISK_BYTES = 4 << 20;

    @TempDir
    static Path folder;

    private static OpenWorkbench opened;
    private static WorkbenchModel workbench;
    private static BorderPane root;
    private static Stage stage;

    @BeforeAll
    static void recordAMachineWithDisks() throws Exception {
        StringBuilder disks = new StringBuilder();
        for (String name : List.of("first.img", "second.img")) {
            try (RandomAccessFile image = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
                image.setLength(DISK_BYTES);
            }
            disks.append(disks.isEmpty() ? "" : ",").append("{\"file\": \"").append(folder.resolve(name)).append(
                    "\", \"interface\": \"virtio\"}");
        }
        Path profile = Files.writeString(folder.resolve("disks.json"),
                "{\"memory\": \"16 MiB\", \"bootSector\": \"disk-writes\", \"disks\": [" + disks + "]}");
        opened = new OpenWorkbench(folder.resolve("store"));
        workbench = opened.model();
        root = FxToolkit.call(() -> {
            Palette palette = new Palette();
            BorderPane made = new BorderPane(new ComparePage(workbench, palette), palette, new CheckpointDetails(
                    workbench), new MachineToolbar(workbench), null);
            stage = new Stage();
            stage.setScene(new Scene(made, 1400, 900));
            Theme.LIGHT.apply(stage.getScene());
            stage.show();
            return made;
        });
        MachineModel machine = opened.start(profile.toString());
        // its firmware writes to no disk
        OpenWorkbench.awaitRound(machine, 1);
        RecordingOptions options = RecordingOptions.DEFAULT.with(RecordingOptions.DEFAULT.capture().withInterval(
                Duration.ofMillis(300))).stoppingAfter(CHECKPOINTS);
        FxToolkit.run(() -> workbench.machines().record(machine, options, Optional.empty()));
        FxToolkit.await("all checkpoints are there and the recording has ended", () -> workbench.experiment()
                .checkpoints().size() == CHECKPOINTS && !workbench.machines().anyRecording());
        FxToolkit.run(() -> workbench.machines().remove(machine));
        FxToolkit.await("no machine is left", () -> workbench.machines().machines().isEmpty());
        assertEquals(List.of(), opened.problems());
    }

    @AfterAll
    static void end() {
        FxToolkit.run(stage::close);
        opened.close();
    }

    private static CheckpointRecord checkpoint(int index) {
        return FxToolkit.call(() -> workbench.experiment().checkpoints().get(index));
    }

    private static Store store() {
        return FxToolkit.call(() -> workbench.stores().store().orElseThrow());
    }

    private static byte[] contents(CheckpointRecord checkpoint, String disk) throws Exception {
        try (ImageReader image = store().openImage(checkpoint, NewCheckpoint.disk(disk))) {
            ByteBuffer bytes = ByteBuffer.allocate((int) image.sizeBytes());
            image.read(0, bytes);
            return bytes.array();
        }
    }

    private static List<String> texts(Node node) {
        return FxToolkit
                .call(() -> FxToolkit.lookupAll(node, ".label").stream().map(label -> ((Labeled) label).getText())
                        .toList());
    }

    @Test
    void detailsHaveTheFiguresOfEachDisk() {
        CheckpointRecord shown = checkpoint(1);
        FxToolkit.run(() -> workbench.experiment().selection().select(shown));
        FxToolkit.await("it is shown", () -> FxToolkit.lookup(root, "#details-disk0") != null);
        assertEquals(2, shown.metrics().disks().size());
        for (DiskMetrics disk : shown.metrics().disks()) {
            List<String> texts = texts(FxToolkit.call(() -> FxToolkit.lookup(root, "#details-" + disk.disk())));
            assertTrue(texts.contains(Units.count(disk.dirtyBlocks(), "dirty block") + ", " + Units.bytes(disk
                    .dirtyBlocks() * GuestPage.BYTES) + " of 4.00 MiB"), texts.toString());
            assertTrue(texts.contains(Units.count(disk.duplicateRamBlocks())), texts.toString());
            assertTrue(texts.stream().anyMatch(text -> text.contains("in " + Units.millis(disk.readMicros()))), texts
                    .toString());
        }
        MenuButton export = FxToolkit.call(() -> (MenuButton) FxToolkit.lookup(root, "#details-export"));
        FxToolkit.run(() -> export.getOnShowing().handle(null));
        List<String> entries = FxToolkit.call(() -> export.getItems().stream().map(item -> item.getId()).filter(
                id -> id != null).toList());
        assertEquals(List.of("details-export-disk0-raw", "details-export-disk0-qcow2", "details-export-disk1-raw",
                "details-export-disk1-qcow2"), entries);
    }

    @Test
    void aDiskIsExportedAsTheStoreHasIt() throws Exception {
        CheckpointRecord checkpoint = checkpoint(2);
        byte[] expected = contents(checkpoint, "disk1");
        for (DiskFormat format : DiskFormat.values()) {
            Path file = folder.resolve("exported." + format);
            AtomicReference<String> said = new AtomicReference<>("");
            FxToolkit.run(() -> new CheckpointActions(workbench).exportDisk(checkpoint, "disk1", format, file,
                    said::set));
            FxToolkit.await("it is said", () -> said.get().contains(file.toString()));
            Path raw = folder.resolve("plain." + format);
            assertEquals(0, new ProcessBuilder("qemu-img", "convert", "-f", format == DiskFormat.RAW ? "raw" : "qcow2",
                    "-O", "raw", file.toString(), raw.toString()).redirectErrorStream(true)
                    .redirectOutput(TestOutput.ofChildren()).start().waitFor());
            assertTrue(Arrays.equals(expected, Files.readAllBytes(raw)), format.toString());
        }
        assertEquals(List.of(), opened.problems());
    }

    @Test
    void theComparisonNamesTheBlocksThatDiffer() throws Exception {
        CheckpointRecord first = checkpoint(0);
        CheckpointRecord second = checkpoint(2);
        byte[] before = contents(first, "disk0");
        byte[] after = contents(second, "disk0");
        List<Integer> differing = new ArrayList<>();
        for (int block = 0; block < DISK_BYTES / GuestPage.BYTES; block++) {
            int from = block * GuestPage.BYTES;
            if (!Arrays.equals(before, from, from + GuestPage.BYTES, after, from, from + GuestPage.BYTES)) {
                differing.add(block);
            }
        }
        assertFalse(differing.isEmpty());
        FxToolkit.run(() -> workbench.navigation().go(new Navigation.Place.Compare(first, Optional.of(second))));
        FxToolkit.await("it is compared", () -> FxToolkit.lookup(root, "#compare-disk0") != null
                && FxToolkit.lookup(root, "#compare-disk1") != null);
        FxToolkit.run(() -> ((ToggleButton) FxToolkit.lookup(root, "#compare-disk0")).fire());
        FxToolkit.await("its blocks are listed", () -> FxToolkit.lookup(root, "#compare-table") != null);
        TableView<?> table = FxToolkit.call(() -> (TableView<?>) FxToolkit.lookup(root, "#compare-table"));
        List<Integer> listed = new ArrayList<>();
        for (Object item : FxToolkit.call(() -> List.copyOf(table.getItems()))) {
            ComparisonRange range = (ComparisonRange) item;
            for (int i = 0; i < range.pages(); i++) {
                listed.add(range.firstPage() + i);
            }
        }
        assertEquals(differing, listed.stream().sorted().toList());
        FxToolkit.run(() -> table.getSelectionModel().select(0));
        FxToolkit.await("the bytes of the block are shown",
                () -> ((Label) FxToolkit.lookup(root, "#compare-hex-title")).getText()
                        .startsWith("Block "));
    }

    @Test
    void theRestoreDialogNamesTheDisksAndWhatBecomesOfWrites() throws Exception {
        CheckpointRecord checkpoint = checkpoint(1);
        FxToolkit
                .run(() -> RestoreDialog.ask(root, new CheckpointRestoreModel(workbench.tasks(), checkpoint), _ -> {}));
        FxToolkit.await("the dialog is there", () -> dialogNode("#restore-disks").isPresent());
        Label about = (Label) FxToolkit.call(() -> dialogNode("#restore-disks")).orElseThrow();
        String text = FxToolkit.call(about::getText);
        assertTrue(text.contains("disk0 (4.00 MiB) and disk1 (4.00 MiB)") && text.contains("thrown away"), text);
        assertTrue(FxToolkit.call(about::isVisible));

        FxToolkit.run(() -> dialogNode("#restore-disks").orElseThrow().getScene().getWindow().hide());
    }

    private static Optional<Node> dialogNode(String selector) {
        return FxToolkit.beside(stage, selector);
    }

    /// The last one: it leaves the store.
    @Test
    void zNoGuestRunsOnWhoseDisksWentWithTheStore() throws Exception {
        CheckpointRecord checkpoint = checkpoint(1);
        MachineModel other = opened.start("boot-sector");
        assertEquals("", FxToolkit.call(workbench.machines()::endedByLeavingStore), "it needs no store");
        FxToolkit.run(() -> workbench.machines().restore(checkpoint, CheckpointActions.usualRestore()));
        FxToolkit.await("it is restored", () -> workbench.machines().machines().size() == 2 && workbench.machines()
                .machines().getLast().stateProperty().get() == MachineState.RUNNING);
        MachineModel restored = FxToolkit.call(() -> workbench.machines().machines().getLast());
        Machine qemu = FxToolkit.call(() -> restored.machineProperty().get());
        assertEquals(List.of(restored), FxToolkit.call(workbench.machines()::needingStore));
        Label details = FxToolkit
                .call(() -> FxToolkit.lookupAll(root, ".machine-toolbar .label").stream().map(Label.class::cast)
                        .filter(label -> label.getText().contains("QEMU")).findFirst().orElseThrow());
        assertTrue(FxToolkit.call(details::getText).contains("2 disks 8.00 MiB"), FxToolkit.call(details::getText));
        String lines = FxToolkit.call(() -> details.getTooltip().getText());
        assertTrue(lines.startsWith("disk0 · 4.00 MiB · virtio · from " + checkpoint.name() + " · writes go with the"
                + " machine\ndisk1 · "), lines);
        String asked = FxToolkit.call(workbench.machines()::endedByLeavingStore);
        assertTrue(asked.contains(restored.name()) && asked.contains("Other machines run on"), asked);
        FxToolkit.run(() -> new CheckpointActions(workbench).delete(new CheckpointActions(workbench).deletionOf(List.of(
                checkpoint))));
        FxToolkit.await("it is refused", () -> !opened.problems().isEmpty());
        assertTrue(opened.problems().getFirst().message().contains("machine"), opened.problems().toString());

        Path second = folder.resolve("second-store");
        FxToolkit.run(() -> workbench.machines().leaveStore(() -> {
            // what is told of it comes a moment later
            assertFalse(ProcessHandle.of(qemu.pid()).map(ProcessHandle::isAlive).orElse(false));
            workbench.stores().open(second);
        }));
        FxToolkit.await("the other store is open", () -> workbench.stores().stateProperty()
                .get() instanceof StoreState.Open(Path directory, Store _) && directory.equals(second));
        assertEquals(List.of(other), FxToolkit.call(() -> List.copyOf(workbench.machines().machines())));
        assertTrue(FxToolkit.call(other::alive));
        try (Store left = Store.open(folder.resolve("store"))) {
            assertTrue(left.verify((_, _, _) -> {}).isSound());
            new CheckpointExport(left).writeDisk(left.checkpoint(checkpoint.id()).orElseThrow(), "disk0",
                    folder.resolve(
                            "again.img"),
                    DiskFormat.RAW, false, (_, _, _) -> {});
        }
    }
}
