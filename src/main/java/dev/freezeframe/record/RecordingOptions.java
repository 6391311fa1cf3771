package dev.freezeframe.record;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.dedup.DedupOptions;
import java.util.Optional;
import java.util.OptionalLong;

/// How a run is to be recorded.
///
/// @param capture interval, buffer and pre-copy
/// @param dedup verification and compression
/// @param tracker which dirty tracker
/// @param checkpoints stop after this many; empty for until told to stop
/// @param budget how much the recording may take
/// @param pictures whether checkpoints get a picture of the guest's screen, or of the end of its console
/// @param name what the experiment is called, which must not be taken; empty for a name after the profile and the time
public record RecordingOptions(CaptureOptions capture, DedupOptions dedup, TrackerChoice tracker,
        OptionalLong checkpoints, Budget budget, boolean pictures, Optional<String> name) {

    /// One checkpoint a second, with pictures, everything verified, until told to stop.
    public static final RecordingOptions DEFAULT = new RecordingOptions(CaptureOptions.DEFAULT, DedupOptions.DEFAULT,
            TrackerChoice.AUTO, OptionalLong.empty(), Budget.UNLIMITED, true, Optional.empty());

    /// With a name after the profile and the time.
    public RecordingOptions(CaptureOptions capture, DedupOptions dedup, TrackerChoice tracker, OptionalLong checkpoints,
            Budget budget, boolean pictures) {
        this(capture, dedup, tracker, checkpoints, budget, pictures, Optional.empty());
    }

    /// The same under a name of its own.
    public RecordingOptions withName(Optional<String> newName) {
        return new RecordingOptions(capture, dedup, tracker, checkpoints, budget, pictures, newName);
    }

    /// The same with other capture settings.
    public RecordingOptions with(CaptureOptions newCapture) {
        return new RecordingOptions(newCapture, dedup, tracker, checkpoints, budget, pictures, name);
    }

    /// The same with other settings for deduplication.
    public RecordingOptions with(DedupOptions newDedup) {
        return new RecordingOptions(capture, newDedup, tracker, checkpoints, budget, pictures, name);
    }

    /// The same with another tracker.
    public RecordingOptions with(TrackerChoice newTracker) {
        return new RecordingOptions(capture, dedup, newTracker, checkpoints, budget, pictures, name);
    }

    /// The same with another budget.
    public RecordingOptions with(Budget newBudget) {
        return new RecordingOptions(capture, dedup, tracker, checkpoints, newBudget, pictures, name);
    }

    /// The same with or without pictures.
    public RecordingOptions withPictures(boolean wanted) {
        return new RecordingOptions(capture, dedup, tracker, checkpoints, budget, wanted, name);
    }

    /// The same, ending by itself after some checkpoints.
    public RecordingOptions stoppingAfter(long count) {
        return new RecordingOptions(capture, dedup, tracker, OptionalLong.of(count), budget, pictures, name);
    }
}
