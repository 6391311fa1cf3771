package dev.freezeframe.ui;

import dev.freezeframe.ui.command.CommandMenus;
import javafx.beans.binding.Bindings;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuBar;
import javafx.scene.control.OverrunStyle;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import org.kordamp.ikonli.javafx.FontIcon;

/// The menus, and at their end where the user is and the switch of the theme. All commands of the window are in them, each with
/// its key.
final class MenuLine extends HBox {
    MenuLine(WorkbenchModel workbench, Commands commands) {
        getStyleClass().add("menu-line");
        setAlignment(Pos.CENTER_LEFT);
        MenuBar menus = new MenuBar(commands.groups().stream().map(CommandMenus::menu).toArray(Menu[]::new));

        menus.setMinWidth(USE_PREF_SIZE); // whoever knows the way needs the folder's name less than the menus

        Label where = new Label();
        where.setMinWidth(0);
        where.getStyleClass().add("text-muted");
        where.setTextOverrun(OverrunStyle.CENTER_ELLIPSIS);
        where.textProperty().bind(Bindings.createStringBinding(() -> "store " + workbench.stores().stateProperty().get()
                .directory(), workbench.stores().stateProperty()));
        HBox middle = new HBox(where);
        middle.setAlignment(Pos.CENTER_RIGHT);
        HBox.setHgrow(middle, Priority.ALWAYS);
        Button theme = commands.theme().iconButton();
        theme.setGraphic(new FontIcon()); // the style sheet of each theme says which
        theme.setId("theme");
        theme.getStyleClass().add("theme-switch");
        getChildren().addAll(menus, middle, theme);
    }
}
