package dev.freezeframe.analyse;

import dev.freezeframe.store.model.SimulatedInterval;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// How much faster than one worker a simulation is, and how long it will yet take. The rest is judged by what has ended: restore
/// and proof take what they took on average, the run grows with the instructions; the longest intervals begin first, each at the
/// worker that is free next, as they really do. What cannot be known yet is not a number.
///
/// @param speedUp         so far: the intervals' times by the time that has passed
/// @param expectedSpeedUp the same at the end
/// @param secondsLeft     until the end
public record SimulationForecast(double speedUp, double expectedSpeedUp, double secondsLeft) {
    /// An interval that a worker is at.
    ///
    /// @param seconds since it began with it
    public record Underway(long instructions, double seconds) {}

    /// Judges a simulation that is under way.
    ///
    /// @param ended          in this run, not in one that it goes on with
    /// @param waiting        the instructions of each interval that is yet to begin
    /// @param workers        how many there are
    /// @param elapsedSeconds since it began
    public static SimulationForecast of(Collection<SimulatedInterval> ended, Collection<Underway> underway,
            Collection<Long> waiting, int workers, double elapsedSeconds) {
        double busy = ended.stream().mapToLong(SimulatedInterval::millis).sum() / 1e3 + underway.stream().mapToDouble(
                Underway::seconds).sum();
        double speedUp = elapsedSeconds > 0 ? busy / elapsedSeconds : Double.NaN;
        if (ended.isEmpty()) {
            return new SimulationForecast(speedUp, Double.NaN, Double.NaN);
        }
        double around = ended.stream().mapToLong(each -> each.restoreMillis() + each.proofMillis()).average().orElse(0)
                / 1e3;
        double run = ended.stream().mapToLong(SimulatedInterval::runMillis).sum() / 1e3;
        double instructions = ended.stream().mapToLong(SimulatedInterval::instructions).sum();
        double perInstruction = instructions > 0 ? run / instructions : 0;
        double alike = instructions > 0 ? 0 : run / ended.size();
        PriorityQueue<Double> free = new PriorityQueue<>();
        double rest = 0;
        for (Underway each : underway) {
            double left = Math.max(0, around + alike + perInstruction * each.instructions() - each.seconds());
            rest += left;
            free.add(left);
        }
        while (free.size() < workers) {
            free.add(0.0);
        }
        double last = free.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        for (long each : longestFirst(waiting)) {
            double takes = around + alike + perInstruction * each;
            double end = free.remove() + takes;
            rest += takes;
            last = Math.max(last, end);
            free.add(end);
        }
        return new SimulationForecast(speedUp, elapsedSeconds + last > 0
                ? (busy + rest) / (elapsedSeconds + last)
                : Double.NaN, last);
    }

    private static List<Long> longestFirst(Collection<Long> waiting) {
        return waiting.stream().sorted(Comparator.reverseOrder()).toList();
    }
}
