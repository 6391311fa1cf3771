package dev.freezeframe.analyse;

import dev.freezeframe.record.DirtySample;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/// How fast pages became dirty between the checkpoints of a recording, in the order of time. The oldest counts are given up
/// when there are more than an hour's.
public final class DirtyCounts {
    static final int MOST = 1 << 15;
    private double[] seconds = new double[256];
    private double[] rates = new double[256];
    private int size;

    public void add(Instant start, DirtySample sample) {
        double at = Duration.between(start, sample.at()).toNanos() / 1e9;
        if (size > 0 && at <= seconds[size - 1]) {
            return;
        }
        if (size == MOST) {
            int kept = MOST / 2;
            // new arrays: a snapshot may still be looked at
            seconds = Arrays.copyOf(Arrays.copyOfRange(seconds, size - kept, size), MOST);
            rates = Arrays.copyOf(Arrays.copyOfRange(rates, size - kept, size), MOST);
            size = kept;
        } else if (size == seconds.length) {
            seconds = Arrays.copyOf(seconds, 2 * size);
            rates = Arrays.copyOf(rates, 2 * size);
        }
        seconds[size] = at;
        rates[size++] = sample.pagesPerSecond();
    }

    /// What there is now; what is added later is not in it.
    public DirtyCounts snapshot() {
        DirtyCounts copy = new DirtyCounts();
        copy.seconds = seconds;
        copy.rates = rates;
        copy.size = size;
        return copy;
    }

    public int size() {
        return size;
    }

    public double seconds(int i) {
        return seconds[i];
    }

    public double pagesPerSecond(int i) {
        return rates[i];
    }

    /// The first at or after this moment.
    public int firstFrom(double second) {
        int found = Arrays.binarySearch(seconds, 0, size, second);
        return found < 0 ? -found - 1 : found;
    }
}
