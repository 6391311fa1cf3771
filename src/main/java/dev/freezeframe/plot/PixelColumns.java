package dev.freezeframe.plot;

import dev.freezeframe.analyse.CheckpointSeries;
import java.util.Arrays;

/// The checkpoints of a stretch of time as columns of whole pixels. Where several share a pixel, the one with the greatest
/// value stands for them, so that no spike is lost however many there are.
///
/// @param shown  for each column the checkpoint that it shows
/// @param x      left edge, pixels from the left of the plot
/// @param width  in pixels, at least 1
/// @param held   how many checkpoints share the column
/// @param size   how many columns there are; the arrays may be longer
/// @param values of the checkpoints shown
@SuppressWarnings("ArrayRecordComponent")
public // never compared
record PixelColumns(int[] shown, int[] x, int[] width, int[] held, double[] values, int size) {
    /// Columns stand apart when each has so many pixels; closer ones touch, so that no gaps flicker between them.
    private static final int PIXELS_TO_STAND_APART = 4;
    private static final int WIDEST = 14;

    /// A value of a checkpoint, not a number where it has none.
    @FunctionalInterface
    public interface Value {
        double of(int checkpoint);
    }

    /// The columns between two times.
    ///
    /// @param pixels how wide the plot is
    public static PixelColumns of(CheckpointSeries series, Value value, double from, double to, int pixels) {
        int first = Math.max(0, series.firstFrom(from) - 1);
        int last = Math.min(series.size(), series.firstFrom(to) + 1);
        int most = Math.min(Math.max(0, last - first), pixels + 2);
        int[] shown = new int[most];
        int[] x = new int[most];
        int[] held = new int[most];
        double[] values = new double[most];
        double scale = pixels / (to - from);
        int size = 0;
        for (int i = first; i < last; i++) {
            double now = value.of(i);
            if (Double.isNaN(now)) {
                continue;
            }
            int pixel = (int) Math.clamp(Math.floor((series.seconds(i) - from) * scale), -1L, pixels);
            if (size > 0 && x[size - 1] == pixel) {
                held[size - 1]++;
                if (now > values[size - 1]) {
                    values[size - 1] = now;
                    shown[size - 1] = i;
                }
            } else {
                shown[size] = i;
                x[size] = pixel;
                held[size] = 1;
                values[size++] = now;
            }
        }
        int[] width = new int[most];
        widen(x, width, size, pixels);
        return new PixelColumns(shown, x, width, held, values, size);
    }

    private static void widen(int[] x, int[] width, int size, int pixels) {
        if (size == 0) {
            return;
        }
        int[] gaps = new int[Math.max(1, size - 1)];
        for (int i = 1; i < size; i++) {
            gaps[i - 1] = x[i] - x[i - 1];
        }
        Arrays.sort(gaps);
        int usual = size == 1 ? WIDEST : gaps[gaps.length / 2];
        boolean apart = usual >= PIXELS_TO_STAND_APART;
        int wanted = apart ? Math.clamp(Math.round(usual * 0.7), 2, WIDEST) : (int) Math.ceil(usual * 1.5);
        int[] at = Arrays.copyOf(x, size);
        for (int i = 0; i < size; i++) {
            int room = i + 1 < size ? at[i + 1] - at[i] : Math.max(1, pixels - at[i]);
            if (apart) {
                // in the middle over its moment, and never over its neighbours
                int before = i == 0 ? room : at[i] - at[i - 1];
                width[i] = Math.max(1, Math.min(wanted, Math.min(room, before)));
                x[i] = at[i] - width[i] / 2;
            } else {
                width[i] = Math.max(1, Math.min(wanted, i + 1 < size ? room : usual));
            }
        }
    }

    /// The most checkpoints that share one column.
    public int mostHeld() {
        int most = 0;
        for (int i = 0; i < size; i++) {
            most = Math.max(most, held[i]);
        }
        return most;
    }

    /// The checkpoint shown by the column at or next to this pixel, -1 where there is no column near it.
    public int checkpointAt(double pixel, double reach) {
        int best = -1;
        double nearest = reach;
        for (int i = 0; i < size; i++) {
            double distance = pixel < x[i] ? x[i] - pixel : Math.max(0, pixel - x[i] - width[i] + 1);
            if (distance <= nearest) {
                nearest = distance - 1e-9;
                best = shown[i];
            }
        }
        return best;
    }
}
