package dev.freezeframe.record;

import java.time.Duration;
import java.util.Optional;

/// A recording at one moment, for a display. Immutable.
///
/// @param elapsed since recording began, until it ended
/// @param taken checkpoints that were captured
/// @param stored checkpoints that reached the store
/// @param late ticks that were missed or taken late
/// @param failed checkpoints that were not taken or not stored; their pages are in later ones
/// @param queueFill how full the queue between capture and store is, from 0 to 1
/// @param interval the interval that holds now
/// @param timeToNextTick zero while a checkpoint is being taken late, and at the end
/// @param dirty the newest count of dirty pages between checkpoints; empty until one was made, and where
///     [#dirtyUnknownReason] says why there is none
/// @param dirtyUnknownReason why the dirty set cannot be watched between checkpoints, one line; empty where it can
/// @param budget what the recording may take, and has taken
/// @param ended whether no more checkpoints will be taken
public record LiveFigures(Duration elapsed, long taken, long stored, long late, long failed, double queueFill,
        Duration interval, Duration timeToNextTick, Optional<DirtySample> dirty, Optional<String> dirtyUnknownReason,
        BudgetUse budget, boolean ended) {}
