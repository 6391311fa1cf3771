package dev.freezeframe.plot;

/// The rectangle that values are painted in, in whole pixels.
public record PlotArea(double x, double y, double width, double height) {

    public double right() {
        return x + width;
    }

    double bottom() {
        return y + height;
    }

    /// Where a share of the height is, 0 at the bottom.
    double y(double share) {
        return Math.rint(bottom() - share * height);
    }

    /// How many grid lines have room.
    int ticks() {
        return Math.clamp(Math.round(height / 22), 1, 8);
    }
}
