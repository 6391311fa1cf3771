package dev.freezeframe.plot;

import dev.freezeframe.base.Units;

/// Round moments of a stretch of time, and how they are written.
///
/// @param step seconds between two of them
public record TimeTicks(double step) {
    private static final double[] STEPS = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
            60,
            120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400};

    /// @param most how many have room
    static TimeTicks of(double from, double to, int most) {
        double least = (to - from) / Math.max(1, most);
        for (double step : STEPS) {
            if (step >= least) {
                return new TimeTicks(step);
            }
        }
        return new TimeTicks(Math.ceil(least / 86_400) * 86_400);
    }

    /// The first one at or after this moment.
    double firstFrom(double second) {
        return Math.ceil(second / step - 1e-9) * step;
    }

    /// Such as `0:42` or `1:02:03`, with as many digits after the second as the step has.
    String label(double second) {
        return clock(second, step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3);
    }

    /// A moment since the start, such as `0:42.1`.
    public static String clock(double second, int digits) {
        long unit = Math.round(Math.pow(10, digits));
        long all = Math.round(Math.abs(second) * unit);
        long whole = all / unit;
        String text = whole < 3600
                ? Units.text("%d:%02d", whole / 60, whole % 60)
                : Units.text("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
        if (digits > 0) {
            text += Units.text(".%0" + digits + "d", all % unit);
        }
        return second < 0 && all > 0 ? "-" + text : text;
    }
}
