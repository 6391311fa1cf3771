package dev.freezeframe.capture;

import java.time.Instant;

/// What was measured while one checkpoint was captured.
///
/// @param capturedAt when the guest was stopped, by the recording's clock
/// @param intervalMillis the interval that was set at that time
/// @param phases the pause, by phase
/// @param preCopyRounds how often the dirty set was copied before the stop
/// @param preCopyMicros how long that took, the guest running
/// @param preCopiedPages pages copied before the stop, counting a page once for every time
/// @param pausePages pages copied in the pause
/// @param late ticks missed before this checkpoint, and this one if it came late
public record FrameMetrics(Instant capturedAt, long intervalMillis, PausePhases phases, int preCopyRounds,
        long preCopyMicros, int preCopiedPages, int pausePages, int late) {}
