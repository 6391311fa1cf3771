package dev.freezeframe.plot;

import java.util.Arrays;

/// A linear scale from 0 that a few huge values cannot flatten.
///
/// Where the greatest value is more than four times the one that all but a hundredth of the columns (at least one column)
/// keep below, the scale ends a quarter above that one, and the columns that reach beyond are cut off and marked. The first
/// checkpoint of a recording, with all of RAM, is the usual case. Tops are round numbers, so a live chart seldom rescales.
///
/// @param top  the value at the upper edge
/// @param step between two grid lines
/// @param cut  whether there are values beyond the upper edge
record ValueScale(double top, double step, boolean cut) {
    private static final double OUTLIER = 4;
    private static final double ROOM = 1.25;
    private static final double[] ROUND = {1, 2, 2.5, 5, 10};

    /// @param least  a value that must be in it
    /// @param ticks  about how many grid lines are wanted
    static ValueScale of(double[] values, int count, double least, int ticks) {
        double[] sorted = Arrays.copyOf(values, count);
        Arrays.sort(sorted);
        double greatest = count == 0 ? 0 : sorted[count - 1];
        int beyond = Math.max(1, (int) Math.ceil(count * 0.01));
        double usual = count > beyond ? sorted[count - 1 - beyond] : greatest;
        boolean cut = usual > 0 && greatest > OUTLIER * usual;
        double reach = Math.max(least, cut ? usual * ROOM : greatest);
        if (!(reach > 0)) {
            reach = 1;
        }
        double step = roundStep(reach / Math.max(1, ticks));
        double top = Math.ceil(reach / step - 1e-9) * step;
        return new ValueScale(top, step, greatest > top);
    }

    /// The next number of the row 1, 2, 2.5, 5, 10.
    static double roundStep(double least) {
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (double round : ROUND) {
            if (round * power >= least * (1 - 1e-9)) {
                return round * power;
            }
        }
        return 10 * power;
    }

    /// Where a value is, from 0 at the bottom to 1 at the top; what is cut off is at 1.
    double share(double value) {
        return Math.clamp(value / top, 0, 1);
    }
}
