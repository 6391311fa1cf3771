package dev.freezeframe.ui.library;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.bundle.BundleSummary;
import java.io.File;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.control.Alert;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonType;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;

/// What is asked before an experiment goes to a bundle or comes from one: which file, under which name, and whether its machine
/// may reach what it wants to. No dialog holds the program up while it is open, and nothing is imported unasked.
public final class BundleDialogs {
    private static final double WIDTH = 560;
    private static final int MOST_REACHES = 6;
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT);

    private final Node owner;
    private final LibraryWork work;

    /// @param owner a node of the window that the dialogs belong to
    public BundleDialogs(Node owner, LibraryWork work) {
        this.owner = owner;
        this.work = work;
    }

    /// Asks for a file, and writes an experiment to it.
    void chooseAndExport(LibraryEntry entry) {
        FileChooser chooser = chooser("Export " + ShownText.oneLine(entry.name()) + " as a bundle");
        chooser.setInitialFileName(LibraryWork.bundleName(entry));
        File file = chooser.showSaveDialog(owner.getScene().getWindow());
        if (file != null) {
            // the chooser has asked about a file that is there
            work.exportBundle(entry, file.toPath(), true);
        }
    }

    /// Asks for a file, and then as [#askToImport].
    public void chooseAndImport() {
        File file = chooser("Import an experiment from a bundle").showOpenDialog(owner.getScene().getWindow());
        if (file != null) {
            askToImport(file.toPath());
        }
    }

    private static FileChooser chooser(String title) {
        FileChooser chooser = new FileChooser();
        chooser.setTitle(title);
        chooser.getExtensionFilters().add(new FileChooser.ExtensionFilter("Freezeframe bundles", "*"
                + LibraryWork.BUNDLE_ENDING));
        return chooser;
    }

    /// Says what is in a bundle and asks whether it is to be imported; goes to the experiment if the store has it already.
    public void askToImport(Path file) {
        work.look(file, bundle -> {
            Optional<LibraryEntry> held = work.held(bundle);
            if (held.isPresent()) {
                work.showHeld(bundle, held.get());
            } else {
                ask(bundle);
            }
        });
    }

    private void ask(BundleSummary bundle) {
        ButtonType take = new ButtonType("Import", ButtonBar.ButtonData.OK_DONE);
        Alert alert = new Alert(Alert.AlertType.NONE, "", take, ButtonType.CANCEL);
        alert.initOwner(owner.getScene().getWindow());
        alert.setTitle("Import an experiment");
        alert.setHeaderText("Import " + bundle.name() + " into this store?");
        TextField name = new TextField(work.freeName(bundle));
        name.setId("bundle-name");
        Label nameTitle = new Label("Name in this store");
        nameTitle.setLabelFor(name);
        Label problem = paragraph("");
        problem.getStyleClass().add("text-muted");
        VBox content = new VBox(8);
        explanation(bundle).forEach(text -> content.getChildren().add(paragraph(text)));
        CheckBox trust = new CheckBox("I trust who made this file");
        trust.setId("bundle-trust");
        if (!bundle.reaches().isEmpty()) {
            Label warning = paragraph(reaches(bundle));
            warning.setId("bundle-reaches");
            content.getChildren().addAll(warning, trust);
        }
        content.getChildren().addAll(nameTitle, name, problem);
        content.setPrefWidth(WIDTH);
        alert.getDialogPane().setContent(content);
        alert.getDialogPane().getStylesheets().setAll(owner.getScene().getStylesheets());
        alert.getDialogPane().setId("bundle-dialog");
        Button ok = (Button) alert.getDialogPane().lookupButton(take);
        ok.setId("bundle-import");
        Runnable check = () -> {
            problem.setText(work.nameProblem(name.getText()));
            ok.setDisable(!problem.getText().isEmpty() || (!bundle.reaches().isEmpty() && !trust.isSelected()));
        };
        name.textProperty().addListener((_, _, _) -> check.run());
        trust.selectedProperty().addListener((_, _, _) -> check.run());
        check.run();
        alert.setOnHidden(_ -> {
            if (alert.getResult() == take) {
                work.importBundle(bundle, name.getText(), trust.isSelected());
            }
        });
        alert.show();
    }

    /// What the dialog says about a bundle, a paragraph each.
    static List<String> explanation(BundleSummary bundle) {
        List<String> paragraphs = new ArrayList<>();
        paragraphs.add(Units.count(bundle.checkpoints(), "checkpoint") + " of a guest with " + Units.bytes(bundle
                .ramBytes()) + " of memory, profile " + bundle.profileName() + ", recorded on " + DATE.format(
                        bundle
                                .startedAt().atZone(ZoneId.systemDefault()))
                + bundle.startedFrom().map(from -> " from the checkpoint " + from).orElse("") + ".");
        paragraphs.add(bundle.file().getFileName() + ", " + Units.bytes(bundle.fileBytes()) + ", written by " + bundle
                .writtenBy() + ". Pages that the store has already are shared with it.");
        return paragraphs;
    }

    private static String reaches(BundleSummary bundle) {
        List<String> shown = bundle.reaches().stream().limit(MOST_REACHES).toList();
        int more = bundle.reaches().size() - shown.size();
        return "When it is restored, its machine uses something of this computer: " + String.join("; ", shown)
                + (more > 0
                        ? " and " + more + " more"
                        : "")
                + ". A stranger's guest could read or change it.";
    }

    private static Label paragraph(String text) {
        Label label = new Label(text);
        label.setWrapText(true);
        label.setMaxWidth(WIDTH);
        label.setMinHeight(Label.USE_PREF_SIZE);
        return label;
    }
}
