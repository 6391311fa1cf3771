package dev.freezeframe.simulate;

import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/// What a guest does between a checkpoint and a later one of the same recording.
///
/// @param number from 1, in the order of the run
/// @param start  where its execution begins: at `from`, or before that to warm up what looks on
/// @param from   where it begins
/// @param to     where it ends
public record Interval(int number, CheckpointRecord start, CheckpointRecord from, CheckpointRecord to) {
    /// The intervals between some checkpoints of one recording.
    ///
    /// @param checkpoints in their order
    /// @param every       how many of the recorded intervals become one; 1 for all as they are
    public static List<Interval> between(List<CheckpointRecord> checkpoints, int every) {
        if (every < 1) {
            throw new IllegalArgumentException("every " + every);
        }
        List<Interval> intervals = new ArrayList<>();
        for (int i = 0; i < checkpoints.size() - 1; i += every) {
            CheckpointRecord from = checkpoints.get(i);
            intervals.add(new Interval(intervals.size() + 1, from, from, checkpoints.get(Math.min(i + every,
                    checkpoints.size() - 1))));
        }
        return List.copyOf(intervals);
    }

    /// Tells which of some intervals a result is of, by its two checkpoints: the interval's number, or 0 for one that is not among
    /// them, as where a checkpoint was deleted since.
    ///
    /// @param intervals as [#between] makes them
    public static ToIntFunction<SimulatedInterval> numbering(List<Interval> intervals) {
        Map<Integer, Interval> byStart = new HashMap<>();
        intervals.forEach(each -> byStart.put(each.from.number(), each));
        return result -> {
            Interval same = byStart.get(result.from());
            return same != null && same.to.number() == result.to() ? same.number : 0;
        };
    }

    /// The same, begun some intervals of the recording earlier, or as many as there are.
    ///
    /// @param checkpoints of the recording, in their order
    Interval warmedUp(List<CheckpointRecord> checkpoints, int warmUp) {
        List<CheckpointRecord> before = checkpoints.stream().filter(each -> each.number() < from.number()).toList();
        return warmUp == 0 || before.isEmpty()
                ? this
                : new Interval(number, before.get(Math.max(0, before.size() - warmUp)), from, to);
    }

    /// The guest's instructions in it.
    public long instructions() {
        return instructions(to) - instructions(from);
    }

    /// Those that are executed before it begins.
    long warmUpInstructions() {
        return instructions(from) - instructions(start);
    }

    /// All that are executed.
    long executed() {
        return warmUpInstructions() + instructions();
    }

    private static long instructions(CheckpointRecord checkpoint) {
        return checkpoint.metrics().of(CheckpointFigure.INSTRUCTIONS);
    }
}
