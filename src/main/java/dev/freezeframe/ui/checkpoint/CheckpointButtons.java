package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.bundle.CheckpointExport.DiskFormat;
import dev.freezeframe.restore.RecordedOutside;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.machine.MachinesModel;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.control.SplitMenuButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import atlantafx.base.theme.Styles;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// What can be done with the selected checkpoint: restore, compare, export, delete; and what came of it, in a line.
final class CheckpointButtons extends VBox {
    private final WorkbenchModel workbench;
    private final Node owner;
    private final CheckpointDetailsModel model;
    private final CheckpointActions actions;
    private final Label message = new Label();
    private final SplitMenuButton restore = new SplitMenuButton();

    /// @param owner what questions belong to; it is in the window also while no checkpoint is selected
    CheckpointButtons(WorkbenchModel workbench, CheckpointDetailsModel model, Node owner) {
        super(8);
        this.workbench = workbench;
        this.owner = owner;
        this.model = model;
        actions = new CheckpointActions(workbench);
        getStyleClass().add("details-buttons");
        buildMessage();
        buildRestore();
        HBox second = new HBox(8, compare(), export(), delete());
        for (Node each : second.getChildren()) {
            HBox.setHgrow(each, Priority.ALWAYS);
            ((Region) each).setMaxWidth(Double.MAX_VALUE);
        }
        getChildren().setAll(message, restore, second);
        workbench.machines().setWhenRefused(this::askAgain);
    }

    /// Says what came of an action; empty says nothing.
    void say(String line) {
        message.setText(line);
    }

    /// Puts the keyboard on the restore button.
    void focusRestore() {
        restore.requestFocus();
    }

    private Optional<CheckpointRecord> selected() {
        return Optional.ofNullable(model.checkpointProperty().get());
    }

    private void buildMessage() {
        message.setId("details-message");
        message.getStyleClass().addAll("text-small", "text-muted");
        message.setTooltip(new Tooltip());
        message.getTooltip().textProperty().bind(message.textProperty());
        message.managedProperty().bind(message.textProperty().isNotEmpty());
        message.visibleProperty().bind(message.managedProperty());
    }

    private void buildRestore() {
        restore.setId("details-restore");
        restore.setText("Restore to new machine");
        restore.setGraphic(new FontIcon(Feather.ROTATE_CCW));
        restore.getStyleClass().add(Styles.ACCENT);
        restore.setTooltip(new Tooltip("One machine, running, that can be recorded. The arrow has more."));
        restore.setOnAction(_ -> selected().ifPresent(actions::restore));
        restore.setMaxWidth(Double.MAX_VALUE);
        MenuItem paused = new MenuItem("Restore and leave paused");
        paused.setOnAction(_ -> selected().ifPresent(each -> actions.restore(each, CheckpointActions.usualRestore()
                .withLeavePaused(true))));
        MenuItem more = new MenuItem("Several machines and other options…");
        more.setId("details-restore-options");
        more.setOnAction(_ -> askRestore());
        restore.getItems().setAll(paused, more);
    }

    private MenuButton compare() {
        MenuItem previous = new MenuItem();
        previous.setOnAction(_ -> compareWith(model.previous()));
        MenuItem first = new MenuItem();
        first.setOnAction(_ -> compareWith(model.first()));
        MenuItem other = new MenuItem("Another checkpoint…");
        other.setOnAction(_ -> compareWith(Optional.empty()));
        MenuButton compare = new MenuButton("Compare with", null, previous, first, other);
        compare.setId("details-compare");
        compare.setOnShowing(_ -> {
            previous.setDisable(model.previous().isEmpty());
            previous.setText(model.previous().map(each -> "The previous checkpoint, " + each.number()).orElse(
                    "The previous checkpoint"));
            first.setDisable(model.first().isEmpty());
            first.setText(model.first().map(each -> "The first checkpoint, " + each.number()).orElse(
                    "The first checkpoint"));
        });
        return compare;
    }

