package dev.freezeframe.ui.simulate;

import atlantafx.base.theme.Styles;
import dev.freezeframe.base.Units;
import javafx.scene.Node;
import javafx.scene.control.Alert;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBar.ButtonData;
import javafx.scene.control.ButtonType;
import javafx.scene.layout.Region;

/// Asks before the results of a simulation are deleted. Enter deletes nothing.
final class DeleteSimulationDialog {
    private static final double WIDTH = 480;

    private DeleteSimulationDialog() {}

    /// Asks without waiting for the answer.
    static void ask(Node owner, SimulationModel model) {
        Alert alert = new Alert(Alert.AlertType.NONE);
        ButtonType delete = new ButtonType("Delete", ButtonData.OTHER);
        ButtonType keep = new ButtonType("Cancel", ButtonData.CANCEL_CLOSE);
        alert.getButtonTypes().setAll(delete, keep);
        alert.setTitle("Delete results");
        alert.setHeaderText("Delete what is kept of " + Units.count(model.ended().size(), "simulated interval") + "?");
        alert.setContentText(
                "States, times and what the plugin said go. The recording stays, so it can be simulated again.");
        alert.getDialogPane().setId("simulate-delete-dialog");
        alert.getDialogPane().setMinHeight(Region.USE_PREF_SIZE);
        alert.getDialogPane().setPrefWidth(WIDTH);
        if (owner.getScene() != null) {
            alert.initOwner(owner.getScene().getWindow());
        }
        if (alert.getDialogPane().lookupButton(delete) instanceof Button button) {
            button.getStyleClass().add(Styles.DANGER);
            button.setId("simulate-delete-confirm");
            button.setDefaultButton(false);
        }
        if (alert.getDialogPane().lookupButton(keep) instanceof Button button) {
            button.setDefaultButton(true);
        }
        alert.resultProperty().addListener((_, _, chosen) -> {
            if (chosen == delete) {
                model.delete();
            }
        });
        alert.show();
    }
}
