package dev.freezeframe.ui.machine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.techsenger.jeditermfx.core.Color;
import com.techsenger.jeditermfx.core.TerminalColor;
import com.techsenger.jeditermfx.core.emulator.ColorPalette;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javafx.css.CssMetaData;
import javafx.css.SimpleStyleableObjectProperty;
import javafx.css.Styleable;
import javafx.css.StyleablePropertyFactory;
import javafx.scene.layout.Region;

/// Makes the style sheet's colours known to a terminal: text, ground and the sixteen that programs choose by number. It is
/// an invisible node with the style class `terminal-colors`, and tells when the theme has changed.
final class TerminalColors extends Region {
    private static final int NUMBERED = 16;
    private static final StyleablePropertyFactory<TerminalColors> FACTORY = new StyleablePropertyFactory<>(Region
            .getClassCssMetaData());
    private static final List<CssMetaData<TerminalColors, javafx.scene.paint.Color>> META = IntStream.range(0, NUMBERED
            + 4).mapToObj(
                    i -> FACTORY.createColorCssMetaData(name(i), colors -> colors.all.get(i),
                            javafx.scene.paint.Color.GRAY, false))
            .toList();

    private final List<SimpleStyleableObjectProperty<javafx.scene.paint.Color>> all = new ArrayList<>();
    private final Runnable whenChanged;
    /// As the terminal wants them, for its own threads.
    @GuardedBy("this")
    private final Color[] taken = new Color[NUMBERED + 4];

    private static String name(int index) {
        return switch (index - NUMBERED) {
            case 0 -> "-ff-terminal-foreground";
            case 1 -> "-ff-terminal-background";
            case 2 -> "-ff-terminal-selection-foreground";
            case 3 -> "-ff-terminal-selection-background";
            default -> "-ff-terminal-" + index;
        };
    }

    TerminalColors(Runnable whenChanged) {
        this.whenChanged = whenChanged;
        getStyleClass().add("terminal-colors");
        setManaged(false);
        setVisible(false);
        for (int i = 0; i < META.size(); i++) {
            int index = i;
            var property = new SimpleStyleableObjectProperty<>(META.get(i), this, META.get(i).getProperty(),
                    javafx.scene.paint.Color.GRAY);
            property.addListener((_, _, color) -> take(index, color));
            all.add(property);
            taken[i] = converted(javafx.scene.paint.Color.GRAY);
        }
    }

    private synchronized void take(int index, javafx.scene.paint.Color color) {
        taken[index] = converted(color);
        whenChanged.run();
    }

    private static Color converted(javafx.scene.paint.Color color) {
        return new Color((int) Math.round(color.getRed() * 255), (int) Math.round(color.getGreen() * 255), (int) Math
                .round(color.getBlue() * 255));
    }

    private synchronized Color at(int index) {
        return taken[index];
    }

    /// Colours that follow the theme also where they were written long ago.
    TerminalColor foreground() {
        return new TerminalColor(() -> at(NUMBERED));
    }

    TerminalColor background() {
        return new TerminalColor(() -> at(NUMBERED + 1));
    }

    TerminalColor selectionForeground() {
        return new TerminalColor(() -> at(NUMBERED + 2));
    }

    TerminalColor selectionBackground() {
        return new TerminalColor(() -> at(NUMBERED + 3));
    }

    ColorPalette palette() {
        return new ColorPalette() {
            @Override
            protected Color getForegroundByColorIndex(int index) {
                return at(index);
            }

            @Override
            protected Color getBackgroundByColorIndex(int index) {
                return at(index);
            }
        };
    }

    @Override
    public List<CssMetaData<? extends Styleable, ?>> getCssMetaData() {
        return FACTORY.getCssMetaData();
    }
}
