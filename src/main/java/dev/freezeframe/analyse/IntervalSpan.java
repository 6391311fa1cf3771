package dev.freezeframe.analyse;

import dev.freezeframe.store.model.SimulatedInterval;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// When a worker did what with an interval, in seconds since the simulation began. What is yet to come is not a number.
///
/// @param worker  from 1
/// @param from    the number of the checkpoint where the interval begins
/// @param restore when its restore began
/// @param run     when the guest went on
/// @param proof   when it stood at its end
/// @param end     when all was done
public record IntervalSpan(int worker, int from, double restore, double run, double proof, double end) {
    /// Of a simulation of which only durations were kept: each worker's intervals one after the other without a gap, the longest
    /// first, as they are begun.
    public static List<IntervalSpan> withoutGaps(List<SimulatedInterval> results) {
        Map<Integer, Double> ends = new HashMap<>();
        List<IntervalSpan> spans = new ArrayList<>();
        for (SimulatedInterval each : results.stream().sorted(Comparator.comparingLong(SimulatedInterval::instructions)
                .reversed()).toList()) {
            double restore = ends.getOrDefault(each.worker(), 0.0);
            double run = restore + each.restoreMillis() / 1e3;
            double proof = run + each.runMillis() / 1e3;
            double end = proof + each.proofMillis() / 1e3;
            ends.put(each.worker(), end);
            spans.add(new IntervalSpan(each.worker(), each.from(), restore, run, proof, end));
        }
        return List.copyOf(spans);
    }
}
