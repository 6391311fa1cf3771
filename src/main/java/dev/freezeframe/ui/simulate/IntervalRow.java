package dev.freezeframe.ui.simulate;

import dev.freezeframe.analyse.IntervalFigures;
import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.store.model.SimulatedInterval;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// An interval as the page shows it. Immutable.
///
/// @param number       from 1, in the order of the run; 0 for one that is not there any more
/// @param from         the number of the checkpoint where it begins
/// @param to           of the one where it ends
/// @param fromSecond   guest time where it begins, seconds since the experiment's start; not a number where that checkpoint is gone
/// @param toSecond     where it ends
/// @param instructions of the guest between these
/// @param worker       who is or was at it; 0 for nobody
/// @param result       what came of it
/// @param figures      what the plugin said, see [IntervalFigures]
public record IntervalRow(int number, int from, int to, double fromSecond, double toSecond, long instructions,
        IntervalState state, int worker, Optional<SimulatedInterval> result, Map<String, Double> figures) {

    /// All of a run, with what came of them, and behind them what is kept of intervals that are not there any more: a checkpoint
    /// that was deleted since takes nothing along.
    ///
    /// @param start   of the experiment
    /// @param results by the number of the checkpoint where the interval begins
    static List<IntervalRow> of(List<Interval> intervals, Instant start, Map<Integer, Ended> results) {
        List<IntervalRow> rows = new ArrayList<>();
        Map<Integer, Ended> others = new TreeMap<>(results);
        for (Interval each : intervals) {
            IntervalRow waiting = waiting(each, start);
            Ended ended = results.get(waiting.from);
            boolean same = ended != null && ended.result.to() == waiting.to;
            if (same) {
                others.remove(waiting.from);
            }
            rows.add(same ? waiting.with(ended) : waiting);
        }
        others.values().forEach(each -> rows.add(lost(each)));
        return rows;
    }

    private static IntervalRow waiting(Interval interval, Instant start) {
        return new IntervalRow(interval.number(), interval.from().number(), interval.to().number(),
                second(interval.from()
                        .metrics().capturedAt(), start),
                second(interval.to().metrics().capturedAt(), start), interval
                        .instructions(),
                IntervalState.WAITING, 0, Optional.empty(), Map.of());
    }

    private static double second(Instant moment, Instant start) {
        return Math.max(0, Duration.between(start, moment).toNanos() / 1e9);
    }

    /// The same while a worker is at it.
    IntervalRow runningAt(int who) {
        return new IntervalRow(number, from, to, fromSecond, toSecond, instructions, IntervalState.RUNNING, who,
                Optional
                        .empty(),
                Map.of());
    }

    /// The same with what came of it.
    IntervalRow with(Ended ended) {
        return new IntervalRow(number, from, to, fromSecond, toSecond, ended.result.instructions(), IntervalState.of(
                ended.result.state()), ended.result.worker(), Optional.of(ended.result), ended.figures);
    }

    /// One whose checkpoints are not there any more.
    private static IntervalRow lost(Ended ended) {
        return new IntervalRow(0, ended.result.from(), ended.result.to(), Double.NaN, Double.NaN, 0,
                IntervalState.WAITING, 0, Optional.empty(), Map.of()).with(ended);
    }

    /// What came of an interval, with the plugin's figures read.
    record Ended(SimulatedInterval result, Map<String, Double> figures) {
        /// Reads them, which is for a thread that has the time.
        static Ended of(SimulatedInterval result) {
            return new Ended(result, IntervalFigures.of(result.result()));
        }
    }
}
