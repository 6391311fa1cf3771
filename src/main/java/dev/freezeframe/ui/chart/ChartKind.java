package dev.freezeframe.ui.chart;

import java.util.List;

/// The charts of a [ChartsPane], from the top.
public enum ChartKind {
    PAUSE(new PauseChart()), DIRTY_RATE(new DirtyRateChart()), COMPOSITION(new CompositionChart()), STORE_GROWTH(
            new StoreGrowthChart());

    static final List<ChartKind> ALL = List.of(values());

    @SuppressWarnings("ImmutableEnumChecker") // charts have no state
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
        return ALL.stream().map(ChartKind::chart).toList();
    }
}
