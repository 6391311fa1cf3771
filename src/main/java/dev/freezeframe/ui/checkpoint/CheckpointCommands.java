package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.bundle.CheckpointExport.DiskFormat;
import dev.freezeframe.restore.RecordedOutside;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.Selection;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.machine.MachinesModel;
import java.io.File;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javafx.beans.InvalidationListener;
import javafx.scene.Node;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;

/// What can be done with the selected checkpoint: restore, compare, export, delete; and selecting another. What came of an
/// export is told by [ExperimentModel#noticeProperty].
public final class CheckpointCommands {
    private final Node owner;
    private final WorkbenchModel workbench;
    private final CheckpointActions actions;
    private final ExperimentModel experiment;
    private final Selection selection;
    private final Command previous = new Command("_Previous", () -> move(-1)).icon(Feather.CHEVRON_LEFT).key(
            "Shortcut+Left");
    private final Command next = new Command("_Next", () -> move(1)).icon(Feather.CHEVRON_RIGHT).key("Shortcut+Right");
    private final Command follow = new Command("_Follow the newest", this::followNewest).icon(Feather.CHEVRONS_RIGHT)
            .help("Select each new checkpoint as it comes").key("Shortcut+End");
    private final Command restore = of("_Restore to new machine", this::restoreUsually).icon(Feather.ROTATE_CCW).help(
            "One machine, running, that can be recorded").key("Shortcut+Enter");
    private final Command restorePaused = of("Restore and _leave paused", this::restorePaused).icon(
            Feather.ROTATE_CCW);
    private final Command restoreOtherwise = of("Restore _with options…", this::askRestore).icon(Feather.ROTATE_CCW)
            .help("Several machines, other files than the recorded ones, another accelerator");
    private final Command comparePrevious = of("", _ -> compare(before())).icon(Feather.COLUMNS);
    private final Command compareFirst = of("", _ -> compare(first())).icon(Feather.COLUMNS);
    private final Command compare = of("_Compare with another…", _ -> compare(Optional.empty())).icon(Feather.COLUMNS)
            .help("Which pages and blocks differ").key("Shortcut+D");
    private final Command exportRam = of("Export the RA_M image…", this::exportRam).icon(Feather.UPLOAD);
    private final Command exportDevices = of("Export the device _state…", this::exportDevices).icon(Feather.UPLOAD);
    private final Command delete = of("_Delete…", this::askDelete).icon(Feather.TRASH_2);

    /// @param owner     what questions belong to
    /// @param workbench whose selected checkpoint it is about
    public CheckpointCommands(Node owner, WorkbenchModel workbench) {
        this.owner = owner;
        this.workbench = workbench;
        actions = new CheckpointActions(workbench);
        experiment = workbench.experiment();
        selection = experiment.selection();
        selection.checkpointProperty().addListener((_, _, _) -> refresh());
        experiment.checkpoints().addListener((InvalidationListener) _ -> refresh());
        refresh();
    }

    private Command of(String text, Consumer<CheckpointRecord> deed) {
        return new Command(text, () -> selected().ifPresent(deed));
    }

    private Optional<CheckpointRecord> selected() {
        return Optional.ofNullable(selection.checkpoint());
    }

    private void refresh() {
        boolean none = selected().isEmpty();
        for (Command each : List.of(restore, restorePaused, restoreOtherwise, compare, exportRam, exportDevices,
                delete)) {
            each.setDisabled(none);
        }
        previous.setDisabled(before().isEmpty());
        next.setDisabled(none || selection.indexOf(selection.checkpoint().number()) >= experiment.checkpoints().size()
                - 1);
        name(comparePrevious, "Compare with the previous", before());
        name(compareFirst, "Compare with the first", first());
    }

    private static void name(Command command, String words, Optional<CheckpointRecord> other) {
        command.textProperty().set(words + other.map(each -> ", " + each.number()).orElse(""));
        command.setDisabled(other.isEmpty());
    }

    /// The one before the selected one.
    private Optional<CheckpointRecord> before() {
        int index = selected().map(each -> selection.indexOf(each.number())).orElse(0);
        return index > 0 ? Optional.of(experiment.checkpoints().get(index - 1)) : Optional.empty();
    }

    /// The first of the experiment, where that is not the selected one.
    private Optional<CheckpointRecord> first() {
        return experiment.checkpoints().stream().findFirst()
                .filter(first -> selected().filter(each -> each.id() != first
                        .id()).isPresent());
    }

    /// Selecting another checkpoint, in the order of a menu.
    public List<Command> selecting() {
        return List.of(previous, next, follow);
    }

