package dev.freezeframe.store.model;

import java.time.Instant;
import java.util.Optional;

/// What the checkpoints of an experiment come to, and its log. All sums over checkpoints are 0 where there is none.
///
/// @param checkpoints       how many there are now
/// @param firstCapturedAt   the moment of the first pause; empty where there is no checkpoint
/// @param lastCapturedAt    and of the last
/// @param storedBytes       bytes that they added to the store
/// @param dirtyPages        pages that capture handed over; the next four are its parts
/// @param medianPauseMicros half of the pauses were shorter
/// @param maxPauseMicros    the longest pause
/// @param late              ticks missed, or taken late
/// @param shortestIntervalMillis the shortest interval that was asked for
/// @param longestIntervalMillis  and the longest
/// @param dirtyBlocks       blocks of disks that capture handed over
/// @param newBlocks         of these: chunks that they added
/// @param imageBytes        what RAM and disks of all checkpoints would take as plain images
/// @param logBytes          what the log takes in the store, where the run can be replayed
public record ExperimentTotals(ExperimentRecord experiment, long checkpoints, Optional<Instant> firstCapturedAt,
        Optional<Instant> lastCapturedAt, long storedBytes, long dirtyPages, long unchangedPages, long zeroPages,
        long duplicatePages, long newPages, long medianPauseMicros, long maxPauseMicros, long late,
        long shortestIntervalMillis, long longestIntervalMillis, long dirtyBlocks, long newBlocks, long imageBytes,
        long logBytes) {

    /// Of an experiment without checkpoints.
    public static ExperimentTotals none(ExperimentRecord experiment, long logBytes) {
        return new ExperimentTotals(experiment, 0, Optional.empty(), Optional.empty(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, logBytes);
    }

    /// All that the experiment added to the store: its checkpoints and its log.
    public long addedBytes() {
        return storedBytes + logBytes;
    }
}
