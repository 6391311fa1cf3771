package dev.freezeframe.plot.ink;

import java.util.List;

/// What a chart is painted with, so that the screen, a PNG and an SVG file come from the same painting code. Coordinates are
/// logical pixels from the top left; used by one thread at a time.
public interface Ink {
    /// Size of text, in pixels; the window has no others.
    enum Size {
        SMALL(11), NORMAL(13), LARGE(16), FIGURE(22);

        private final int pixels;

        Size(int pixels) {
            this.pixels = pixels;
        }

        public int pixels() {
            return pixels;
        }
    }

    /// Pattern of a line: lengths of strokes and of the gaps between them.
    enum Dash {
        SOLID, DASHED(6.0, 3.0), DOTTED(1.5, 2.5), DASH_DOT(7.0, 2.5, 1.5, 2.5), LONG(11.0, 3.0), DASH_DOT_DOT(7.0, 2.5,
                1.5, 2.5,
                1.5,
                2.5), SHORT(3.5, 2.0), LONG_SHORT(11.0, 3.0, 3.5, 3.0);

        @SuppressWarnings("ImmutableEnumChecker") // a list that does not change
        private final List<Double> lengths;

        Dash(Double... lengths) {
            this.lengths = List.of(lengths);
        }

        public double[] lengths() {
            return lengths.stream().mapToDouble(Double::doubleValue).toArray();
        }
    }

    /// Fills a rectangle.
    void fill(InkColor color, double x, double y, double width, double height);

    /// Fills the inside of a polygon.
    void area(InkColor color, double[] xs, double[] ys, int count);

    /// Draws a line through points.
    void path(InkColor color, double thickness, Dash dash, double[] xs, double[] ys, int count);

    /// Draws a straight line.
    default void line(InkColor color, double thickness, Dash dash, double x1, double y1, double x2, double y2) {
        path(color, thickness, dash, new double[]{x1, x2}, new double[]{y1, y2}, 2);
    }

    /// Writes text to the right of `x`.
    void text(InkColor color, Size size, boolean bold, String text, double x, double baseline);

    /// Writes text to the left of `x`.
    default void textEndingAt(InkColor color, Size size, boolean bold, String text, double x, double baseline) {
        text(color, size, bold, text, x - width(size, bold, text), baseline);
    }

    /// How wide text is.
    double width(Size size, boolean bold, String text);

    /// Paints coloured cells, each of the same size, without smoothing them.
    ///
    /// @param argb row after row
    void cells(int[] argb, int columns, int rows, double x, double y, double width, double height);

    /// Paints only inside of this rectangle until [#unclip].
    void clip(double x, double y, double width, double height);

    /// Ends [#clip].
    void unclip();
}
