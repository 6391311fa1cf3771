package dev.freezeframe.capture;

import java.time.Duration;

/// How a machine is to be captured.
///
/// @param interval time between two checkpoints; may be changed while recording
/// @param bufferBytes most memory, outside the heap, for pages that are captured and not stored yet
/// @param scratchBytes most room on disk, for all disks of the machine together, for what the guest overwrites while a
///     checkpoint's disks are read
/// @param maxPreCopyRounds most rounds of copying the dirty set before the stop; 0 copies everything in the pause
public record CaptureOptions(Duration interval, long bufferBytes, long scratchBytes, int maxPreCopyRounds) {

    /// One checkpoint a second, 256 MiB of buffer, 2 GiB of scratch space.
    public static final CaptureOptions DEFAULT = new CaptureOptions(Duration.ofSeconds(1), 256L << 20, 2L << 30, 12);

    /// The same with another interval.
    public CaptureOptions withInterval(Duration newInterval) {
        return new CaptureOptions(newInterval, bufferBytes, scratchBytes, maxPreCopyRounds);
    }
}
