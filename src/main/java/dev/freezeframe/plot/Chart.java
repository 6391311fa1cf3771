package dev.freezeframe.plot;

import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.InkColor;
import java.util.List;

/// One of the charts over the checkpoints of an experiment: what it says in words and how it is painted. Without state, so one
/// of each serves every thread.
public sealed interface Chart permits PauseChart, DirtyRateChart, CompositionChart, DiskBlocksChart, StoreGrowthChart {

    /// The large number that answers the chart's question.
    ///
    /// @param number with its unit
    /// @param what   it is a number of
    /// @param more   the second thing to know
    record Figure(String number, String what, String more) {
        static final Figure NONE = new Figure("–", "", "");
    }

    /// A part of the legend, with its value at a checkpoint.
    ///
    /// @param swatch its colour, null for none
    /// @param brief  its name where there is less room, null to be left out there
    /// @param value  empty where no checkpoint is pointed at
    record Entry(InkColor swatch, String name, String brief, String value) {}

    String title();

    Figure figure(ChartFrame frame);

    /// The legend, with the exact values of a checkpoint where that is not -1.
    List<Entry> legend(ChartFrame frame, int checkpoint);

    /// Paints grid, values and marks.
    void paint(Ink ink, ChartFrame frame, PlotArea area);

    /// What is painted as columns, for finding the checkpoint under the mouse.
    PixelColumns columns(ChartFrame frame, PlotArea area);
}
