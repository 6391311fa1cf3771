package dev.freezeframe.ui.library;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// An experiment as the library shows it: what the store says about it, where it came from, and how it ended. Immutable.
///
/// @param totals    what its checkpoints come to
/// @param parent    the checkpoint that its machine was restored from
/// @param recording whether this program is recording it now
public record LibraryEntry(ExperimentTotals totals, Optional<CheckpointRecord> parent, boolean recording) {
    /// The reasons with which a recording ends that went as it was meant to: the recorder writes a line of text, not a code.
    private static final List<String> ORDINARY_ENDS = List.of("stopped", "all ", "as many checkpoints as asked for",
            "recorded for ", "the budget is used up", "the guest printed ", "the guest powered off");

    /// How it ended.
    public enum Ending {
        /// It has not.
        RECORDING,
        /// By the user, its budget, or the guest switching itself off.
        ORDINARY,
        /// For another reason, which [#endReason] tells.
        PROBLEM,
        /// The recorder was killed; what had been stored by then is whole.
        CUT_OFF
    }

    /// The store's own record.
    public ExperimentRecord experiment() {
        return totals.experiment();
    }

    /// The store's number.
    public long id() {
        return experiment().id();
    }

    /// Unique in the store.
    public String name() {
        return experiment().name();
    }

    /// How it ended.
    public Ending ending() {
        if (recording) {
            return Ending.RECORDING;
        }
        return experiment().endReason().map(reason -> ORDINARY_ENDS.stream().anyMatch(reason::startsWith)
                ? Ending.ORDINARY
                : Ending.PROBLEM).orElse(Ending.CUT_OFF);
    }

    /// How it ended, one line for people.
    public String endReason() {
        return switch (ending()) {
            case RECORDING -> "being recorded";
            case CUT_OFF -> "the recorder was killed";
            case ORDINARY, PROBLEM -> ShownText.oneLine(experiment().endReason().orElse(""));
        };
    }

    /// From its start to its last checkpoint, or to its end where it has none.
    public Duration duration() {
        Instant end = totals.lastCapturedAt().or(() -> experiment().endedAt()).orElse(experiment().startedAt());
        Duration length = Duration.between(experiment().startedAt(), end);
        // a clock that was set back
        return length.isNegative() ? Duration.ZERO : length;
    }

    /// What the checkpoints would take as plain images of RAM and disks.
    public double imageBytes() {
        return totals.imageBytes();
    }

    /// The share of [#imageBytes] that the store did without, from 0 to 1; negative where it kept more.
    public double savedShare() {
        return imageBytes() == 0 ? 0 : 1 - totals.storedBytes() / imageBytes();
    }

    /// The name of the checkpoint that its machine was restored from, empty if it was booted.
    public String parentName() {
        return parent.map(checkpoint -> checkpoint.name().toString()).orElse("");
    }

    /// Whether every word of a search is in one of its texts, in small or capital letters.
    ///
    /// @param startedText when it started, as it is shown
    public boolean matches(String search, String startedText) {
        String text = String.join("\n", name(), experiment().profileName(), startedText, parentName(), endReason())
                .toLowerCase(Locale.ROOT);
        return Stream.of(search.toLowerCase(Locale.ROOT).strip().split("\\s+")).allMatch(text::contains);
    }
}
