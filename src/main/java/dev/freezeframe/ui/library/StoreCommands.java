package dev.freezeframe.ui.library;

import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.task.SingleJob;
import java.util.List;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ObservableBooleanValue;
import javafx.scene.Node;
import org.kordamp.ikonli.feather.Feather;

/// What can be done with the store as a whole: import into it, give its free space back, verify it.
public final class StoreCommands {
    private final WorkbenchModel workbench;
    private final Command importBundle;
    private final Command reclaim;
    private final Command verify;

    /// @param owner what questions belong to
    public StoreCommands(Node owner, WorkbenchModel workbench) {
        this.workbench = workbench;
        LibraryWork work = workbench.libraryWork();
        VerificationModel verification = workbench.verification();
        importBundle = new Command("_Import…", () -> new BundleDialogs(owner, work).chooseAndImport()).icon(
                Feather.DOWNLOAD).help("Take an experiment from a bundle into this store").key("Shortcut+I").when(
                        openAndNot(work.bundling()));
        reclaim = new Command("Reclaim _space", work::reclaim).icon(Feather.MINIMIZE_2).help(
                "Give the disk back what no checkpoint uses any more; holds recordings up for a moment")
                .when(openAndNot(
                        work.reclaiming()));
        verify = new Command("_Verify store", () -> {
            workbench.navigation().go(new Navigation.Place.Library());
            verification.verify();
        }).icon(Feather.SHIELD).help("Read every page of every checkpoint back and compare it with its hash").when(
                openAndNot(verification.job()));
    }

    private ObservableBooleanValue openAndNot(SingleJob job) {
        return Bindings.createBooleanBinding(
                () -> workbench.stores().store().isPresent() && !job.runningProperty().get(),
                workbench.stores().stateProperty(), job.runningProperty());
    }

    /// Imports an experiment from a bundle, after asking.
    public Command importBundle() {
        return importBundle;
    }

    /// Gives the disk back what no checkpoint uses.
    Command reclaim() {
        return reclaim;
    }

    /// Reads all of it back.
    Command verify() {
        return verify;
    }

    /// What it takes to keep a store, in the order of a menu.
    public List<Command> upkeep() {
        return List.of(reclaim, verify);
    }
}
