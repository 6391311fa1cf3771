package dev.freezeframe.ui.library;

import dev.freezeframe.ui.task.SingleJob;
import javafx.beans.binding.Bindings;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.HBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// Long work under way on one line: what it is at, how far, and a button to give it up.
final class JobLine extends HBox {
    private static final double BAR_WIDTH = 240;

    /// @param what such as `Verifying`
    JobLine(SingleJob job, String what) {
        super(12);
        setAlignment(Pos.CENTER_LEFT);
        Label text = new Label();
        text.textProperty().bind(Bindings.createStringBinding(() -> job.cancelledProperty().get()
                ? "Ending at the next step…"
                : job.stepProperty().get() == null || job.stepProperty().get().isEmpty()
                        ? what + "…"
                        : what
                                + ": " + job.stepProperty().get(),
                job.stepProperty(), job.cancelledProperty()));
        ProgressBar bar = new ProgressBar();
        bar.progressProperty().bind(job.progressProperty());
        bar.setPrefWidth(BAR_WIDTH);
        bar.setAccessibleText(what);
        Button cancel = new Button("Cancel", new FontIcon(Feather.X));
        cancel.setId("cancel-job");
        cancel.disableProperty().bind(job.cancelledProperty());
        cancel.setOnAction(_ -> job.cancel());
        getChildren().addAll(text, bar, cancel);
    }
}
