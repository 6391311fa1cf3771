package dev.freezeframe.plot;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.analyse.DirtyCounts;
import dev.freezeframe.analyse.RunSummary;

/// All that one painting of the charts is made from. It never changes, so that the same frame can be painted on the screen and,
/// in the background, into a file.
///
/// @param checkpoints a snapshot
/// @param counts      of dirty pages between the checkpoints, a snapshot
/// @param summary     of all checkpoints, in view or not
/// @param from        left edge, seconds since the experiment's start
/// @param to          right edge
/// @param live        whether the experiment is being recorded
public record ChartFrame(CheckpointSeries checkpoints, DirtyCounts counts, RunSummary summary, double from, double to,
        boolean live, ChartColors colors) {

    PixelColumns columns(PixelColumns.Value value, PlotArea area) {
        return PixelColumns.of(checkpoints, value, from, to, (int) area.width());
    }

    /// Where a moment is on the screen.
    public double x(PlotArea area, double second) {
        return area.x() + (second - from) / (to - from) * area.width();
    }

    public double second(PlotArea area, double x) {
        return from + (x - area.x()) / area.width() * (to - from);
    }
}
