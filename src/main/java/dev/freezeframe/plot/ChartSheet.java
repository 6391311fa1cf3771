package dev.freezeframe.plot;

import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import dev.freezeframe.plot.ink.Ink.Size;
import dev.freezeframe.plot.ink.InkColor;
import java.util.ArrayList;
import java.util.List;

/// Where the charts are on a rectangle of some size: one above the other, each with its figure at the left, and one time axis
/// under all of them. Paints the same on the screen and into files. Immutable.
public final class ChartSheet {
    private static final double AXIS_HEIGHT = 20;
    private static final double LEGEND_HEIGHT = 20;
    private static final double LABELS_LEFT = 44;
    private static final double LABELS_RIGHT = 60;
    private static final double FIGURE_WIDTH = 128;
    private static final double NARROW_FIGURE_WIDTH = 112;
    private static final double NARROW = 640;
    private static final double PADDING = 8;
    private static final double SWATCH = 8;
    private static final double SWATCH_GAP = 3;
    private static final double BETWEEN = 8;
    private static final double DOTS = 10;
    private static final double UNDER_PLOT = 8;

    private final List<Chart> charts;
    private final double width;
    private final double height;
    private final double top;
    private final double each;

    /// @param top room over the first chart
    public ChartSheet(List<Chart> charts, double width, double height, double top) {
        this.charts = charts;
        this.width = Math.floor(width);
        this.height = Math.floor(height);
        this.top = top;
        each = Math.max(LEGEND_HEIGHT + UNDER_PLOT + 8, Math.floor((this.height - AXIS_HEIGHT - top) / charts.size()));
    }

    public List<Chart> charts() {
        return charts;
    }

    public double width() {
        return width;
    }

    public double height() {
        return height;
    }

    private double topOf(int chart) {
        return top + chart * each;
    }

    public PlotArea area(int chart) {
        return area(width, topOf(chart) + LEGEND_HEIGHT, each - LEGEND_HEIGHT - UNDER_PLOT);
    }

    /// Where every chart is in a width, so that all of them have one axis.
    static PlotArea area(double width, double top, double height) {
        double left = (width < NARROW ? NARROW_FIGURE_WIDTH : FIGURE_WIDTH) + LABELS_LEFT;
        return new PlotArea(left, top, Math.max(16, Math.floor(width) - left - LABELS_RIGHT), height);
    }

    /// The chart at this height.
    public int chartAt(double y) {
        return Math.clamp((int) ((y - top) / each), 0, charts.size() - 1);
    }

    /// Paints everything that does not follow the mouse.
    public void paintPlots(Ink ink, ChartFrame frame) {
        ChartColors colors = frame.colors();
        for (int i = 0; i < charts.size(); i++) {
            PlotArea area = area(i);
            if (i > 0 || top > 0) {
                ink.fill(colors.grid(), 0, topOf(i), width, 1);
            }
            charts.get(i).paint(ink, frame, area);
            heading(ink, colors, charts.get(i).title(), charts.get(i).figure(frame), topOf(i), each);
            units(ink, colors, i, area);
        }
        PlotArea last = area(charts.size() - 1);
        Axes.timeLabels(ink, frame, last, last.bottom() + UNDER_PLOT + 13);
    }

    /// What stands at the left of a chart: its title, its figure and as much about that as there is room for.
    static void heading(Ink ink, ChartColors colors, String title, Chart.Figure figure, double top, double height) {
        double y = top + 15;
        ink.text(colors.mutedText(), Size.SMALL, true, title, PADDING, y);
        boolean roomy = height >= 76;
        y += roomy ? 25 : 18;
        ink.text(colors.text(), roomy ? Size.FIGURE : Size.LARGE, false, figure.number(), PADDING, y);
        for (String line : List.of(figure.what(), figure.more())) {
            y += 15;
            if (y < top + height - 2) {
                ink.text(colors.mutedText(), Size.SMALL, false, line, PADDING, y);
            }
        }
    }

    private void units(Ink ink, ChartColors colors, int chart, PlotArea area) {
        double baseline = topOf(chart) + 13;
        switch (charts.get(chart)) {
            case PauseChart _ -> Axes.units(ink, colors, area, baseline, "ms", "");
            case DirtyRateChart _ -> Axes.units(ink, colors, area, baseline, "pages/s", "MiB/s");
            case CompositionChart _ -> Axes.units(ink, colors, area, baseline, "pages", "");
            case DiskBlocksChart _ -> Axes.units(ink, colors, area, baseline, "blocks", "MiB");
            case StoreGrowthChart _ -> {
            }
        }
    }

