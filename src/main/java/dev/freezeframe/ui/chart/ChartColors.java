package dev.freezeframe.ui.chart;

import dev.freezeframe.store.PageClass;
import dev.freezeframe.ui.theme.Palette;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javafx.scene.paint.Color;

/// The colours of the palette at one moment, so that painting in the background sees one theme from end to end. Immutable.
///
/// @param phases of the pause, in their order
/// @param lines  for experiments laid over each other
/// @param heat   from seldom to often, evenly spaced to the eye
record ChartColors(Map<PageFate, Color> fates, List<Color> phases, List<Color> lines, List<Color> heat, Color dirty,
        Color raw, Color kept, Color late, Color median, Color percentile, Color selection, Color text,
        Color mutedText, Color grid, Color background) {

    /// What the palette has now. For the JavaFX thread.
    static ChartColors of(Palette palette) {
        Map<PageFate, Color> fates = new EnumMap<>(PageFate.class);
        for (PageClass pageClass : PageClass.values()) {
            fates.put(PageFate.of(pageClass), palette.of(pageClass));
        }
        fates.put(PageFate.UNTOUCHED, palette.untouched());
        List<Color> phases = new ArrayList<>();
        for (int i = 0; i < CheckpointSeries.PHASES.size(); i++) {
            phases.add(palette.phase(i));
        }
        return new ChartColors(fates, List.copyOf(phases), palette.lines(), palette.heat(), palette.dirty(),
                palette.raw(), palette.kept(), palette.late(), palette.median(), palette.percentile(),
                palette.selection(), palette.text(), palette.mutedText(), palette.grid(), palette.background());
    }

    Color of(PageFate fate) {
        return fates.get(fate);
    }

    /// A colour with some of the background shining through.
    static Color faint(Color color, double share) {
        return new Color(color.getRed(), color.getGreen(), color.getBlue(), color.getOpacity() * share);
    }
}