    /// Follows the newest.
    Command follow() {
        return follow;
    }

    /// Restores it in the usual way.
    public Command restore() {
        return restore;
    }

    /// Other ways to restore it.
    List<Command> otherRestores() {
        return List.of(restorePaused, restoreOtherwise);
    }

    /// Comparing it with another.
    List<Command> comparing() {
        return List.of(comparePrevious, compareFirst, compare);
    }

    /// Writing it to files, but for its disks: those differ from checkpoint to checkpoint.
    List<Command> exporting() {
        return List.of(exportRam, exportDevices);
    }

    /// Deletes it, after asking.
    Command delete() {
        return delete;
    }

    /// All of them, in the order of a menu.
    public List<List<Command>> sections() {
        return List.of(selecting(), List.of(restore, restorePaused, restoreOtherwise), comparing(), exporting(), List
                .of(delete));
    }

    private void move(int places) {
        selection.move(places);
    }

    private void followNewest() {
        selection.followNewestProperty().set(true);
    }

    private void restore(CheckpointRecord chosen, RestoreOptions options) {
        workbench.machines().restore(chosen, options);
    }

    private void restoreUsually(CheckpointRecord chosen) {
        restore(chosen, CheckpointActions.usualRestore());
    }

    private void restorePaused(CheckpointRecord chosen) {
        restore(chosen, CheckpointActions.usualRestore().withLeavePaused(true));
    }

    private void askRestore(CheckpointRecord chosen) {
        RestoreDialog.ask(owner, new CheckpointRestoreModel(workbench.tasks(), chosen, outsideOf(chosen)),
                options -> restore(chosen, options));
    }

    /// Asks anew how to restore a checkpoint whose restore was refused, and says why.
    void askAgain(MachinesModel.Refused refused) {
        RestoreDialog.ask(owner, CheckpointRestoreModel.again(workbench.tasks(), refused, outsideOf(refused
                .checkpoint())), options -> {
                    refused.failed().forEach(workbench.machines()::remove);
                    restore(refused.checkpoint(), options);
                });
    }

    private RecordedOutside outsideOf(CheckpointRecord checkpoint) {
        return workbench.library().find(checkpoint.experimentId()).map(RecordedOutside::of).orElse(
                RecordedOutside.NOTHING);
    }

    private void compare(Optional<CheckpointRecord> other) {
        workbench.navigation().go(new Navigation.Place.Compare(selection.checkpoint(), other));
    }

    private void askDelete(CheckpointRecord chosen) {
        DeleteDialog.ask(owner, actions.deletionOf(List.of(chosen)), actions::delete);
    }

    private void exportRam(CheckpointRecord chosen) {
        chooseFile("Export the RAM of " + chosen.name(), chosen, ".ram")
                .ifPresent(file -> actions.exportRam(chosen, file
                        .toPath(), experiment::notice));
    }

    private void exportDevices(CheckpointRecord chosen) {
        chooseFile("Export the device state of " + chosen.name(), chosen, ".devices").ifPresent(file -> actions
                .exportDeviceState(chosen, file.toPath(), experiment::notice));
    }

    /// Two for each disk of the selected checkpoint: as it is, and as qcow2.
    List<List<Command>> diskExports() {
        return selected()
                .map(chosen -> chosen.metrics().disks().stream().map(disk -> Stream.of(DiskFormat.values()).map(
                        format -> diskExport(chosen, disk.disk(), format)).toList()).toList())
                .orElse(List.of());
    }

    private Command diskExport(CheckpointRecord chosen, String disk, DiskFormat format) {
        String word = format.name().toLowerCase(Locale.ROOT);
        String ending = "-" + disk + "." + (format == DiskFormat.RAW ? "img" : word);
        return new Command("Export " + disk + " as " + word + " image…", () -> chooseFile("Export " + disk + " of "
                + chosen.name(), chosen, ending).ifPresent(
                        file -> actions.exportDisk(chosen, disk, format, file
                                .toPath(), experiment::notice)))
                .icon(Feather.UPLOAD).id("details-export-" + disk + "-" + word);
    }

    /// Where what came of it will be told.
    private Optional<File> chooseFile(String what, CheckpointRecord checkpoint, String ending) {
        workbench.navigation().go(new Navigation.Place.Experiment());
        FileChooser chooser = new FileChooser();
        chooser.setTitle(what);
        chooser.setInitialFileName(checkpoint.experimentName().replaceAll("[^A-Za-z0-9._-]", "_") + "-" + checkpoint
                .number() + ending);
        return Optional.ofNullable(chooser.showSaveDialog(owner.getScene().getWindow()));
    }
}
