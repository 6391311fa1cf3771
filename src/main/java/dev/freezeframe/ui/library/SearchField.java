package dev.freezeframe.ui.library;

import atlantafx.base.controls.CustomTextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// A field to search a list with. Escape empties it.
final class SearchField extends CustomTextField {
    SearchField(String what) {
        setPromptText("Search…");
        setLeft(new FontIcon(Feather.SEARCH));
        setAccessibleText("Search " + what);
        setTooltip(new Tooltip("Search " + what + ": words of the name, profile, time, origin or end (Ctrl+F)"));
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (event.getCode() == KeyCode.ESCAPE && !getText().isEmpty()) {
                clear();
                event.consume();
            }
        });
    }
}
