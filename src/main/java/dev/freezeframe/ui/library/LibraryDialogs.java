package dev.freezeframe.ui.library;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import java.io.File;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import javafx.scene.Node;
import javafx.scene.control.Alert;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonType;
import javafx.scene.control.Label;
import javafx.scene.layout.VBox;
import javafx.stage.DirectoryChooser;
import javafx.stage.FileChooser;

/// What the library asks before it does something: what goes and how much, and where files are to be written. No dialog
/// holds the program up while it is open.
final class LibraryDialogs {
    private static final int MOST_NAMES = 8;
    private static final double WIDTH = 560;

    private final Node owner;
    private final LibraryWork work;

    /// @param owner a node of the window that the dialogs belong to
    LibraryDialogs(Node owner, LibraryWork work) {
        this.owner = owner;
        this.work = work;
    }

    /// Asks whether these may be deleted, or says why they cannot be.
    void delete(Collection<LibraryEntry> entries) {
        if (entries.isEmpty()) {
            return;
        }
        LibraryDeletion deletion = work.deletion(entries);
        if (!deletion.possible()) {
            open("Not deleted", deletion.subject() + " cannot be deleted now", deletion.refusals(), List.of(
                    ButtonType.CLOSE), () -> {});
            return;
        }
        ButtonType delete = new ButtonType("Delete", ButtonBar.ButtonData.OK_DONE);
        open("Delete " + deletion.subject(), "Delete " + deletion.subject() + " with " + Units.count(deletion
                .checkpoints(), "checkpoint") + "?", explanation(deletion), List.of(delete, ButtonType.CANCEL),
                () -> work
                        .delete(deletion));
    }

    /// What the dialog says about a deletion, a paragraph each.
    static List<String> explanation(LibraryDeletion deletion) {
        String goes = deletion.entries().size() == 1
                ? "It"
                : names(deletion.entries()) + ".\nTogether they";
        String space = goes + " added " + Units.bytes(deletion.storedBytes())
                + " to the store. What other checkpoints use of that stays; Reclaim space gives the rest back to the disk.";
        String builds = deletion.dependents().isEmpty()
                ? "No other experiment was restored from " + (deletion.entries().size() == 1 ? "it." : "them.")
                : Units.count(deletion.dependents().size(), "experiment") + (deletion.dependents().size() == 1
                        ? " was"
                        : " were")
                        + " restored from its checkpoints and stay whole; only the link to where they came from goes: "
                        + names(deletion.dependents()) + ".";
        return List.of(space, builds, "Notes, tags and pictures go too. This cannot be undone.");
    }

    private static String names(List<LibraryEntry> entries) {
        String names = entries.stream().limit(MOST_NAMES).map(entry -> ShownText.oneLine(entry.name()))
                .collect(Collectors
                        .joining(", "));
        int more = entries.size() - MOST_NAMES;
        return more > 0 ? names + " and " + Units.count(more) + " more" : names;
    }

    /// Asks whether damaged checkpoints may be deleted.
    void deleteDamaged(VerificationModel verification) {
        VerificationModel.Result result = verification.resultProperty().get();
        if (result == null || result.report().damages().isEmpty()) {
            return;
        }
        List<String> names = result.damagedCheckpoints();
        ButtonType delete = new ButtonType("Delete", ButtonBar.ButtonData.OK_DONE);
        String shown = names.stream().limit(MOST_NAMES).collect(Collectors.joining(", ")) + (names.size() > MOST_NAMES
                ? " and " + Units.count((long) names.size() - MOST_NAMES) + " more"
                : "");
        open("Delete damaged checkpoints", "Delete " + Units.count(names.size(), "damaged checkpoint") + "?", List.of(
                shown + ".",
                "All other checkpoints stay whole. What is still readable in these goes too. This cannot be undone."),
                List.of(delete, ButtonType.CANCEL), () -> verification.deleteDamaged(work));
    }

