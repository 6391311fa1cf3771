package dev.freezeframe.plot.ink;

/// A colour of sRGB that needs no toolkit. Its components go from 0 to 1, not multiplied by the opacity. Immutable.
public record InkColor(double red, double green, double blue, double opacity) {

    boolean isOpaque() {
        return opacity >= 1;
    }

    /// The same with some of what is below shining through.
    public InkColor faint(double share) {
        return new InkColor(red, green, blue, opacity * share);
    }

    /// A colour between this one (0) and another one (1), straight through sRGB.
    public InkColor towards(InkColor other, double share) {
        return new InkColor(between(red, other.red, share), between(green, other.green, share), between(blue,
                other.blue, share), between(opacity, other.opacity, share));
    }

    private static double between(double from, double to, double share) {
        return from + (to - from) * share;
    }

    /// Without its opacity, as `0xffRRGGBB`.
    public int argb() {
        return 0xff000000 | (int) Math.round(red * 255) << 16 | (int) Math.round(green * 255) << 8
                | (int) Math.round(blue * 255);
    }
}
