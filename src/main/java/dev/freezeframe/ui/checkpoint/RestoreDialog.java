package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.ui.checkpoint.CheckpointRestoreModel.OtherFile;
import java.io.File;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.beans.binding.Bindings;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonBar.ButtonData;
import javafx.scene.control.ButtonType;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Dialog;
import javafx.scene.control.Label;
import javafx.scene.control.Spinner;
import javafx.scene.control.SpinnerValueFactory.IntegerSpinnerValueFactory;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import javafx.util.StringConverter;

/// Asks how a checkpoint is to be restored. Always begins with the usual: one machine as it was, running, that can be
/// recorded.
final class RestoreDialog extends Dialog<RestoreOptions> {
    private static final double WIDTH = 480;

    private final CheckpointRestoreModel model;

    private RestoreDialog(CheckpointRestoreModel model) {
        this.model = model;
        ButtonType restore = new ButtonType("Restore", ButtonData.OK_DONE);
        setTitle("Restore checkpoint");
        setHeaderText("Restore " + model.checkpoint().name());
        getDialogPane().setId("restore-dialog");
        getDialogPane().getButtonTypes().setAll(restore, ButtonType.CANCEL);
        getDialogPane().setContent(content());
        getDialogPane().setPrefWidth(WIDTH);
        getDialogPane().setMinHeight(Region.USE_PREF_SIZE);
        if (getDialogPane().lookupButton(restore) instanceof Button button) {
            button.setId("restore-confirm");
            button.setMinWidth(Region.USE_PREF_SIZE);
            ButtonBar.setButtonUniformSize(button, false);
            button.disableProperty().bind(model.problemProperty().isNotEmpty());
            button.textProperty().bind(Bindings.when(model.countProperty().isEqualTo(1)).then("Restore").otherwise(
                    Bindings.concat("Restore ", model.countProperty(), " machines")));
        }
        setResultConverter(pressed -> pressed == restore ? model.options() : null);
    }

    /// @param whenChosen gets the options, unless the user cancels
    static void ask(Node owner, CheckpointRestoreModel model, Consumer<RestoreOptions> whenChosen) {
        RestoreDialog dialog = new RestoreDialog(model);
        if (owner.getScene() != null) {
            dialog.initOwner(owner.getScene().getWindow());
        }
        dialog.resultProperty().addListener((_, _, options) -> {
            if (options != null) {
                whenChosen.accept(options);
            }
        });
        dialog.show();
    }

    private Node content() {
        Spinner<Integer> count = new Spinner<>();
        count.setId("restore-count");
        count.setValueFactory(new IntegerSpinnerValueFactory(1, CheckpointRestoreModel.MOST_MACHINES, 1));
        count.getValueFactory().setValue(model.countProperty().get());
        count.setEditable(true);
        count.setPrefWidth(96);
        count.getEditor().textProperty().addListener((_, _, text) -> model.countProperty().set(number(text)));
        count.setAccessibleText("Number of machines");
        Label shared = new Label();
        shared.getStyleClass().addAll("text-small", "text-muted");
        shared.setWrapText(true);
        shared.textProperty().bind(Bindings.when(model.countProperty().greaterThan(1)).then(
                "They share one RAM image copy-on-write: each costs only what it writes. They cannot be recorded.")
                .otherwise(
                        Bindings.when(model.recordableProperty()).then(
                                "It gets memory of its own that can be captured.").otherwise(
                                        "It maps the image copy-on-write, and cannot be recorded.")));
        Label disks = new Label(model.aboutDisks());
        disks.setId("restore-disks");
        disks.getStyleClass().addAll("text-small", "text-muted");
        disks.setWrapText(true);
        disks.setMinHeight(Region.USE_PREF_SIZE);
        boolean hasDisks = !disks.getText().isEmpty();
        disks.setVisible(hasDisks);
        disks.setManaged(hasDisks);
        CheckBox recordable = box("restore-recordable", "Can be recorded");
        recordable.selectedProperty().bindBidirectional(model.recordableProperty());
        recordable.disableProperty().bind(model.countProperty().isNotEqualTo(1));
        CheckBox paused = box("restore-paused", "Leave paused");
        paused.selectedProperty().bindBidirectional(model.leavePausedProperty());
        CheckBox verify = box("restore-verify", "Verify all RAM before the guest runs");
        verify.selectedProperty().bindBidirectional(model.verifyRamProperty());
        CheckBox accept = box("restore-accept", "Accept changed boot files");
        accept.selectedProperty().bindBidirectional(model.acceptChangedBootFilesProperty());
        Label danger = shownWith(accept,
                "A guest that reads a kernel or firmware other than the recorded one, such as at a"
                        + " reset, may behave differently.");

        Label refusal = new Label(model.refusal());
        refusal.setId("restore-refusal");
        refusal.getStyleClass().add("text-late");
        refusal.setWrapText(true);
        refusal.setMinHeight(Region.USE_PREF_SIZE);
        refusal.setMaxWidth(WIDTH);
        boolean refused = !model.refusal().isEmpty();
        refusal.setVisible(refused);
        refusal.setManaged(refused);

        GridPane grid = new GridPane();
        grid.setHgap(16);
        grid.setVgap(8);
        ColumnConstraints names = new ColumnConstraints();
        names.setMinWidth(Region.USE_PREF_SIZE);
        ColumnConstraints fields = new ColumnConstraints();
        fields.setHgrow(Priority.ALWAYS);
        grid.getColumnConstraints().addAll(names, fields);
        grid.addRow(0, label("_Machines", count), count);
        grid.add(new VBox(4, shared, disks), 1, 1);
        grid.add(new VBox(8, recordable, paused, verify), 1, 2);
        ComboBox<Optional<Accelerator>> accelerator = accelerator();
        grid.addRow(3, label("_Accelerator", accelerator), accelerator);
        TextField cpu = new TextField();
        cpu.setId("restore-cpu");
        cpu.setPromptText("As recorded");
        cpu.setTooltip(new Tooltip("A processor model as of QEMU's -cpu; QEMU refuses a state that it cannot hold"));
        cpu.textProperty().bindBidirectional(model.cpuProperty());
        grid.addRow(4, label("_CPU model", cpu), cpu);
        TextField qemu = new TextField();
        grid.addRow(5, label("_QEMU binary", qemu), qemu(qemu));
        grid.add(new VBox(4, accept, danger), 1, 6);
        Label problem = new Label();
        problem.setId("restore-problem");
        problem.getStyleClass().add("text-late");
        problem.setWrapText(true);
        problem.setMinHeight(Region.USE_PREF_SIZE);
        problem.textProperty().bind(model.problemProperty());
        problem.textProperty().addListener(_ -> fit());
        int row = outside(grid, 7);
        grid.add(problem, 0, row, 2, 1);
        return new VBox(16, refusal, grid);
    }

