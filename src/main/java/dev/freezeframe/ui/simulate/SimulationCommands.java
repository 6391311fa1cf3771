package dev.freezeframe.ui.simulate;

import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.library.LibraryFile;
import java.io.File;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.scene.Node;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;

/// What can be done with the simulation that is shown: run, cancel, compare the ends of an interval, export, delete. While the
/// page is not shown there is nothing that they act on but a simulation that runs.
public final class SimulationCommands {
    private final Node owner;
    private final WorkbenchModel workbench;
    private final SimulationModel model;
    private final Command run;
    private final Command pause;
    private final Command cancel;
    private final Command compare;
    private final Command exportCsv;
    private final Command exportJson;
    private final Command delete;

    /// @param owner what questions belong to
    public SimulationCommands(Node owner, WorkbenchModel workbench) {
        this.owner = owner;
        this.workbench = workbench;
        model = workbench.simulation();
        run = new Command("_Run", model::run).icon(Feather.PLAY).id("simulate-run").help(
                "Execute the intervals that are not kept yet");
        pause = new Command("_Pause", () -> model.hold(!model.isHeld())).icon(Feather.PAUSE).id("simulate-pause").help(
                "Begin no other interval for now; those under way go to their ends");
        cancel = new Command("_Cancel", model::cancel).icon(Feather.SQUARE).id("simulate-cancel").help(
                "End all workers; what has ended is kept, and Run goes on with the rest");
        compare = new Command("Compare the _ends of the interval", this::compareEnds).icon(Feather.COLUMNS).id(
                "simulate-compare").help("The checkpoints between which the selected interval is");
        SimulationFiles files = new SimulationFiles(workbench);
        exportCsv = new Command("Export intervals as C_SV…", () -> export(".csv", files::writeCsv))
                .icon(Feather.DOWNLOAD)
                .help("A line for each interval with all its figures");
        exportJson = new Command("Export intervals as _JSON…", () -> export(".json", files::writeJson)).icon(
                Feather.DOWNLOAD).help("The lines that freezeframe simulate --json prints");
        delete = new Command("_Delete the results…", this::askDelete).icon(Feather.TRASH_2).id("simulate-delete").help(
                "Delete what is kept of the simulation that is shown");
        model.changesProperty().addListener((_, _, _) -> refresh());
        model.stateProperty().addListener((_, _, _) -> refresh());
        model.chosenProperty().addListener((_, _, _) -> refresh());
        model.selection().intervalProperty().addListener((_, _, _) -> refresh());
        model.job().runningProperty().addListener((_, _, _) -> refresh());
        model.job().cancelledProperty().addListener((_, _, _) -> refresh());
        refresh();
    }

    private void refresh() {
        boolean running = model.job().runningProperty().get();
        boolean ready = model.isLookedAt() && model.stateProperty().get() instanceof SimulationState.Ready;
        SimulationRecord kept = model.chosenProperty().get();
        run.setDisabled(!ready || running || model.rows().isEmpty());
        run.textProperty().set(kept == null || running ? "_Run" : kept.endedAt().isPresent() ? "_Run again" : "_Go on");
        pause.setDisabled(!running || model.job().cancelledProperty().get());
        pause.textProperty().set(model.isHeld() ? "R_esume" : "_Pause");
        cancel.setDisabled(!running || model.job().cancelledProperty().get());
        compare.setDisabled(!ready || model.selection().ends().isEmpty());
        boolean nothing = !ready || model.ended().isEmpty();
        exportCsv.setDisabled(nothing);
        exportJson.setDisabled(nothing);
        delete.setDisabled(!ready || kept == null || model.isShownRunning());
    }

    Command run() {
        return run;
    }

    Command pause() {
        return pause;
    }

    Command cancel() {
        return cancel;
    }

    Command compare() {
        return compare;
    }

    Command delete() {
        return delete;
    }

    /// Writing it to files.
    List<List<Command>> exporting() {
        return List.of(List.of(exportCsv, exportJson));
    }

    /// All of them, in the order of a menu.
    public List<List<Command>> sections() {
        return List.of(List.of(run, pause, cancel), List.of(compare), List.of(exportCsv, exportJson), List.of(delete));
    }

    private void compareEnds() {
        Optional<List<CheckpointRecord>> ends = model.selection().ends();
        ends.ifPresent(each -> workbench.navigation().go(new Navigation.Place.Compare(each.getFirst(), Optional.of(each
                .getLast()))));
    }

    private void export(String ending, Consumer<File> write) {
        FileChooser chooser = new FileChooser();
        chooser.setTitle("Export the intervals");
        chooser.setInitialFileName(LibraryFile.nameFor(workbench.experiment().experimentProperty().get().name(),
                "-simulation" + ending));
        File file = chooser.showSaveDialog(owner.getScene().getWindow());
        if (file != null) {
            write.accept(file);
        }
    }

    private void askDelete() {
        DeleteSimulationDialog.ask(owner, model);
    }
}
