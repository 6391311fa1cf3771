package dev.freezeframe.store.figure;

/// How much was copied before the stop and how much was left for the pause.
///
/// @param rounds     how often the dirty set was copied while the guest ran
/// @param micros     how long that took
/// @param pages      pages copied that way; one that was copied twice counts twice
/// @param pausePages pages copied in the pause
public record PreCopyMetrics(int rounds, long micros, long pages, long pausePages) {
    /// Nothing was copied before the stop.
    public static final PreCopyMetrics NONE = new PreCopyMetrics(0, 0, 0, 0);
}
