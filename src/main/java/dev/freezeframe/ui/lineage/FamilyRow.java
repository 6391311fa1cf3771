package dev.freezeframe.ui.lineage;

import java.util.List;
import java.util.OptionalDouble;

/// A lane of the family tree. Places are in checkpoints from the left edge: checkpoint n of the experiment is at
/// `start + n`.
///
/// @param node       the experiment
/// @param depth      how many restores lie between it and a machine that was booted
/// @param start      the place of its beginning: 0, or that of the checkpoint it began at
/// @param arrival    where the branch that it began with comes down from above; empty for a root
/// @param departures where branches go down from it
/// @param passes     where branches between other lanes cross it
public record FamilyRow(FamilyNode node, int depth, double start, OptionalDouble arrival, List<Double> departures,
        List<Double> passes) {

    /// The place of a checkpoint.
    public double place(int number) {
        return start + number;
    }

    /// The place of its last checkpoint.
    public double end() {
        return start + node.last();
    }
}
