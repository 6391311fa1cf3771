package dev.freezeframe.plot;

import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import dev.freezeframe.plot.ink.InkColor;

/// The signs of the states of intervals, as strokes: no face has to have them, and they are the same on the screen and in files.
final class StateSign {
    /// Wide and high.
    static final double SIZE = 10;
    /// What it can do with where it must not be missing.
    static final double LEAST = 6.5;
    private static final double STROKE = 1.6;
    /// How much darker one colour is than another, by their luminance, where light is written on it.
    private static final double DARK = 0.36;

    private StateSign() {}

    /// Paints one with its middle here.
    static void paint(Ink ink, InkColor color, IntervalState state, double x, double y) {
        switch (state) {
            case PROVEN -> check(ink, color, x, y);
            case PROVEN_ACROSS_INTERRUPT -> {
                check(ink, color, x, y - 1);
                ink.fill(color, x - 4, y + 4, 8, 1);
            }
            case DIVERGED -> {
                ink.line(color, STROKE, Dash.SOLID, x - 3, y - 3, x + 3, y + 3);
                ink.line(color, STROKE, Dash.SOLID, x - 3, y + 3, x + 3, y - 3);
            }
            case FAILED -> {
                ink.fill(color, x - 1, y - 4, 2, 5);
                ink.fill(color, x - 1, y + 2, 2, 2);
            }
            case RUNNING ->
                ink.area(color, new double[]{x - 2.5, x + 3.5, x - 2.5}, new double[]{y - 3.5, y, y + 3.5}, 3);
            case WAITING -> ink.fill(color, x - 1, y - 1, 2, 2);
            case ENDED -> ink.fill(color, x - 3, y - 1, 6, 2);
            case REEXECUTED -> {
                ink.fill(color, x - 3, y - 3, 6, 2);
                ink.fill(color, x - 3, y + 1, 6, 2);
            }
        }
    }

    private static void check(Ink ink, InkColor color, double x, double y) {
        ink.path(color, STROKE, Dash.SOLID, new double[]{x - 3.5, x - 1, x + 3.5}, new double[]{y, y + 3, y - 3}, 3);
    }

    /// What can be read on a ground: of two colours, of which one is light and one is dark, the other one.
    static InkColor on(InkColor ground, InkColor one, InkColor other) {
        boolean oneIsLight = luminance(one) > luminance(other);
        return luminance(ground) < DARK == oneIsLight ? one : other;
    }

    /// As https://www.w3.org/TR/WCAG22/#dfn-relative-luminance weighs the components, of the square of each.
    private static double luminance(InkColor color) {
        return 0.2126 * color.red() * color.red() + 0.7152 * color.green() * color.green()
                + 0.0722 * color.blue() * color
                        .blue();
    }
}
