package dev.freezeframe.plot;

import dev.freezeframe.analyse.OverlayRun;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import dev.freezeframe.plot.ink.Ink.Size;
import dev.freezeframe.plot.ink.InkColor;
import java.util.Arrays;
import java.util.List;

/// Several experiments laid over each other on a rectangle of some size: how long their pauses were, when, how fast pages
/// became dirty, and what the store kept of them. Every experiment has a colour and a pattern of its line. Immutable.
///
/// A pixel of the pauses shows the longest of its checkpoints, so that no spike is lost; one of the other curves shows their
/// mean, because intervals are compared by what they take over time.
public record OverlaySheet(List<OverlayRun> runs, ChartColors colors, double width, double height) {
    private static final List<Dash> DASHES = List.of(Dash.values());
    private static final int CHARTS = 5;
    private static final double TWO_COLUMNS = 560;
    private static final double LEFT = 56;
    private static final double TITLE = 22;
    private static final double BOTTOM = 22;
    private static final double RIGHT = 16;
    private static final double LINE = 1.5;
    private static final double LEGEND_ROW = 18;
    private static final double SAMPLE = 32;

    /// A value of a checkpoint of an experiment; not a number where it has none.
    private interface Value {
        double of(OverlayRun run, int checkpoint);
    }

    private int columns() {
        return width >= TWO_COLUMNS ? 2 : 1;
    }

    private PlotArea area(int place) {
        int rows = Math.ceilDiv(CHARTS + 1, columns());
        double cellWidth = Math.floor(width / columns());
        double cellHeight = Math.floor(height / rows);
        double x = place % columns() * cellWidth;
        double y = Math.floorDiv(place, columns()) * cellHeight;
        return new PlotArea(x + LEFT, y + TITLE, Math.max(16, cellWidth - LEFT - RIGHT), Math.max(8, cellHeight - TITLE
                - BOTTOM));
    }

    public void paint(Ink ink) {
        pauses(ink, area(0));
        overTime(ink, area(1), "Pause over time, ms, longest per pixel", true, false, (run, i) -> run.checkpoints()
                .pauseMicros(i) / 1e3);
        overTime(ink, area(2), "Dirty rate, pages/s, mean", false, false, (run, i) -> run.checkpoints().pagesPerSecond(
                i));
        overTime(ink, area(3), "Stored per checkpoint, mean", false, true, OverlayRun::storedBytes);
        overTime(ink, area(4), "Stored per second, mean", false, true, OverlayRun::storedBytesPerSecond);
        legend(ink, area(5));
    }

    static Dash dash(int run) {
        return DASHES.get(run % DASHES.size());
    }

    InkColor color(int run) {
        return colors.lines().get(run % colors.lines().size());
    }

    private void title(Ink ink, PlotArea area, String title) {
        ink.text(colors.mutedText(), Size.SMALL, true, title, area.x(), area.y() - 8);
    }

    private void legend(Ink ink, PlotArea area) {
        double y = area.y() + 4;
        for (int i = 0; i < runs.size() && y < area.bottom() + BOTTOM; i++) {
            ink.line(color(i), 2, dash(i), area.x(), y - 4, area.x() + SAMPLE, y - 4);
            ink.text(colors.text(), Size.SMALL, false,
                    fitting(ink, runs.get(i).experiment().name(), area.width() - SAMPLE
                            - 8),
                    area.x() + SAMPLE + 8, y);
            y += LEGEND_ROW;
        }
    }

    private static String fitting(Ink ink, String text, double room) {
        String shown = text;
        while (shown.length() > 1 && ink.width(Size.SMALL, false, shown) > room) {
            shown = shown.substring(0, shown.length() - 2) + "…";
        }
        return shown;
    }

