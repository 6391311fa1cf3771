package dev.freezeframe.ui.checkpoint;

import atlantafx.base.theme.Styles;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.command.CommandMenus;
import java.util.ArrayList;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.SplitMenuButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// What can be done with the selected checkpoint: restore, compare, export, delete; and what came of it, in a line.
final class CheckpointButtons extends VBox {
    private final CheckpointCommands commands;
    private final Label message = new Label();
    private final SplitMenuButton restore = new SplitMenuButton();

    /// @param owner what questions belong to; it is in the window also while no checkpoint is selected
    CheckpointButtons(WorkbenchModel workbench, Node owner) {
        super(8);
        commands = new CheckpointCommands(owner, workbench);
        getStyleClass().add("details-buttons");
        message.textProperty().bind(workbench.experiment().noticeProperty());
        buildMessage();
        buildRestore();
        HBox second = new HBox(8, compare(), export(), delete());
        for (Node each : second.getChildren()) {
            HBox.setHgrow(each, Priority.ALWAYS);
            ((Region) each).setMaxWidth(Double.MAX_VALUE);
        }
        getChildren().setAll(message, restore, second);
        workbench.machines().setWhenRefused(commands::askAgain);
    }

    /// Puts the keyboard on the restore button.
    void focusRestore() {
        restore.requestFocus();
    }

    private void buildMessage() {
        message.setId("details-message");
        message.getStyleClass().addAll("text-small", "text-muted");
        message.setTooltip(new Tooltip());
        message.getTooltip().textProperty().bind(message.textProperty());
        message.managedProperty().bind(message.textProperty().isNotEmpty());
        message.visibleProperty().bind(message.managedProperty());
    }

    private void buildRestore() {
        restore.setId("details-restore");
        restore.setText(commands.restore().words());
        restore.setGraphic(new FontIcon(Feather.ROTATE_CCW));
        restore.getStyleClass().add(Styles.ACCENT);
        restore.setTooltip(new Tooltip(commands.restore().helpProperty().get() + ". The arrow has more."));
        restore.setOnAction(_ -> commands.restore().run());
        restore.setMaxWidth(Double.MAX_VALUE);
        restore.getItems().setAll(CommandMenus.items(List.of(commands.otherRestores())));
        restore.getItems().getLast().setId("details-restore-options");
    }

    private MenuButton compare() {
        MenuButton compare = new MenuButton("Compare");
        compare.setId("details-compare");
        compare.getItems().setAll(CommandMenus.items(List.of(commands.comparing())));
        return compare;
    }

    private MenuButton export() {
        MenuButton export = new MenuButton("Export");
        export.setId("details-export");
        export.getItems().setAll(CommandMenus.items(List.of(commands.exporting())));
        export.setOnShowing(_ -> {
            List<List<Command>> sections = new ArrayList<>(List.of(commands.exporting()));
            sections.addAll(commands.diskExports());
            export.getItems().setAll(CommandMenus.items(sections));
        });
        return export;
    }

    private Button delete() {
        Button delete = commands.delete().button();
        delete.setGraphic(null);
        delete.setId("details-delete");
        return delete;
    }
}
