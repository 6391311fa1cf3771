package dev.freezeframe.store.model;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/// One recorded run of a machine, as the catalog keeps it. Immutable.
///
/// @param id                 the store's number; 0 in a record that is yet to be created
/// @param name               unique in the store
/// @param profileName        the profile that the machine was started from
/// @param machineJson        what is needed to start the same machine again, as the machine package wrote it
/// @param ramBytes           guest RAM
/// @param parentCheckpointId the checkpoint that the machine was restored from; empty for a machine that was booted, or
///                           when that checkpoint has been deleted since
/// @param startedAt          when recording began
/// @param endedAt            when it ended; empty while it runs, or when the recorder was killed
/// @param endReason          one line, empty like `endedAt`
public record ExperimentRecord(long id, String name, String profileName, String machineJson, long ramBytes,
        Optional<Long> parentCheckpointId, Instant startedAt, Optional<Instant> endedAt, Optional<String> endReason) {
    /// Cuts times to what the store keeps.
    public ExperimentRecord {
        startedAt = startedAt.truncatedTo(ChronoUnit.MICROS);
    }

    /// A record for [dev.freezeframe.store.Store#createExperiment].
    public static ExperimentRecord starting(String name, String profileName, String machineJson, long ramBytes,
            Optional<Long> parentCheckpointId, Instant startedAt) {
        return new ExperimentRecord(0, name, profileName, machineJson, ramBytes, parentCheckpointId, startedAt,
                Optional.empty(), Optional.empty());
    }
}
