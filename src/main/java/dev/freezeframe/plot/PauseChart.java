package dev.freezeframe.plot;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.analyse.Distribution;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import java.util.ArrayList;
import java.util.List;

/// How long the guest stood still for each checkpoint, stacked by the phases of the pause, with the median and the 99th
/// percentile of the whole experiment. Late checkpoints have a mark under their column.
record PauseChart() implements Chart {
    private static final double LATE_MARK = 3;

    @Override
    public String title() {
        return "Pause";
    }

    @Override
    public Figure figure(ChartFrame frame) {
        Distribution pause = frame.summary().pauseMicros();
        return frame.checkpoints().size() == 0
                ? Figure.NONE
                : new Figure(Units.millis(pause.median()), "median", "p99 " + Units.millis(pause.p99()));
    }

    @Override
    public List<Entry> legend(ChartFrame frame, int checkpoint) {
        CheckpointSeries series = frame.checkpoints();
        List<Entry> entries = new ArrayList<>();
        if (checkpoint >= 0) {
            String millis = Units.millis(series.pauseMicros(checkpoint));
            entries.add(new Entry(null, millis, millis, ""));
        }
        for (int phase = 0; phase < CheckpointSeries.PHASES.size(); phase++) {
            String value = checkpoint < 0 ? "" : Units.threeDigits(series.phaseMicros(phase, checkpoint) / 1e3);
            if (checkpoint < 0 || series.phaseMicros(phase, checkpoint) > 0) {
                entries.add(new Entry(frame.colors().phases().get(phase), CheckpointSeries.PHASES.get(phase),
                        CheckpointSeries.SHORT_PHASES.get(phase), value));
            }
        }
        return entries;
    }

    @Override
    public PixelColumns columns(ChartFrame frame, PlotArea area) {
        return frame.columns(frame.checkpoints()::pauseMicros, area);
    }

    @Override
    public void paint(Ink ink, ChartFrame frame, PlotArea area) {
        CheckpointSeries series = frame.checkpoints();
        PixelColumns columns = columns(frame, area);
        Distribution pause = frame.summary().pauseMicros();
        double[] millis = new double[columns.size()];
        for (int i = 0; i < millis.length; i++) {
            millis[i] = columns.values()[i] / 1e3;
        }
        ValueScale scale = ValueScale.of(millis, millis.length, pause.median() * 1.5 / 1e3, area.ticks());
        Axes.timeGrid(ink, frame, area);
        Axes.values(ink, frame.colors(), area, scale, value -> Axes.plain(value, scale.step()), null);
        ink.clip(area.x(), area.y() - 6, area.width(), area.height() + 6 + LATE_MARK + 1);
        for (int i = 0; i < columns.size(); i++) {
            stack(ink, frame, area, scale, columns, i);
        }
        lateMarks(ink, frame, area);
        cutMarks(ink, frame, area, scale, columns, millis);
        ink.unclip();
        if (series.size() > 0) {
            levels(ink, frame, area, scale, pause);
        }
    }

    private static void stack(Ink ink, ChartFrame frame, PlotArea area, ValueScale scale, PixelColumns columns,
            int column) {
        CheckpointSeries series = frame.checkpoints();
        int checkpoint = columns.shown()[column];
        double x = area.x() + columns.x()[column];
        double y = area.bottom();
        double sum = 0;
        for (int phase = 0; phase < CheckpointSeries.PHASES.size(); phase++) {
            sum += series.phaseMicros(phase, checkpoint) / 1e3;
            double upper = area.y(scale.share(sum));
            if (upper < y) {
                ink.fill(frame.colors().phases().get(phase), x, upper, columns.width()[column], y - upper);
                y = upper;
            }
        }
    }

    private static void cutMarks(Ink ink, ChartFrame frame, PlotArea area, ValueScale scale, PixelColumns columns,
            double[] millis) {
        Axes.cutMarks(ink, frame, area, scale, new PixelColumns(columns.shown(), columns.x(), columns.width(),
                columns.held(), millis, columns.size()));
    }

    private static void lateMarks(Ink ink, ChartFrame frame, PlotArea area) {
        CheckpointSeries series = frame.checkpoints();
        double last = -1;
        for (int i = series.firstFrom(frame.from()); i < series.size() && series.seconds(i) <= frame.to(); i++) {
            double x = Math.rint(frame.x(area, series.seconds(i)));
            if (series.late(i) > 0 && x != last) {
                ink.fill(frame.colors().late(), x - 1.5, area.bottom() + 1, 3, LATE_MARK);
                last = x;
            }
        }
    }

    /// The two labels never cover each other.
    private static void levels(Ink ink, ChartFrame frame, PlotArea area, ValueScale scale, Distribution pause) {
        double median = pause.median() / 1e3;
        double p99 = pause.p99() / 1e3;
        double medianLabel = area.y(scale.share(median)) + Axes.HALF_TEXT;
        double p99Label = area.y(scale.share(p99)) + Axes.HALF_TEXT;
        if (medianLabel - p99Label < 12) {
            double middle = (medianLabel + p99Label) / 2;
            p99Label = Math.max(middle - 6, area.y() + 4);
            medianLabel = p99Label + 12;
        }
        Axes.level(ink, frame, area, scale, p99, frame.colors().percentile(), Dash.DASHED,
                (p99 > scale.top() ? "↑" : "") + "p99 " + Units.threeDigits(p99), p99Label);
        Axes.level(ink, frame, area, scale, median, frame.colors().median(), Dash.SOLID,
                "med " + Units.threeDigits(median), medianLabel);
    }
}
