package dev.freezeframe.ui.library;

import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javafx.beans.InvalidationListener;
import javafx.scene.Node;
import org.kordamp.ikonli.feather.Feather;

/// What can be done with experiments of the library: show, overlay, export, delete.
public final class ExperimentCommands {
    private final WorkbenchModel workbench;
    private final LibraryWork work;
    private final Supplier<List<LibraryEntry>> experiments;
    private final Command show;
    private final Command overlay;
    private final Command overlayWithShown;
    private final Command exportBundle;
    private final Command exportCheckpoints;
    private final Command exportTable;
    private final Command delete;

    /// @param owner       what questions belong to
    /// @param experiments tells which they are about; call [#refresh] when it tells others
    ExperimentCommands(Node owner, WorkbenchModel workbench, Supplier<List<LibraryEntry>> experiments) {
        this.workbench = workbench;
        this.experiments = experiments;
        work = workbench.libraryWork();
        LibraryDialogs dialogs = new LibraryDialogs(owner, work);
        BundleDialogs bundles = new BundleDialogs(owner, work);
        show = one("_Show", work::show).icon(Feather.ACTIVITY).help("Show the selected experiment (Enter)");
        overlay = all("_Overlay", work::overlay).icon(Feather.LAYERS).help(
                "Lay two or more selected experiments over each other");
        overlayWithShown = one("Compare _with the shown one", work::compareWithShown).icon(Feather.LAYERS);
        exportBundle = one("Export _bundle…", bundles::chooseAndExport).icon(Feather.UPLOAD).help(
                "All of it in a file, for another Freezeframe");
        exportCheckpoints = all("Export _checkpoints as CSV…", entries -> exportCheckpoints(dialogs, entries))
                .icon(Feather.DOWNLOAD).help(
                        "A line for each checkpoint with all its figures, a file for each experiment");
        exportTable = all("Export _table as CSV…", dialogs::exportTable).icon(Feather.DOWNLOAD).help(
                "A line for each experiment, as in the library");
        delete = all("_Delete…", dialogs::delete).icon(Feather.TRASH_2)
                .help("Delete the selected experiments (Delete)");
        workbench.experiment().experimentProperty().addListener((_, _, _) -> refresh());
        work.bundling().runningProperty().addListener((_, _, _) -> refresh());
        refresh();
    }

    /// For the shown experiment.
    ///
    /// @param owner what questions belong to
    public static ExperimentCommands ofShown(Node owner, WorkbenchModel workbench) {
        ExperimentCommands commands = new ExperimentCommands(owner, workbench, () -> Optional.ofNullable(workbench
                .experiment().experimentProperty().get()).flatMap(shown -> workbench.library().row(shown.id())).map(
                        LibraryRow::entry)
                .stream().toList());
        workbench.library().rows().addListener((InvalidationListener) _ -> commands.refresh());
        return commands;
    }

    /// One that is about a single experiment.
    private Command one(String text, Consumer<LibraryEntry> deed) {
        return new Command(text, () -> deed.accept(experiments.get().getFirst()));
    }

    /// One that is about one experiment or several.
    private Command all(String text, Consumer<List<LibraryEntry>> deed) {
        return new Command(text, () -> deed.accept(experiments.get()));
    }

    /// Looks anew at what can be done.
    void refresh() {
        int count = experiments.get().size();
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        show.setDisabled(count != 1);
        overlay.setDisabled(count < 2);
        overlayWithShown.setDisabled(count != 1 || shown == null || shown.id() == experiments.get().getFirst().id());
        exportBundle.setDisabled(count != 1 || work.bundling().runningProperty().get());
        exportCheckpoints.setDisabled(count == 0);
        exportTable.setDisabled(count == 0);
        delete.setDisabled(count == 0);
    }

    private static void exportCheckpoints(LibraryDialogs dialogs, List<LibraryEntry> entries) {
        if (entries.size() == 1) {
            dialogs.exportCheckpoints(entries.getFirst());
        } else {
            dialogs.exportCheckpoints(entries);
        }
    }

    /// Shows it in the middle of the window.
    Command show() {
        return show;
    }

    /// Lays them over each other.
    Command overlay() {
        return overlay;
    }

    /// Deletes them, after asking.
    Command delete() {
        return delete;
    }

    /// Writing their checkpoints into a file for each.
    Command exportCheckpoints() {
        return exportCheckpoints;
    }

    /// Writing them to files.
    List<List<Command>> exporting() {
        return List.of(List.of(exportBundle), List.of(exportCheckpoints, exportTable));
    }

    /// For one experiment, in the order of a context menu.
    List<List<Command>> sectionsForOne() {
        return List.of(List.of(show, overlayWithShown, exportBundle, exportCheckpoints), List.of(delete));
    }

    /// For the shown experiment, in the order of a menu.
    public List<List<Command>> sectionsForShown() {
        return List.of(List.of(exportBundle, exportCheckpoints), List.of(delete));
    }
}
