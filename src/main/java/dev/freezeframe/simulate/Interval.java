package dev.freezeframe.simulate;

import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.ArrayList;
import java.util.List;

/// What a guest does between a checkpoint and a later one of the same recording.
///
/// @param number from 1, in the order of the run
/// @param from   where it begins
/// @param to     where it ends
public record Interval(int number, CheckpointRecord from, CheckpointRecord to) {
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
            intervals.add(new Interval(intervals.size() + 1, checkpoints.get(i), checkpoints.get(Math.min(i + every,
                    checkpoints.size() - 1))));
        }
        return List.copyOf(intervals);
    }

    /// The guest's instructions in it.
    public long instructions() {
        return to.metrics().of(CheckpointFigure.INSTRUCTIONS) - from.metrics().of(CheckpointFigure.INSTRUCTIONS);
    }
}
