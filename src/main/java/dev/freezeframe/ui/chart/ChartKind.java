package dev.freezeframe.ui.chart;

import java.util.Arrays;
import java.util.List;

/// The charts of a [ChartsPane], from the top.
public enum ChartKind {
    PAUSE(new PauseChart()), DIRTY_RATE(new DirtyRateChart()), COMPOSITION(new CompositionChart()), STORE_GROWTH(
            new StoreGrowthChart());

    private final Chart chart;

    ChartKind(Chart chart) {
        this.chart = chart;
    }

    /// What it is called.
    public String title() {
        return chart.title();
    }

    Chart chart() {
        return chart;
    }

    static List<Chart> all() {
        return Arrays.stream(values()).map(ChartKind::chart).toList();
    }
}
