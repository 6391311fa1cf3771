package dev.freezeframe.store.figure;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/// What capture measured about one checkpoint; the other half of [CheckpointMetrics] is counted while storing.
///
/// @param capturedAt     the moment of the pause, by a clock that nobody set meanwhile
/// @param intervalMillis the interval that was asked for when it was taken
/// @param late           ticks missed before it, and its own if it was taken late; 0 when on time
/// @param pauseMicros    guest standstill, from QEMU's STOP to its RESUME
/// @param disks          what reading each disk took, in the order of the disks
public record CaptureMetrics(Instant capturedAt, long intervalMillis, int late, long pauseMicros,
        PhaseMicros phaseMicros, PreCopyMetrics preCopy, List<DiskRead> disks) {
    /// Cuts times to what the store keeps.
    public CaptureMetrics {
        capturedAt = capturedAt.truncatedTo(ChronoUnit.MICROS);
        disks = List.copyOf(disks);
    }
}
