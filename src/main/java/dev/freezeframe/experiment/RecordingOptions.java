package dev.freezeframe.experiment;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.dedup.DedupOptions;
import java.util.OptionalLong;

/// How a run is to be recorded.
///
/// @param capture interval, buffer and pre-copy
/// @param dedup verification and compression
/// @param tracker which dirty tracker
/// @param checkpoints stop after this many; empty for until told to stop
public record RecordingOptions(CaptureOptions capture, DedupOptions dedup, TrackerChoice tracker,
        OptionalLong checkpoints) {

    /// One checkpoint a second, everything verified, until told to stop.
    public static final RecordingOptions DEFAULT = new RecordingOptions(CaptureOptions.DEFAULT, DedupOptions.DEFAULT,
            TrackerChoice.AUTO, OptionalLong.empty());

    /// The same with other capture settings.
    public RecordingOptions with(CaptureOptions newCapture) {
        return new RecordingOptions(newCapture, dedup, tracker, checkpoints);
    }

    /// The same with another tracker.
    public RecordingOptions with(TrackerChoice newTracker) {
        return new RecordingOptions(capture, dedup, newTracker, checkpoints);
    }

    /// The same, ending by itself after some checkpoints.
    public RecordingOptions stoppingAfter(long count) {
        return new RecordingOptions(capture, dedup, tracker, OptionalLong.of(count));
    }
}
