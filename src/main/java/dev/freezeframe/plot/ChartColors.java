package dev.freezeframe.plot;

import dev.freezeframe.analyse.PageFate;
import dev.freezeframe.plot.ink.InkColor;
import java.util.List;
import java.util.Map;

/// The colours of the palette at one moment, so that painting in the background sees one theme from end to end. Immutable.
///
/// @param phases of the pause, in their order
/// @param lines  for experiments laid over each other
/// @param heat   from seldom to often, evenly spaced to the eye
/// @param simulation of what is executed again
public record ChartColors(Map<PageFate, InkColor> fates, List<InkColor> phases, List<InkColor> lines,
        List<InkColor> heat,
        InkColor dirty, InkColor raw, InkColor kept, InkColor late, InkColor median, InkColor percentile,
        SimulationColors simulation, InkColor selection, InkColor text, InkColor mutedText, InkColor grid,
        InkColor background) {

    public InkColor of(PageFate fate) {
        return fates.get(fate);
    }
}
