package dev.freezeframe.plot;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.analyse.DirtyCounts;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import dev.freezeframe.plot.ink.InkColor;
import java.util.ArrayList;
import java.util.List;

/// How many pages a second became dirty, and how many bytes: as a step over the time that each checkpoint covers, and as a
/// line between the checkpoints while a recording counts them.
record DirtyRateChart() implements Chart {
    private static final double MEBIBYTE = 1 << 20;

    @Override
    public String title() {
        return "Dirty rate";
    }

    private static String bytesPerSecond(double pages) {
        return Units.bytes(Math.round(pages * GuestPage.BYTES)) + "/s";
    }

    @Override
    public Figure figure(ChartFrame frame) {
        CheckpointSeries series = frame.checkpoints();
        int newest = series.size() - 1;
        if (newest < 0 || (newest == 0 && Double.isNaN(series.pagesPerSecond(0)))) {
            return Figure.NONE;
        }
        boolean now = frame.live() && !Double.isNaN(series.pagesPerSecond(newest));
        double pages = now ? series.pagesPerSecond(newest) : series.medianPagesPerSecond();
        return new Figure(Units.count(Math.round(pages)) + "/s", now ? "now" : "median", bytesPerSecond(pages));
    }

    @Override
    public List<Entry> legend(ChartFrame frame, int checkpoint) {
        CheckpointSeries series = frame.checkpoints();
        List<Entry> entries = new ArrayList<>();
        InkColor color = frame.colors().dirty();
        if (checkpoint < 0) {
            entries.add(new Entry(color, "per checkpoint", "per checkpoint", ""));
        } else if (Double.isNaN(series.pagesPerSecond(checkpoint))) {
            entries.add(new Entry(color, "first checkpoint, all of RAM in use", "all of RAM",
                    Units.count(series.dirtyPages(checkpoint), "page")));
        } else {
            double rate = series.pagesPerSecond(checkpoint);
            String pages = Units.count(Math.round(rate)) + " pages/s";
            entries.add(new Entry(color, pages, pages, ""));
            entries.add(new Entry(null, bytesPerSecond(rate), bytesPerSecond(rate), ""));
            entries.add(new Entry(null, "dirty", "dirty", Units.count(series.dirtyPages(checkpoint), "page")));
        }
        if (frame.counts().size() > 0) {
            entries.add(new Entry(frame.colors().text(), "counted between", "between", ""));
        }
        return entries;
    }

    @Override
    public PixelColumns columns(ChartFrame frame, PlotArea area) {
        return frame.columns(frame.checkpoints()::pagesPerSecond, area);
    }

    @Override
    public void paint(Ink ink, ChartFrame frame, PlotArea area) {
        PixelColumns columns = columns(frame, area);
        DirtyCounts counts = frame.counts();
        int first = Math.max(0, counts.firstFrom(frame.from()) - 1);
        int last = Math.min(counts.size(), counts.firstFrom(frame.to()) + 1);
        double[] xs = new double[(int) area.width() + 3];
        double[] ys = new double[xs.length];
        int points = 0;
        for (int i = first; i < last; i++) {
            double x = Math.rint(frame.x(area, counts.seconds(i)));
            double rate = counts.pagesPerSecond(i);
            if (points > 0 && xs[points - 1] == x) {
                ys[points - 1] = Math.max(ys[points - 1], rate);
            } else if (points < xs.length) {
                xs[points] = x;
                ys[points++] = rate;
            }
        }
        double[] all = new double[columns.size() + points];
        System.arraycopy(columns.values(), 0, all, 0, columns.size());
        System.arraycopy(ys, 0, all, columns.size(), points);
        ValueScale scale = ValueScale.of(all, all.length, 0, area.ticks());
        double inMebibytes = GuestPage.BYTES / MEBIBYTE;
        Axes.timeGrid(ink, frame, area);
        Axes.values(ink, frame.colors(), area, scale, Axes::pages, value -> value == 0
                ? "0"
                : Units.threeDigits(value * inMebibytes));
        ink.clip(area.x(), area.y() - 6, area.width(), area.height() + 7);
        steps(ink, frame, area, scale, columns);
        Axes.cutMarks(ink, frame, area, scale, columns);
        for (int i = 0; i < points; i++) {
            ys[i] = area.y(scale.share(ys[i]));
        }
        if (points > 1) {
            ink.path(frame.colors().text(), 1, Dash.SOLID, xs, ys, points);
        }
        ink.unclip();
    }

    /// Each checkpoint's rate over the time that it is from.
    private static void steps(Ink ink, ChartFrame frame, PlotArea area, ValueScale scale, PixelColumns columns) {
        InkColor faint = frame.colors().dirty().faint(0.35);
        for (int i = 0; i < columns.size(); i++) {
            int checkpoint = columns.shown()[i];
            boolean shared = columns.held()[i] > 1;
            double right = Math.rint(frame.x(area, frame.checkpoints().seconds(checkpoint)));
            double left = shared
                    ? area.x() + columns.x()[i]
                    : Math.rint(frame.x(area, frame.checkpoints().since(checkpoint)));
            double width = shared ? columns.width()[i] : Math.max(1, right - left);
            double y = area.y(scale.share(columns.values()[i]));
            ink.fill(faint, left, y, width, area.bottom() - y);
            ink.fill(frame.colors().dirty(), left, y, width, 1.5);
        }
    }
}
