package dev.freezeframe.ui.chart;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.analyse.PageFate;
import dev.freezeframe.plot.ChartColors;
import dev.freezeframe.plot.SimulationColors;
import dev.freezeframe.plot.ink.InkColor;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.ui.theme.Palette;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javafx.scene.paint.Color;

/// What a palette has now, for painting that knows no JavaFX. For the JavaFX thread.
public final class PaletteColors {
    private PaletteColors() {}

    public static ChartColors of(Palette palette) {
        Map<PageFate, InkColor> fates = new EnumMap<>(PageFate.class);
        for (PageClass pageClass : PageClass.values()) {
            fates.put(PageFate.of(pageClass), of(palette.of(pageClass)));
        }
        fates.put(PageFate.UNTOUCHED, of(palette.untouched()));
        List<InkColor> phases = new ArrayList<>();
        for (int i = 0; i < CheckpointSeries.PHASES.size(); i++) {
            phases.add(of(palette.phase(i)));
        }
        return new ChartColors(fates, List.copyOf(phases), of(palette.lines()), of(palette.heat()), of(palette.dirty()),
                of(palette.raw()), of(palette.kept()), of(palette.late()), of(palette.median()), of(palette
                        .percentile()),
                simulation(palette), of(palette.selection()), of(palette.text()), of(palette.mutedText()),
                of(palette.grid()),
                of(palette.background()));
    }

    private static SimulationColors simulation(Palette palette) {
        return new SimulationColors(of(palette.restore()), of(palette.run()), of(palette.proof()), of(palette.proven()),
                of(palette.across()), of(palette.untouched()), of(palette.late()));
    }

    static InkColor of(Color color) {
        return new InkColor(color.getRed(), color.getGreen(), color.getBlue(), color.getOpacity());
    }

    private static List<InkColor> of(List<Color> colors) {
        return colors.stream().map(PaletteColors::of).toList();
    }
}
