package dev.freezeframe.store;

import java.time.Instant;

/// What capture measured about one checkpoint; the other half of [CheckpointMetrics] is counted while storing.
///
/// @param capturedAt     the moment of the pause, wall clock
/// @param intervalMillis the interval that was asked for when it was taken
/// @param late           taken later than its tick because the one before was not done
/// @param pauseMicros    guest standstill, STOP to RESUME by QEMU's clock
/// @param dirtyBlocks    disk blocks written in the interval
public record CaptureMetrics(Instant capturedAt, long intervalMillis, boolean late, long pauseMicros,
        PhaseMicros phaseMicros, long dirtyBlocks) {}