    /// For each length of a pause, how many of the pauses were no longer.
    private void pauses(Ink ink, PlotArea area) {
        title(ink, area, "Pauses up to so many ms, share");
        double[] ends = runs.stream().mapToDouble(run -> run.summary().pauseMicros().p99() / 1e3 * 1.3).toArray();
        ValueScale lengths = ValueScale.of(ends, ends.length, 0, Math.max(2, (int) (area.width() / 64)));
        ValueScale shares = new ValueScale(1, area.height() > 80 ? 0.25 : 0.5, false);
        Axes.values(ink, colors, area, shares, share -> Math.round(share * 100) + " %", null);
        for (int i = 0; i * lengths.step() <= lengths.top() * (1 + 1e-9); i++) {
            double x = Math.rint(area.x() + lengths.share(i * lengths.step()) * area.width());
            ink.fill(colors.grid(), x, area.y(), 1, area.height());
            String label = Axes.plain(i * lengths.step(), lengths.step());
            ink.text(colors.mutedText(), Size.SMALL, false, label, x - ink.width(Size.SMALL, false, label) / 2, area
                    .bottom() + 14);
        }
        int points = (int) area.width() + 1;
        double[] xs = new double[points];
        double[] ys = new double[points];
        for (int run = 0; run < runs.size(); run++) {
            for (int i = 0; i < points; i++) {
                xs[i] = area.x() + i;
                ys[i] = area.bottom()
                        - area.height() * runs.get(run).shareOfPausesUpTo(i / area.width() * lengths.top());
            }
            ink.path(color(run), LINE, dash(run), xs, ys, points);
        }
    }

    private void overTime(Ink ink, PlotArea area, String title, boolean longest, boolean bytes, Value value) {
        title(ink, area, title);
        double end = runs.stream().mapToDouble(run -> run.checkpoints().lastSeconds()).max().orElse(1);
        double to = Math.max(end, 0.1) * 1.01;
        int pixels = (int) area.width();
        double[][] lines = new double[runs.size()][];
        double[] all = new double[pixels * runs.size()];
        int count = 0;
        for (int run = 0; run < lines.length; run++) {
            lines[run] = line(runs.get(run), value, longest, to, pixels);
            for (double each : lines[run]) {
                if (!Double.isNaN(each)) {
                    all[count++] = each;
                }
            }
        }
        double unit = bytes ? unitOf(all, count) : 1;
        for (int i = 0; i < count; i++) {
            all[i] /= unit;
        }
        ValueScale scale = ValueScale.of(all, count, 0, area.ticks());
        TimeTicks ticks = Axes.timeTicks(0, to, area.width());
        for (double at = 0; at <= to; at += ticks.step()) {
            double x = Math.rint(area.x() + at / to * area.width());
            ink.fill(colors.grid(), x, area.y(), 1, area.height());
            String text = ticks.label(at);
            ink.text(colors.mutedText(), Size.SMALL, false, text, Math.min(x - ink.width(Size.SMALL, false, text) / 2,
                    area.right() + RIGHT - ink.width(Size.SMALL, false, text)), area.bottom() + 14);
        }
        String name = bytes ? Units.bytes((long) unit).replaceFirst("^[^ ]+", "") : "";
        Axes.values(ink, colors, area, scale, each -> (scale.top() >= 1000
                ? Axes.pages(each)
                : Axes.plain(each, scale
                        .step()))
                + name, null);
        ink.clip(area.x(), area.y() - 2, area.width(), area.height() + 4);
        double[] xs = new double[pixels];
        double[] ys = new double[pixels];
        for (int run = 0; run < lines.length; run++) {
            int points = 0;
            for (int i = 0; i < pixels; i++) {
                if (!Double.isNaN(lines[run][i])) {
                    xs[points] = area.x() + i;
                    ys[points++] = area.y(scale.share(lines[run][i] / unit));
                }
            }
            if (points == 1) {
                ink.fill(color(run), xs[0] - 2, ys[0] - 2, 4, 4);
            } else if (points > 1) {
                ink.path(color(run), LINE, dash(run), xs, ys, points);
            }
        }
        ink.unclip();
    }

    /// The binary unit that the greatest of these bytes is written in.
    private static double unitOf(double[] bytes, int count) {
        double most = Arrays.stream(bytes, 0, count).max().orElse(0);
        double unit = 1;
        while (most / unit >= 1024) {
            unit *= 1024;
        }
        return unit;
    }

    /// One value for each pixel, not a number where there is no checkpoint.
    private static double[] line(OverlayRun run, Value value, boolean longest, double to, int pixels) {
        double[] line = new double[pixels];
        int[] held = new int[pixels];
        Arrays.fill(line, Double.NaN);
        for (int i = 0; i < run.checkpoints().size(); i++) {
            double now = value.of(run, i);
            int pixel = Math.clamp(Math.round(run.checkpoints().seconds(i) / to * (pixels - 1)), 0, pixels - 1);
            if (Double.isNaN(now)) {
                continue;
            }
            if (held[pixel]++ == 0) {
                line[pixel] = now;
            } else {
                line[pixel] = longest ? Math.max(line[pixel], now) : line[pixel] + (now - line[pixel]) / held[pixel];
            }
        }
        return line;
    }
}
