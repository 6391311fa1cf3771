package dev.freezeframe.ui.machine;

import javafx.scene.Node;
import javafx.scene.control.Alert;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonType;
import javafx.scene.control.Dialog;
import javafx.scene.control.DialogPane;
import javafx.stage.Modality;

/// Questions before something is lost. The answer that loses nothing is the default one.
public final class LossQuestions {
    private LossQuestions() {}

    /// Asks, and does it when the answer is yes. Returns at once.
    ///
    /// @param owner   what the question belongs to
    /// @param title   the question, such as "Force off tiny-linux?"
    /// @param details what goes, and what stays
    /// @param verb    the answer that does it, such as "Force off"
    public static void ask(Node owner, String title, String details, String verb, Runnable yes) {
        Alert alert = new Alert(Alert.AlertType.CONFIRMATION);
        ButtonType doIt = new ButtonType(verb, ButtonBar.ButtonData.OK_DONE);
        alert.getButtonTypes().setAll(doIt, ButtonType.CANCEL);
        alert.setHeaderText(title);
        alert.setGraphic(null);
        alert.setContentText(details);
        alert.getDialogPane().lookupButton(doIt).getStyleClass().add("danger");
        defaultTo(alert.getDialogPane(), doIt, ButtonType.CANCEL);
        show(owner, alert, title, answer -> {
            if (answer == doIt) {
                yes.run();
            }
        });
    }

    private static void defaultTo(DialogPane pane, ButtonType other, ButtonType chosen) {
        ((javafx.scene.control.Button) pane.lookupButton(other)).setDefaultButton(false);
        ((javafx.scene.control.Button) pane.lookupButton(chosen)).setDefaultButton(true);
    }

    /// Shows a dialog over its owner, in the owner's looks, and hands its answer over; null for none.
    public static <T> void show(Node owner, Dialog<T> dialog, String title, java.util.function.Consumer<T> answered) {
        dialog.setTitle(title);
        if (owner.getScene() != null) {
            dialog.initOwner(owner.getScene().getWindow());
            dialog.getDialogPane().getStylesheets().setAll(owner.getScene().getStylesheets());
        }
        dialog.initModality(Modality.WINDOW_MODAL);
        dialog.getDialogPane().setMinWidth(400);
        dialog.setOnHidden(_ -> answered.accept(dialog.getResult()));
        dialog.show();
    }
}
