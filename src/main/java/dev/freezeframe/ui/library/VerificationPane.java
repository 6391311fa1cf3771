package dev.freezeframe.ui.library;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.upkeep.VerifyReport;
import dev.freezeframe.ui.WorkbenchModel;
import java.util.function.Function;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.scene.text.TextAlignment;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// What the last verification of the store found, with its date: one sentence where all is sound, a table of what is lost and
/// what to do where it is not.
final class VerificationPane extends StackPane {
    private static final double TEXT_WIDTH = 640;

    private final WorkbenchModel workbench;
    private final VerificationModel verification;
    private final LibraryDialogs dialogs;

    VerificationPane(WorkbenchModel workbench, VerificationModel verification, LibraryDialogs dialogs) {
        this.workbench = workbench;
        this.verification = verification;
        this.dialogs = dialogs;
        setId("verification");
        verification.resultProperty().addListener((_, _, _) -> show());
        verification.job().runningProperty().addListener((_, _, _) -> show());
        verification.job().problemProperty().addListener((_, _, _) -> show());
        verification.job().cancelledProperty().addListener((_, _, _) -> show());
        show();
    }

    private void show() {
        VerificationModel.Result result = verification.resultProperty().get();
        String problem = verification.job().problemProperty().get();
        if (verification.job().runningProperty().get()) {
            getChildren().setAll(running());
        } else if (!problem.isEmpty()) {
            getChildren().setAll(page(icon(Feather.ALERT_TRIANGLE, "page-icon"), "The store could not be verified",
                    problem, again("Verify again")));
        } else if (result == null) {
            getChildren().setAll(page(icon(Feather.SHIELD, "page-icon"), verification.job().cancelledProperty().get()
                    ? "Verification was cancelled"
                    : "Not verified yet",
                    "Verifying reads every page of every checkpoint back and compares it with its hash. It changes "
                            + "nothing, and recordings may go on beside it.",
                    again("Verify the store")));
        } else if (result.report().isSound()) {
            getChildren().setAll(sound(result));
        } else {
            getChildren().setAll(damaged(result));
        }
    }

    private Node running() {
        JobLine line = new JobLine(verification.job(), "Verifying");
        line.setAlignment(Pos.CENTER);
        return page(icon(Feather.SHIELD, "page-icon"), "Verifying the store", "Every page is read back and compared.",
                line);
    }

    private Node sound(VerificationModel.Result result) {
        Node page = page(icon(Feather.CHECK_CIRCLE, "sound-icon"), result.headline(), result.detail() + "\nVerified "
                + LibraryColumns.time(result.endedAt()) + ".",
                again("Verify again"));
        return result.report().remarks().isEmpty() ? page : new VBox(8, page, remarks(result));
    }

