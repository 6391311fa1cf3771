package dev.freezeframe.bundle;

import dev.freezeframe.store.model.ExperimentRecord;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What the header of a bundle says, before anything else of it has been looked at. Immutable; its texts are a stranger's,
/// but short and without control characters.
///
/// @param name        what the experiment was called
/// @param startedAt   when recording began
/// @param startedFrom the checkpoint that its machine was restored from, as `EXPERIMENT/NUMBER`
/// @param writtenBy   the program that wrote it
/// @param checkpoints how many are in it
/// @param fileBytes   length of the file
/// @param reaches     what its machine would reach of this computer, one line each; see [BundleImport]
public record BundleSummary(Path file, String name, String profileName, long ramBytes, Instant startedAt,
        Optional<String> startedFrom, String writtenBy, int checkpoints, long fileBytes, List<String> reaches) {

    /// Whether an experiment of a store is this one, whatever it is called there.
    public boolean isSameAs(ExperimentRecord experiment) {
        // microseconds: no two recordings begin at once
        return experiment.startedAt().equals(startedAt) && experiment.ramBytes() == ramBytes && experiment.profileName()
                .equals(profileName);
    }
}