    private MenuButton export() {
        MenuItem ram = new MenuItem("RAM image…");
        ram.setOnAction(_ -> exportRam());
        MenuItem devices = new MenuItem("Device state…");
        devices.setOnAction(_ -> exportDevices());
        MenuButton export = new MenuButton("Export", null, ram, devices);
        export.setId("details-export");
        export.setOnShowing(_ -> {
            List<MenuItem> items = new ArrayList<>(List.of(ram, devices));
            selected().ifPresent(each -> items.addAll(diskExports(each)));
            export.getItems().setAll(items);
        });
        return export;
    }

    private Button delete() {
        Button delete = new Button("Delete…");
        delete.setId("details-delete");
        delete.setOnAction(_ -> selected().ifPresent(each -> DeleteDialog.ask(owner, actions.deletionOf(List.of(each)),
                actions::delete)));
        return delete;
    }

    private void compareWith(Optional<CheckpointRecord> other) {
        selected().ifPresent(each -> workbench.navigation().go(new Navigation.Place.Compare(each, other)));
    }

    private void askRestore() {
        selected().ifPresent(each -> RestoreDialog.ask(owner, new CheckpointRestoreModel(workbench.tasks(), each,
                outsideOf(each)), options -> actions.restore(each, options)));
    }

    private void askAgain(MachinesModel.Refused refused) {
        RestoreDialog.ask(owner, CheckpointRestoreModel.again(workbench.tasks(), refused, outsideOf(refused
                .checkpoint())), options -> {
                    refused.failed().forEach(workbench.machines()::remove);
                    actions.restore(refused.checkpoint(), options);
                });
    }

    private RecordedOutside outsideOf(CheckpointRecord checkpoint) {
        return workbench.library().find(checkpoint.experimentId()).map(RecordedOutside::of).orElse(
                RecordedOutside.NOTHING);
    }

    private void exportRam() {
        selected().ifPresent(each -> chooseFile("Export the RAM of " + each.name(), each, ".ram").ifPresent(
                file -> actions.exportRam(each, file.toPath(), this::say)));
    }

    private void exportDevices() {
        selected().ifPresent(each -> chooseFile("Export the device state of " + each.name(), each, ".devices")
                .ifPresent(file -> actions.exportDeviceState(each, file.toPath(), this::say)));
    }

    /// Two entries for each disk of a checkpoint.
    private List<MenuItem> diskExports(CheckpointRecord checkpoint) {
        List<MenuItem> items = new ArrayList<>();
        for (DiskMetrics disk : checkpoint.metrics().disks()) {
            items.add(new SeparatorMenuItem());
            for (DiskFormat format : DiskFormat.values()) {
                String word = format.name().toLowerCase(Locale.ROOT);
                MenuItem item = new MenuItem(disk.disk() + " as " + word + " image…");
                item.setId("details-export-" + disk.disk() + "-" + word);
                item.setOnAction(_ -> exportDisk(checkpoint, disk.disk(), format, word));
                items.add(item);
            }
        }
        return items;
    }

    private void exportDisk(CheckpointRecord checkpoint, String disk, DiskFormat format, String word) {
        chooseFile("Export " + disk + " of " + checkpoint.name(), checkpoint,
                "-" + disk + "." + (format == DiskFormat.RAW ? "img" : word))
                .ifPresent(file -> actions.exportDisk(checkpoint, disk, format, file.toPath(), this::say));
    }

    private Optional<File> chooseFile(String what, CheckpointRecord checkpoint, String ending) {
        FileChooser chooser = new FileChooser();
        chooser.setTitle(what);
        chooser.setInitialFileName(checkpoint.experimentName().replaceAll("[^A-Za-z0-9._-]", "_") + "-" + checkpoint
                .number() + ending);
        return Optional.ofNullable(chooser.showSaveDialog(getScene().getWindow()));
    }
}