    /// What the machine has outside its guest, where it has anything.
    ///
    /// @return the next free row
    private int outside(GridPane grid, int firstRow) {
        int row = firstRow;
        for (OtherFile file : model.files()) {
            TextField path = new TextField();
            path.setId("restore-file-" + file.recorded().role());
            path.setPromptText(file.recorded().path().toString());
            path.setTooltip(
                    new Tooltip("Where " + file.recorded().path() + " is now; its content has to be the recorded one"));
            path.textProperty().bindBidirectional(file.chosen());
            grid.addRow(row++, label("File of " + plain(file.recorded().role()), path),
                    withChooser(path, "Choose the file of "
                            + file.recorded().role()));
        }
        if (!model.files().isEmpty()) {
            CheckBox accept = box("restore-accept-media", "Accept changed disks, CDs and files");
            accept.selectedProperty().bindBidirectional(model.acceptChangedMediaProperty());
            Label danger = shownWith(accept, "The guest then reads other data than before.");
            grid.add(new VBox(4, accept, danger), 1, row++);
        }
        VBox arguments = new VBox(8);
        model.leftOut().forEach((argument, left) -> {
            CheckBox without = box("restore-without-" + argument, "Without " + plain(argument));
            without.setTooltip(new Tooltip("The guest keeps its device; what it writes to or listens at is left out"));
            without.selectedProperty().bindBidirectional(left);
            arguments.getChildren().add(without);
        });
        if (!arguments.getChildren().isEmpty()) {
            grid.add(arguments, 1, row++);
        }
        return row;
    }

    /// What a choice means, for as long as it is made.
    private Label shownWith(CheckBox choice, String text) {
        Label label = new Label(text);
        label.getStyleClass().addAll("text-small", "text-muted");
        label.setWrapText(true);
        label.visibleProperty().bind(choice.selectedProperty());
        label.managedProperty().bind(label.visibleProperty());
        label.managedProperty().addListener(_ -> fit());
        return label;
    }

    /// Gives the window room for what has just been shown.
    private void fit() {
        if (isShowing()) {
            getDialogPane().getScene().getWindow().sizeToScene();
        }
    }

    /// A name from a profile in a label whose underscores would name a key.
    private static String plain(String name) {
        return name.replace("_", "__");
    }

    private static int number(String text) {
        String digits = text.strip();
        return digits.matches("\\d{1,6}") ? Integer.parseInt(digits) : 0;
    }

    private static CheckBox box(String id, String text) {
        CheckBox box = new CheckBox(text);
        box.setId(id);
        return box;
    }

    private static Label label(String text, Node field) {
        Label label = new Label(text);
        label.setMnemonicParsing(true);
        label.setLabelFor(field);
        return label;
    }

    private ComboBox<Optional<Accelerator>> accelerator() {
        ComboBox<Optional<Accelerator>> choice = new ComboBox<>();
        choice.setId("restore-accelerator");
        choice.getItems().setAll(List.of(Optional.empty(), Optional.of(Accelerator.KVM), Optional.of(
                Accelerator.TCG)));
        choice.setConverter(new StringConverter<>() {
            @Override
            public String toString(Optional<Accelerator> accelerator) {
                return accelerator == null || accelerator.isEmpty()
                        ? "As recorded"
                        : accelerator.get().text().toUpperCase(java.util.Locale.ROOT);
            }

            @Override
            public Optional<Accelerator> fromString(String text) {
                throw new UnsupportedOperationException("the choice cannot be typed");
            }
        });
        choice.valueProperty().bindBidirectional(model.acceleratorProperty());
        return choice;
    }

    private Node qemu(TextField field) {
        field.setId("restore-qemu");
        field.setPromptText("As recorded");
        field.textProperty().bindBidirectional(model.qemuBinaryProperty());
        field.setTooltip(new Tooltip("A path, or a name on the PATH; it must know the recorded machine type"));
        return withChooser(field, "Choose a QEMU binary");
    }

    private Node withChooser(TextField field, String title) {
        Button choose = new Button("Choose…");
        choose.setMinWidth(Region.USE_PREF_SIZE);
        choose.setOnAction(_ -> {
            FileChooser chooser = new FileChooser();
            chooser.setTitle(title);
            File file = chooser.showOpenDialog(getDialogPane().getScene().getWindow());
            if (file != null) {
                field.setText(file.getPath());
            }
        });
        HBox.setHgrow(field, Priority.ALWAYS);
        return new HBox(8, field, choose);
    }
}