    private Node damaged(VerificationModel.Result result) {
        Label summary = new Label(result.headline(), icon(Feather.ALERT_TRIANGLE, "problem-mark"));
        summary.getStyleClass().add("text-strong");
        summary.setWrapText(true);
        Label remedy = new Label(result.outdated()
                ? "The damaged checkpoints were deleted; verify again to be sure."
                : result.remedy());
        remedy.setWrapText(true);
        remedy.setMinHeight(Label.USE_PREF_SIZE);
        Label date = new Label("Verified " + LibraryColumns.time(result.endedAt()) + ". " + result.detail());
        date.getStyleClass().addAll("text-muted", "text-small");
        VBox words = new VBox(4, summary, remedy, date);
        HBox.setHgrow(words, Priority.ALWAYS);
        Button delete = new Button("Delete damaged…", new FontIcon(Feather.TRASH_2));
        delete.setId("delete-damaged");
        delete.setDisable(result.outdated() || result.report().damages().isEmpty());
        delete.setOnAction(_ -> dialogs.deleteDamaged(verification));
        delete.setMinWidth(Button.USE_PREF_SIZE);
        Button again = again("Verify again");
        again.setMinWidth(Button.USE_PREF_SIZE);
        HBox top = new HBox(16, words, delete, again);
        top.setAlignment(Pos.TOP_LEFT);
        top.getStyleClass().add("verification-head");

        TableView<VerifyReport.Damage> table = new TableView<>();
        table.setId("damages");
        table.setAccessibleText("Damaged images");
        TableColumns.prepare(table);
        table.getColumns().add(column("Checkpoint", VerifyReport.Damage::checkpoint, 240));
        table.getColumns().add(column("Image", VerifyReport.Damage::image, 104));
        TableColumn<VerifyReport.Damage, String> pages = column("Pages lost", damage -> Units.count(damage.pages()),
                104);
        pages.getStyleClass().add("figure-column");
        table.getColumns().add(pages);
        table.getColumns().add(column("Which pages", VerifyReport.Damage::pageRanges, 240));
        table.getColumns().add(column("Cause", VerifyReport.Damage::cause, 420));
        table.getItems().setAll(result.report().damages());
        table.setOnMouseClicked(event -> {
            if (event.getClickCount() == 2 && table.getSelectionModel().getSelectedItem() != null) {
                showCheckpoint(table.getSelectionModel().getSelectedItem());
            }
        });
        VBox.setVgrow(table, Priority.ALWAYS);
        VBox all = new VBox(top, table);
        for (String damaged : result.damagedLogs()) {
            Label log = new Label(ShownText.oneLine(damaged));
            log.setWrapText(true);
            log.getStyleClass().add("verification-remarks");
            all.getChildren().add(log);
        }
        if (!result.report().remarks().isEmpty()) {
            all.getChildren().add(remarks(result));
        }
        return all;
    }

    private void showCheckpoint(VerifyReport.Damage damage) {
        workbench.stores().store().ifPresent(store -> workbench.tasks().quietly("Find " + damage.checkpoint(),
                _ -> store.find(CheckpointName.parse(damage.checkpoint())), found -> found.ifPresent(
                        workbench::show)));
    }

    private static TableColumn<VerifyReport.Damage, String> column(String title,
            Function<VerifyReport.Damage, String> text, double width) {
        TableColumn<VerifyReport.Damage, String> column = new TableColumn<>(title);
        column.setCellValueFactory(line -> new ReadOnlyObjectWrapper<>(ShownText.oneLine(text.apply(line.getValue()))));
        column.setPrefWidth(width);
        return column;
    }

    private static Node remarks(VerificationModel.Result result) {
        Label remarks = new Label("Costs no checkpoint anything: " + String.join("; ", result.report().remarks()));
        remarks.getStyleClass().addAll("text-muted", "verification-remarks");
        remarks.setTooltip(new Tooltip(String.join("\n", result.report().remarks())));
        return remarks;
    }

    private Button again(String text) {
        Button button = new Button(text, new FontIcon(Feather.SHIELD));
        button.setId("verify-again");
        button.setOnAction(_ -> verification.verify());
        return button;
    }

    private static FontIcon icon(Feather which, String style) {
        FontIcon icon = new FontIcon(which);
        icon.getStyleClass().add(style);
        return icon;
    }

    private static VBox page(Node picture, String title, String sentence, Node... remedies) {
        Label heading = new Label(title);
        heading.getStyleClass().add("text-large");
        Label text = new Label(sentence);
        text.getStyleClass().add("text-muted");
        text.setWrapText(true);
        text.setMaxWidth(TEXT_WIDTH);
        text.setTextAlignment(TextAlignment.CENTER);
        text.setMinHeight(Label.USE_PREF_SIZE);
        HBox buttons = new HBox(8, remedies);
        buttons.setAlignment(Pos.CENTER);
        VBox page = new VBox(12, picture, heading, text, buttons);
        page.getStyleClass().add("small-page");
        page.setAlignment(Pos.CENTER);
        VBox.setVgrow(page, Priority.ALWAYS);
        return page;
    }
}
