package dev.freezeframe.ui.machine;

import javafx.css.PseudoClass;
import javafx.geometry.Side;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.MenuItem;
import javafx.scene.control.Tooltip;
import javafx.scene.input.ContextMenuEvent;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.javafx.FontIcon;

/// Small buttons and labels as they look everywhere in this package.
public final class MachineButtons {
    public static final PseudoClass PROBLEM = PseudoClass.getPseudoClass("problem");

    private MachineButtons() {}

    /// An icon that does something, with words for those who hover and those who listen.
    public static Button icon(Ikon icon, String words, Runnable action) {
        Button button = new Button(null, new FontIcon(icon));
        button.getStyleClass().addAll("button-icon", "flat", "icon-button");
        button.setTooltip(new Tooltip(words));
        button.setAccessibleText(words);
        button.setOnAction(_ -> action.run());
        return button;
    }

    /// A menu item with a deed of its own.
    public static MenuItem item(String text, Runnable action) {
        MenuItem item = new MenuItem(text);
        item.setOnAction(_ -> action.run());
        return item;
    }

    /// Lets the keyboard open the menu of the selected row: JavaFX asks the list for it, and only the row has one.
    public static void menusByKeyboard(ListView<?> list) {
        list.addEventHandler(ContextMenuEvent.CONTEXT_MENU_REQUESTED, event -> {
            if (!event.isKeyboardTrigger()) {
                return;
            }
            int selected = list.getSelectionModel().getSelectedIndex();
            list.lookupAll(".list-cell").stream().map(node -> (ListCell<?>) node).filter(row -> row
                    .getIndex() == selected && row.getContextMenu() != null).findFirst().ifPresent(row -> {
                        row.getContextMenu().show(row, Side.BOTTOM, 0, 0);
                        event.consume();
                    });
        });
    }

    /// A label that ends with an ellipsis where it is too long, and then has a tooltip.
    public static Label label(String... styleClasses) {
        Label label = new Label();
        label.getStyleClass().addAll(styleClasses);
        label.setMinWidth(0);
        Tooltip whole = new Tooltip();
        whole.textProperty().bind(label.textProperty());
        whole.setWrapText(true);
        whole.setMaxWidth(480);
        label.textProperty().addListener((_, _, text) -> label.setTooltip(text == null || text.isEmpty()
                ? null
                : whole));
        return label;
    }
}
