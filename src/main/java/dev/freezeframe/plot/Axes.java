package dev.freezeframe.plot;

import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import dev.freezeframe.plot.ink.Ink.Size;
import dev.freezeframe.plot.ink.InkColor;
import java.util.function.DoubleFunction;

/// What all charts have around and behind their values: grids, labels, marks.
final class Axes {
    private static final double GAP = 6;
    /// From the middle of small text to its base line.
    static final double HALF_TEXT = 4;
    private static final double MARK = 3.5;

    private Axes() {}

    /// Horizontal grid lines with the values at the left, and at the right where `right` is not null.
    static void values(Ink ink, ChartColors colors, PlotArea area, ValueScale scale, DoubleFunction<String> left,
            DoubleFunction<String> right) {
        for (int i = 0; i * scale.step() <= scale.top() * (1 + 1e-9); i++) {
            double value = i * scale.step();
            double y = area.y(scale.share(value));
            ink.fill(colors.grid(), area.x(), y, area.width(), 1);
            ink.textEndingAt(colors.mutedText(), Size.SMALL, false, left.apply(value), area.x() - GAP, y + HALF_TEXT);
            if (right != null) {
                ink.text(colors.mutedText(), Size.SMALL, false, right.apply(value), area.right() + GAP, y + HALF_TEXT);
            }
        }
    }

    /// The units over the labels.
    static void units(Ink ink, ChartColors colors, PlotArea area, double baseline, String left, String right) {
        ink.textEndingAt(colors.mutedText(), Size.SMALL, false, left, area.x() - GAP, baseline);
        ink.text(colors.mutedText(), Size.SMALL, false, right, area.right() + GAP, baseline);
    }

    /// Vertical grid lines at round moments.
    static void timeGrid(Ink ink, ChartFrame frame, PlotArea area) {
        timeGrid(ink, frame.colors(), area, frame.from(), frame.to());
    }

    /// The same from one second to another.
    static void timeGrid(Ink ink, ChartColors colors, PlotArea area, double from, double to) {
        TimeTicks ticks = timeTicks(from, to, area.width());
        for (double at = ticks.firstFrom(from); at <= to; at += ticks.step()) {
            ink.fill(colors.grid(), Math.rint(x(area, from, to, at)), area.y(), 1, area.height());
        }
    }

    private static double x(PlotArea area, double from, double to, double second) {
        return area.x() + (second - from) / (to - from) * area.width();
    }

    static TimeTicks timeTicks(double from, double to, double width) {
        return TimeTicks.of(from, to, (int) (width / 72));
    }

    /// Labels at round moments under the plots.
    static void timeLabels(Ink ink, ChartFrame frame, PlotArea area, double baseline) {
        timeLabels(ink, frame.colors(), area, frame.from(), frame.to(), baseline);
    }

    /// The same from one second to another.
    static void timeLabels(Ink ink, ChartColors colors, PlotArea area, double from, double to, double baseline) {
        TimeTicks ticks = timeTicks(from, to, area.width());
        for (double at = ticks.firstFrom(from); at <= to; at += ticks.step()) {
            String label = ticks.label(at);
            double width = ink.width(Size.SMALL, false, label);
            double x = Math.clamp(x(area, from, to, at) - width / 2, area.x() - 20, area.right() + 40 - width);
            ink.text(colors.mutedText(), Size.SMALL, false, label, x, baseline);
        }
    }

    /// A line across the plot with its value at the right; where it is beyond the scale, an arrow says so.
    static void level(Ink ink, ChartFrame frame, PlotArea area, ValueScale scale, double value,
            InkColor color,
            Dash dash, String label, double labelBaseline) {
        if (value <= scale.top()) {
            double y = area.y(scale.share(value)) + 0.5;
            ink.line(color, 1, dash, area.x(), y, area.right(), y);
        }
        ink.text(color, Size.SMALL, false, label, area.right() + GAP, labelBaseline);
    }

    /// Small triangles over the columns that are cut off at the upper edge.
    static void cutMarks(Ink ink, ChartFrame frame, PlotArea area, ValueScale scale, PixelColumns columns) {
        if (!scale.cut()) {
            return;
        }
        double last = -100;
        for (int i = 0; i < columns.size(); i++) {
            double middle = Math.rint(area.x() + columns.x()[i] + columns.width()[i] / 2.0);
            if (columns.values()[i] > scale.top() && middle - last > 2 * MARK) {
                ink.area(frame.colors().text(), new double[]{middle - MARK, middle + MARK, middle},
                        new double[]{area.y() + 1, area.y() + 1, area.y() - 4}, 3);
                last = middle;
            }
        }
    }

    /// A number of pages, short enough for an axis.
    static String pages(double pages) {
        if (pages < 10_000) {
            return Units.count(Math.round(pages));
        }
        double thousands = pages / 1000;
        return (thousands == Math.rint(thousands) ? Units.count((long) thousands) : Units.text("%.1f", thousands))
                + "k";
    }

    /// A number with as many digits as its grid step needs.
    static String plain(double value, double step) {
        int digits = step >= 1 && step == Math.rint(step)
                ? 0
                : step >= 0.1 && step * 10 == Math.rint(step * 10) ? 1 : 2;
        return value == 0 ? "0" : Units.text("%,." + digits + "f", value);
    }
}