    private void open(String title, String heading, List<String> paragraphs, List<ButtonType> buttons, Runnable onOk) {
        Alert alert = new Alert(Alert.AlertType.NONE, "", buttons.toArray(ButtonType[]::new));
        alert.initOwner(owner.getScene().getWindow());
        alert.setTitle(title);
        alert.setHeaderText(heading);
        VBox text = new VBox(8);
        for (String paragraph : paragraphs) {
            Label label = new Label(paragraph);
            label.setWrapText(true);
            label.setMaxWidth(WIDTH);
            label.setMinHeight(Label.USE_PREF_SIZE);
            text.getChildren().add(label);
        }
        text.setPrefWidth(WIDTH);
        alert.getDialogPane().setContent(text);
        alert.getDialogPane().getStylesheets().setAll(owner.getScene().getStylesheets());
        alert.getDialogPane().setId("library-dialog");
        for (ButtonType type : buttons) {
            Button button = (Button) alert.getDialogPane().lookupButton(type);
            boolean goesOn = type.getButtonData() == ButtonBar.ButtonData.OK_DONE;
            if (goesOn) {
                button.setId("library-dialog-ok");
                button.getStyleClass().add("danger");
            }
            // Enter must not destroy anything by habit
            button.setDefaultButton(!goesOn);
        }
        alert.setOnHidden(_ -> {
            if (alert.getResult() != null && alert.getResult().getButtonData() == ButtonBar.ButtonData.OK_DONE) {
                onOk.run();
            }
        });
        alert.show();
    }

    /// Asks for a file, and writes the checkpoints of an experiment into it.
    void exportCheckpoints(LibraryEntry entry) {
        File file = chooseFile("Export the checkpoints of " + ShownText.oneLine(entry.name()), LibraryWork.fileName(
                entry));
        if (file != null) {
            // the chooser has asked about a file that is there
            work.exportCheckpoints(entry, file.toPath(), true);
        }
    }

    /// Asks for a folder, and writes a file for each experiment into it.
    void exportCheckpoints(Collection<LibraryEntry> entries) {
        DirectoryChooser chooser = new DirectoryChooser();
        chooser.setTitle("Export " + Units.count(entries.size(), "experiment") + ", a file each");
        work.lastFolder().map(Path::toFile).ifPresent(chooser::setInitialDirectory);
        File chosen = chooser.showDialog(owner.getScene().getWindow());
        if (chosen == null) {
            return;
        }
        work.setLastFolder(chosen.toPath());
        Path folder = chosen.toPath();
        work.existing(entries, folder, existing -> {
            if (existing.isEmpty()) {
                work.exportCheckpoints(entries, folder, false);
            } else {
                ButtonType replace = new ButtonType("Replace", ButtonBar.ButtonData.OK_DONE);
                open("Replace files", "Replace " + Units.count(existing.size(), "file") + "?", List.of(existing.stream()
                        .limit(MOST_NAMES).collect(Collectors.joining(", "))
                        + (existing.size() > MOST_NAMES ? ", …" : "")
                        + " in " + folder + " will be written anew."), List.of(replace, ButtonType.CANCEL),
                        () -> work
                                .exportCheckpoints(entries, folder, true));
            }
        });
    }

    /// Asks for a file, and writes a line for each experiment into it.
    void exportTable(Collection<LibraryEntry> entries) {
        File file = chooseFile("Export the table of experiments", "experiments.csv");
        if (file != null) {
            work.exportTable(entries, file.toPath(), true);
        }
    }

    private File chooseFile(String title, String name) {
        FileChooser chooser = new FileChooser();
        chooser.setTitle(title);
        chooser.setInitialFileName(name);
        work.lastFolder().map(Path::toFile).ifPresent(chooser::setInitialDirectory);
        chooser.getExtensionFilters().add(new FileChooser.ExtensionFilter("Comma-separated values", "*.csv"));
        File file = chooser.showSaveDialog(owner.getScene().getWindow());
        if (file != null) {
            work.setLastFolder(file.toPath().getParent());
        }
        return file;
    }
}
