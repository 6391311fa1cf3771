package dev.freezeframe.analyse;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/// One of several experiments that are laid over each other, with what is compared of it. Immutable.
///
/// The first checkpoint of a recording holds all of RAM; it counts neither in the rates nor in the bytes per checkpoint.
///
/// @param pauses sorted, in milliseconds
@SuppressWarnings("ArrayRecordComponent")
public // never compared
record OverlayRun(ExperimentRecord experiment, CheckpointSeries checkpoints, RunSummary summary, double[] pauses) {

    public static OverlayRun of(ExperimentRecord experiment, List<CheckpointRecord> checkpoints) {
        CheckpointSeries series = new CheckpointSeries(experiment.startedAt());
        RunStatistics statistics = new RunStatistics();
        for (CheckpointRecord checkpoint : checkpoints) {
            series.add(checkpoint);
            statistics.add(checkpoint);
        }
        double[] pauses = new double[series.size()];
        for (int i = 0; i < pauses.length; i++) {
            pauses[i] = series.pauseMicros(i) / 1e3;
        }
        Arrays.sort(pauses);
        return new OverlayRun(experiment, series.snapshot(), statistics.summary(), pauses);
    }

    /// The share of the checkpoints whose pause was at most this long.
    public double shareOfPausesUpTo(double millis) {
        int low = 0;
        int high = pauses.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (pauses[middle] <= millis) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return pauses.length == 0 ? 0 : (double) low / pauses.length;
    }

    /// Not a number for the first checkpoint.
    public double storedBytes(int i) {
        return checkpoints.number(i) == 1 ? Double.NaN : checkpoints.storedBytes(i);
    }

    /// Not a number for the first checkpoint.
    public double storedBytesPerSecond(int i) {
        double seconds = checkpoints.seconds(i) - checkpoints.since(i);
        return seconds > 0 ? storedBytes(i) / seconds : Double.NaN;
    }

    private long bytesWithoutFirst() {
        long first = checkpoints.size() > 0 && checkpoints.number(0) == 1 ? checkpoints.storedBytes(0) : 0;
        return summary.storedBytes() - first;
    }

    /// On average.
    public double bytesPerCheckpoint() {
        int count = checkpoints.size() > 0 && checkpoints.number(0) == 1 ? checkpoints.size() - 1 : checkpoints.size();
        return count == 0 ? Double.NaN : (double) bytesWithoutFirst() / count;
    }

    /// On average.
    public double bytesPerSecond() {
        double seconds = 0;
        for (int i = 0; i < checkpoints.size(); i++) {
            seconds += checkpoints.seconds(i) - checkpoints.since(i);
        }
        return seconds == 0 ? Double.NaN : bytesWithoutFirst() / seconds;
    }

    /// The interval that was asked for, or the shortest and the longest where it was changed.
    public String interval() {
        long shortest = Long.MAX_VALUE;
        long longest = 0;
        for (int i = 0; i < checkpoints.size(); i++) {
            long millis = checkpoints.record(i).metrics().intervalMillis();
            shortest = Math.min(shortest, millis);
            longest = Math.max(longest, millis);
        }
        if (checkpoints.size() == 0) {
            return "–";
        }
        return shortest == longest ? interval(longest) : interval(shortest) + " to " + interval(longest);
    }

    private static String interval(long millis) {
        return millis < 1000 ? millis + " ms" : Units.duration(Duration.ofMillis(millis));
    }

    /// Bytes that were not stored of what plain images of RAM and disks would take.
    public String saved() {
        return Units.percent((double) summary.imageBytes() - summary.storedBytes(), (double) summary.imageBytes());
    }
}
