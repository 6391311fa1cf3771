package dev.freezeframe.ui.library;

import javafx.scene.control.Labeled;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The marks of how experiments ended: a form of their own each, not only a colour.
final class EndingMarks {
    private EndingMarks() {}

    /// Puts the mark of an ending into a label or a cell; an ordinary one has none.
    static void mark(Labeled label, LibraryEntry.Ending ending) {
        label.setGraphic(switch (ending) {
            case RECORDING -> icon(Feather.DISC, "recording-mark");
            case PROBLEM -> icon(Feather.ALERT_TRIANGLE, "problem-mark");
            case CUT_OFF -> icon(Feather.ZAP_OFF, "problem-mark");
            case ORDINARY -> null;
        });
        label.setAccessibleText(word(ending));
    }

    private static FontIcon icon(Feather which, String style) {
        FontIcon icon = new FontIcon(which);
        icon.getStyleClass().add(style);
        return icon;
    }

    /// For a screen reader.
    static String word(LibraryEntry.Ending ending) {
        return switch (ending) {
            case RECORDING -> "being recorded";
            case PROBLEM -> "ended with a problem";
            case CUT_OFF -> "cut off";
            case ORDINARY -> "";
        };
    }
}
