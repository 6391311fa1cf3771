package dev.freezeframe.plot;

import dev.freezeframe.analyse.CheckpointSeries;
import java.util.List;

/// The charts of a [dev.freezeframe.ui.chart.ChartsPane], from the top.
public enum ChartKind {
    PAUSE(new PauseChart()), DIRTY_RATE(new DirtyRateChart()), COMPOSITION(new CompositionChart()),
    /// Only of experiments that have disks.
    DISK_BLOCKS(new DiskBlocksChart()), STORE_GROWTH(new StoreGrowthChart());

    public static final List<ChartKind> ALL = List.of(values());

    @SuppressWarnings("ImmutableEnumChecker") // charts have no state
    private final Chart chart;

    ChartKind(Chart chart) {
        this.chart = chart;
    }

    /// What it is called.
    public String title() {
        return chart.title();
    }

    public Chart chart() {
        return chart;
    }

    /// Those that there are for an experiment.
    public static List<Chart> of(CheckpointSeries series) {
        return ALL.stream().filter(kind -> kind != DISK_BLOCKS || series.hasDisks()).map(ChartKind::chart).toList();
    }

    public static ChartKind of(Chart chart) {
        return ALL.stream().filter(kind -> kind.chart.equals(chart)).findFirst().orElseThrow();
    }
}
