package dev.freezeframe.ui.simulate;

import java.util.function.IntConsumer;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;

/// A field for a whole number. What is typed counts with Enter or when the field is left; what is no number, or is out of range,
/// gives way to the number before.
final class NumberField extends TextField {
    private static final double WIDTH = 56;

    private final IntConsumer whenTyped;
    private int value;
    private int least;
    private int most;

    /// @param what      for a reader of screens, and over the field
    /// @param whenTyped gets what the user wants
    NumberField(String what, IntConsumer whenTyped) {
        this.whenTyped = whenTyped;
        setPrefWidth(WIDTH);
        setAccessibleText(what);
        setTooltip(new Tooltip(what));
        setOnAction(_ -> take());
        focusedProperty().addListener((_, _, focused) -> {
            if (!focused) {
                take();
            }
        });
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            int step = event.getCode() == KeyCode.UP ? 1 : event.getCode() == KeyCode.DOWN ? -1 : 0;
            if (step != 0) {
                setText(Integer.toString(Math.clamp((long) value + step, least, most)));
                take();
                event.consume();
            }
        });
    }

    /// Shows a number, and takes those from one to another.
    void show(int number, int from, int to) {
        value = number;
        least = from;
        most = to;
        if (!isFocused() || !getText().equals(Integer.toString(number))) {
            setText(Integer.toString(number));
        }
    }

    private void take() {
        int typed;
        try {
            typed = Integer.parseInt(getText().strip());
        } catch (NumberFormatException e) {
            typed = value; // what is no number is not wanted
        }
        int wanted = typed < least || typed > most ? value : typed;
        setText(Integer.toString(wanted));
        if (wanted != value) {
            value = wanted;
            whenTyped.accept(wanted);
        }
    }
}
