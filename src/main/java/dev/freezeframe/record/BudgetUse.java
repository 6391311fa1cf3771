package dev.freezeframe.record;

import java.util.Optional;

/// How much of its budget a recording has used. An immutable snapshot.
///
/// @param budget the budget that holds now
/// @param bytes what this recording has added to the store: the sum of
///     [storedBytes][dev.freezeframe.store.figure.CheckpointMetrics#storedBytes] over all its checkpoints, also those that were
///     thinned out since, and its log, less what collecting garbage after thinning reclaimed in packs. No more is taken off than the
///     thinned checkpoints had added: chunks that another checkpoint shares stay, and so does their count. The size of the
///     store's file is another figure: what is reclaimed is free for new checkpoints inside the file, once H2 has kept it
///     for its retention time of 45 s, and the file gets shorter only when nothing is being recorded
/// @param checkpoints how many of this recording are in the store now
/// @param thinned how many were deleted by the rule
/// @param reclaimedBytes what was taken off `bytes` so far
/// @param remark something that a person should know, such as that nothing is left to thin; one line
public record BudgetUse(Budget budget, long bytes, long checkpoints, long thinned, long reclaimedBytes,
        Optional<String> remark) {

    /// The used part of the limit that is nearest, from 0; a little above 1 while thinning is late. 0 without a limit.
    public double share() {
        double ofBytes = budget.bytes().isPresent() ? (double) bytes / budget.bytes().getAsLong() : 0;
        double ofCheckpoints = budget.checkpoints().isPresent()
                ? (double) checkpoints / budget.checkpoints().getAsLong()
                : 0;
        return Math.max(ofBytes, ofCheckpoints);
    }

    boolean isOver() {
        return (budget.bytes().isPresent() && bytes >= budget.bytes().getAsLong()) || exceedsCheckpoints();
    }

    /// Thinning keeps as many as the limit says; stopping stops with the last one that fits.
    private boolean exceedsCheckpoints() {
        return budget.checkpoints().isPresent() && (budget.rule() == Budget.Rule.THIN
                ? checkpoints > budget.checkpoints().getAsLong()
                : checkpoints >= budget.checkpoints().getAsLong());
    }
}
