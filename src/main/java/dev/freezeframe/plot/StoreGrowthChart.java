package dev.freezeframe.plot;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import dev.freezeframe.plot.ink.Ink.Size;
import dev.freezeframe.plot.ink.InkColor;
import java.util.ArrayList;
import java.util.List;

/// What all checkpoints so far would take as plain images of RAM and disks, and what the store keeps of them.
///
/// The two differ by a factor of a hundred, and more with every checkpoint, so the axis is logarithmic: both lines are read
/// off one axis with exact figures, and the space between them *is* the savings, as the same height is the same factor
/// everywhere. A curve of percents would creep along 99 and hide how fast the disk fills.
record StoreGrowthChart() implements Chart {
    private static final double LINE = 1.5;

    @Override
    public String title() {
        return "Store growth";
    }

    @Override
    public Figure figure(ChartFrame frame) {
        int newest = frame.checkpoints().size() - 1;
        if (newest < 0) {
            return Figure.NONE;
        }
        long raw = frame.checkpoints().rawBytes(newest);
        long kept = frame.checkpoints().keptBytes(newest);
        return new Figure(saved(raw, kept), "saved", Units.bytes(kept) + " kept");
    }

    private static String saved(long raw, long kept) {
        return raw == 0 ? "0 %" : Units.percent((double) raw - kept, (double) raw);
    }

    @Override
    public List<Entry> legend(ChartFrame frame, int checkpoint) {
        CheckpointSeries series = frame.checkpoints();
        List<Entry> entries = new ArrayList<>();
        boolean pointed = checkpoint >= 0;
        entries.add(new Entry(frame.colors().raw(), "as plain images", "plain images", pointed
                ? Units.bytes(series.rawBytes(checkpoint))
                : ""));
        entries.add(new Entry(frame.colors().kept(), "kept", "kept", pointed
                ? Units.bytes(series.keptBytes(checkpoint))
                : ""));
        if (pointed) {
            entries.add(new Entry(null, "saved", "saved",
                    saved(series.rawBytes(checkpoint), series.keptBytes(checkpoint))));
            String added = "+" + Units.bytes(series.storedBytes(checkpoint));
            entries.add(new Entry(null, added, added, ""));
        }
        return entries;
    }

    @Override
    public PixelColumns columns(ChartFrame frame, PlotArea area) {
        return frame.columns(frame.checkpoints()::keptBytes, area);
    }

    @Override
    public void paint(Ink ink, ChartFrame frame, PlotArea area) {
        CheckpointSeries series = frame.checkpoints();
        PixelColumns columns = columns(frame, area);
        Axes.timeGrid(ink, frame, area);
        if (columns.size() == 0) {
            ink.fill(frame.colors().grid(), area.x(), area.bottom(), area.width(), 1);
            return;
        }
        double least = Math.max(1, series.keptBytes(columns.shown()[0]));
        double most = Math.max(2 * least, (double) series.rawBytes(columns.shown()[columns.size() - 1]));
        double low = Math.log(least) - 0.08 * Math.log(most / least) - 0.1;
        double high = Math.log(most) + 0.08 * Math.log(most / least) + 0.1;
        grid(ink, frame.colors(), area, low, high);
        double[] xs = new double[columns.size()];
        double[] raw = new double[columns.size()];
        double[] kept = new double[columns.size()];
        for (int i = 0; i < xs.length; i++) {
            int checkpoint = columns.shown()[i];
            xs[i] = frame.x(area, series.seconds(checkpoint));
            raw[i] = y(area, (double) series.rawBytes(checkpoint), low, high);
            kept[i] = y(area, (double) series.keptBytes(checkpoint), low, high);
        }
        ink.clip(area.x(), area.y(), area.width(), area.height() + 1);
        line(ink, frame.colors().raw(), Dash.DASHED, xs, raw);
        line(ink, frame.colors().kept(), Dash.SOLID, xs, kept);
        ink.unclip();
        int last = columns.shown()[columns.size() - 1];
        double rawLabel = raw[xs.length - 1] + Axes.HALF_TEXT;
        double keptLabel = Math.max(kept[xs.length - 1] + Axes.HALF_TEXT, rawLabel + 12);
        ink.text(frame.colors().mutedText(), Size.SMALL, false, Units.bytes(series.rawBytes(last)), area.right() + 6,
                rawLabel);
        ink.text(frame.colors().kept(), Size.SMALL, false, Units.bytes(series.keptBytes(last)), area.right() + 6,
                keptLabel);
    }

    private static double y(PlotArea area, double bytes, double low, double high) {
        return area.bottom() - (Math.log(Math.max(1, bytes)) - low) / (high - low) * area.height();
    }

    /// A single checkpoint is a point, which a line cannot show.
    private static void line(Ink ink, InkColor color, Dash dash, double[] xs, double[] ys) {
        if (xs.length == 1) {
            ink.fill(color, xs[0] - 2, ys[0] - 2, 4, 4);
        } else {
            ink.path(color, LINE, dash, xs, ys, xs.length);
        }
    }

    /// Grid lines at 1, 10 and 100 of each unit, as far apart as their labels need.
    private static void grid(Ink ink, ChartColors colors, PlotArea area, double low, double high) {
        double lastY = Double.MAX_VALUE;
        for (long unit = 1; unit <= 1L << 50; unit <<= 10) {
            for (long times = 1; times <= 100; times *= 10) {
                double bytes = (double) unit * times;
                double y = Math.rint(y(area, bytes, low, high));
                if (y <= area.bottom() && y >= area.y()) {
                    ink.fill(colors.grid(), area.x(), y, area.width(), 1);
                    if (lastY - y >= 14) {
                        ink.textEndingAt(colors.mutedText(), Size.SMALL, false, label(times, unit), area.x() - 6,
                                y + Axes.HALF_TEXT);
                        lastY = y;
                    }
                }
            }
        }
    }

    private static String label(long times, long unit) {
        String one = Units.bytes(unit);
        return times + one.substring(one.indexOf(' '));
    }
}