    /// Paints the legends and what points at checkpoints.
    ///
    /// @param selected checkpoint that is marked, -1 for none
    /// @param hovered  checkpoint under the cross-hair, -1 for none
    public void paintPointers(Ink ink, ChartFrame frame, int selected, int hovered) {
        int pointed = hovered >= 0 ? hovered : selected;
        for (int i = 0; i < charts.size(); i++) {
            PlotArea area = area(i);
            legend(ink, frame.colors(), charts.get(i).legend(frame, pointed), area.x(), topOf(i) + 13,
                    hasUnitsRight(charts.get(i)) ? area.width() : width - area.x() - PADDING);
            if (selected >= 0) {
                pointer(ink, frame, area, selected, frame.colors().selection(), Dash.SOLID);
            }
            if (hovered >= 0 && hovered != selected) {
                pointer(ink, frame, area, hovered, frame.colors().mutedText(), Dash.DOTTED);
            }
        }
        if (selected >= 0) {
            PlotArea last = area(charts.size() - 1);
            double x = Math.rint(frame.x(last, frame.checkpoints().seconds(selected))) + 0.5;
            if (x >= last.x() && x <= last.right()) {
                ink.area(frame.colors().selection(), new double[]{x - 4, x + 4, x}, new double[]{last.bottom() + 8,
                        last.bottom() + 8, last.bottom() + 2}, 3);
            }
        }
    }

    private static boolean hasUnitsRight(Chart chart) {
        return chart instanceof DirtyRateChart || chart instanceof DiskBlocksChart;
    }

    private static void pointer(Ink ink, ChartFrame frame, PlotArea area, int checkpoint, InkColor color, Dash dash) {
        double x = Math.rint(frame.x(area, frame.checkpoints().seconds(checkpoint))) + 0.5;
        if (x >= area.x() && x <= area.right()) {
            ink.line(color, 1, dash, x, area.y() - 2, x, area.bottom());
        }
    }

    /// As much of the legend as there is room for; where it is not all, three dots say so.
    public static void legend(Ink ink, ChartColors colors, List<Chart.Entry> all, double left, double baseline,
            double room) {
        List<Chart.Entry> entries = all;
        double needs = all.stream().mapToDouble(entry -> width(ink, entry) + BETWEEN).sum() - BETWEEN;
        if (needs > room) {
            entries = all.stream().filter(entry -> entry.brief() != null).map(entry -> new Chart.Entry(entry.swatch(),
                    entry.brief(), entry.brief(), entry.value())).toList();
        }
        double x = left;
        double end = left + room;
        for (int i = 0; i < entries.size(); i++) {
            Chart.Entry entry = entries.get(i);
            String name = entry.name() + (entry.value().isEmpty() ? "" : " ");
            double swatch = entry.swatch() == null ? 0 : SWATCH + SWATCH_GAP;
            double nameWidth = ink.width(Size.SMALL, false, name);
            double needed = width(ink, entry);
            double dots = i == entries.size() - 1 ? 0 : DOTS;
            if (x + needed + dots > end) {
                ink.text(colors.mutedText(), Size.SMALL, false, "…", x, baseline);
                return;
            }
            if (entry.swatch() != null) {
                ink.fill(entry.swatch(), Math.rint(x), baseline - SWATCH, SWATCH, SWATCH);
            }
            boolean only = entry.swatch() == null && entry.value().isEmpty();
            ink.text(only ? colors.text() : colors.mutedText(), Size.SMALL, false, name, x + swatch, baseline);
            ink.text(colors.text(), Size.SMALL, false, entry.value(), x + swatch + nameWidth, baseline);
            x += needed + BETWEEN;
        }
    }

    private static double width(Ink ink, Chart.Entry entry) {
        return (entry.swatch() == null ? 0 : SWATCH + SWATCH_GAP) + ink.width(Size.SMALL, false, entry.name() + (entry
                .value().isEmpty() ? "" : " ")) + ink.width(Size.SMALL, false, entry.value());
    }

    /// What a reader of screens is told: every chart's figure and, where one is pointed at, the checkpoint's values.
    public List<String> words(ChartFrame frame, int pointed) {
        List<String> words = new ArrayList<>();
        for (Chart chart : charts) {
            Chart.Figure figure = chart.figure(frame);
            StringBuilder text = new StringBuilder(chart.title()).append(": ").append(figure.number()).append(' ')
                    .append(figure.what()).append(", ").append(figure.more());
            if (pointed >= 0) {
                for (Chart.Entry entry : chart.legend(frame, pointed)) {
                    text.append(", ").append(entry.name()).append(' ').append(entry.value());
                }
            }
            words.add(text.toString().strip());
        }
        return words;
    }
}
