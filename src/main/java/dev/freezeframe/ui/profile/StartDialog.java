package dev.freezeframe.ui.profile;

import dev.freezeframe.base.Units;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.ProfileField;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.ui.machine.LossQuestions;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.event.ActionEvent;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonType;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Dialog;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.VBox;

/// Asks what is to be otherwise in one start of a profile. It stays open, with the reason, until the options are good.
final class StartDialog {
    private StartDialog() {}

    /// Asks, and hands over the machine to start.
    static void show(Node owner, ProfilesModel profiles, Profile profile, Consumer<MachineSpec> start) {
        TextField memory = new TextField(profile.toJson().path("memory").asText());
        memory.setId("start-memory");
        ComboBox<String> accelerator = new ComboBox<>();
        accelerator.setId("start-accelerator");
        ProfileField.named("accelerator").ifPresent(field -> accelerator.getItems().setAll(field.choices()));
        accelerator.setValue(profile.accelerator().text());
        TextField qemu = new TextField();
        qemu.setId("start-qemu");
        qemu.setPromptText(QemuProgram.DEFAULT_BINARY.toString());
        CheckBox paused = new CheckBox("Leave it _paused before its first instruction");
        paused.setId("start-paused");
        Label problem = new Label();
        problem.setId("start-problem");
        problem.setWrapText(true);
        problem.getStyleClass().add("text-late");
        problem.setMaxWidth(480);

        GridPane grid = new GridPane(8, 8);
        row(grid, 0, "_Memory", memory, "its profile says " + Units.bytes(profile.memoryBytes()));
        Optional<String> obstacle = Accelerator.kvmObstacle();
        row(grid, 1, "_Accelerator", accelerator, obstacle.map(why -> "KVM is not usable here: " + why).orElse(
                "KVM is usable here"));
        row(grid, 2, "_QEMU", qemu, "a path, or a name that is on the PATH");
        grid.add(paused, 1, 6);

        Dialog<ButtonType> dialog = new Dialog<>();
        ButtonType doIt = new ButtonType("Start", ButtonBar.ButtonData.OK_DONE);
        dialog.getDialogPane().getButtonTypes().setAll(doIt, ButtonType.CANCEL);
        dialog.setHeaderText("Start " + profile.name());
        dialog.getDialogPane().setContent(new VBox(16, grid, problem));
        Button button = (Button) dialog.getDialogPane().lookupButton(doIt);
        button.setId("start-with-options");
        MachineSpec[] good = new MachineSpec[1];
        button.addEventFilter(ActionEvent.ACTION, event -> {
            if (good[0] != null) {
                return;
            }
            event.consume();
            button.setDisable(true);
            problem.setText("");
            profiles.spec(profile, new ProfilesModel.StartOptions(memory.getText(), accelerator.getValue(), qemu
                    .getText(), paused.isSelected()), spec -> {
                        good[0] = spec;
                        button.setDisable(false);
                        button.fire();
                    }, why -> {
                        button.setDisable(false);
                        problem.setText(why);
                        dialog.getDialogPane().getScene().getWindow().sizeToScene();
                    });
        });
        LossQuestions.show(owner, dialog, "Start with options", answer -> {
            if (answer == doIt && good[0] != null) {
                start.accept(good[0]);
            }
        });
    }

    private static void row(GridPane grid, int index, String title, javafx.scene.control.Control control,
            String help) {
        Label label = new Label(title);
        label.setMnemonicParsing(true);
        label.setLabelFor(control);
        control.setMaxWidth(Double.MAX_VALUE);
        control.setMinWidth(280);
        Label below = new Label(help);
        below.getStyleClass().addAll("text-small", "text-muted");
        grid.add(label, 0, 2 * index);
        grid.add(control, 1, 2 * index);
        grid.add(below, 1, 2 * index + 1);
    }
}
