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
/// @param budget how much the recording may take
/// @param pictures whether checkpoints get a picture of the guest's screen, or of the end of its console
public record RecordingOptions(CaptureOptions capture, DedupOptions dedup, TrackerChoice tracker,
        OptionalLong checkpoints, Budget budget, boolean pictures) {

    /// One checkpoint a second, with pictures, everything verified, until told to stop.
    public static final RecordingOptions DEFAULT = new RecordingOptions(CaptureOptions.DEFAULT, DedupOptions.DEFAULT,
            TrackerChoice.AUTO, OptionalLong.empty(), Budget.UNLIMITED, true);

    /// The same with other capture settings.
    public RecordingOptions with(CaptureOptions newCapture) {
        return new RecordingOptions(newCapture, dedup, tracker, checkpoints, budget, pictures);
    }

    /// The same with other settings for deduplication.
    public RecordingOptions with(DedupOptions newDedup) {
        return new RecordingOptions(capture, newDedup, tracker, checkpoints, budget, pictures);
    }

    /// The same with another tracker.
    public RecordingOptions with(TrackerChoice newTracker) {
        return new RecordingOptions(capture, dedup, newTracker, checkpoints, budget, pictures);
    }

    /// The same with another budget.
    public RecordingOptions with(Budget newBudget) {
        return new RecordingOptions(capture, dedup, tracker, checkpoints, newBudget, pictures);
    }

    /// The same with or without pictures.
    public RecordingOptions withPictures(boolean wanted) {
        return new RecordingOptions(capture, dedup, tracker, checkpoints, budget, wanted);
    }

    /// The same, ending by itself after some checkpoints.
    public RecordingOptions stoppingAfter(long count) {
        return new RecordingOptions(capture, dedup, tracker, OptionalLong.of(count), budget, pictures);
    }
}
