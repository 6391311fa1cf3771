package dev.freezeframe.record;

import java.time.Instant;

/// How far the dirty set had grown at a moment between two checkpoints.
///
/// @param at when it was counted
/// @param pagesSinceCheckpoint distinct pages written since the last checkpoint; an estimate, see
///     [dev.freezeframe.linux.WrittenPageCounter]
/// @param pagesPerSecond pages that became dirty since the sample before, or since the checkpoint where that is later, by
///     time. A page that is written again counts once an interval, so the rate falls while a guest works on the same pages
public record DirtySample(Instant at, long pagesSinceCheckpoint, double pagesPerSecond) {}
