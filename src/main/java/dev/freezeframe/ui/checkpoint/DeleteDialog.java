package dev.freezeframe.ui.checkpoint;

import atlantafx.base.theme.Styles;
import dev.freezeframe.base.Units;
import java.util.function.Consumer;
import javafx.scene.Node;
import javafx.scene.control.Alert;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonBar.ButtonData;
import javafx.scene.control.ButtonType;
import javafx.scene.layout.Region;

/// Asks before checkpoints go: which, what stays, and how much space can come back. Cancel is what Enter does.
final class DeleteDialog {
    private static final double WIDTH = 480;

    private DeleteDialog() {}

    /// @param whenConfirmed gets the deletion when the user wants it
    static void ask(Node owner, CheckpointDeletion deletion, Consumer<CheckpointDeletion> whenConfirmed) {
        Alert alert = new Alert(Alert.AlertType.NONE);
        ButtonType delete = new ButtonType("Delete " + Units.count(deletion.going().size(), "checkpoint"),
                ButtonData.OTHER);
        ButtonType keep = new ButtonType(deletion.going().isEmpty() ? "Close" : "Cancel", ButtonData.CANCEL_CLOSE);
        alert.getButtonTypes().setAll(keep);
        if (!deletion.going().isEmpty()) {
            alert.getButtonTypes().addFirst(delete);
        }
        alert.setTitle("Delete checkpoints");
        alert.setHeaderText(deletion.question());
        alert.setContentText(String.join("\n\n", deletion.sentences()));
        alert.getDialogPane().setId("delete-dialog");
        alert.getDialogPane().setMinHeight(Region.USE_PREF_SIZE);
        alert.getDialogPane().setPrefWidth(WIDTH);
        if (owner.getScene() != null) {
            alert.initOwner(owner.getScene().getWindow());
        }
        if (alert.getDialogPane().lookupButton(delete) instanceof Button button) {
            button.getStyleClass().add(Styles.DANGER);
            button.setId("delete-confirm");
            button.setMinWidth(Region.USE_PREF_SIZE);
            ButtonBar.setButtonUniformSize(button, false);
            button.setDefaultButton(false);
        }
        if (alert.getDialogPane().lookupButton(keep) instanceof Button button) {
            button.setDefaultButton(true);
        }
        alert.resultProperty().addListener((_, _, chosen) -> {
            if (chosen == delete) {
                whenConfirmed.accept(deletion);
            }
        });
        alert.show();
    }
}
