package dev.freezeframe.store.model;

import dev.freezeframe.base.CorruptionException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/// A simulation of a recorded run: all its intervals, or some, executed again in one way. Immutable.
///
/// @param id           the store's number; 0 in a record that is yet to be created
/// @param experimentId whose run it is
/// @param plugin       what looked on, as the user named it; empty for none
/// @param proof        whether the ends were compared
/// @param first        the number of the checkpoint where it begins
/// @param last         of the one where it ends
/// @param every        how many intervals of the recording were made one
/// @param startedAt    when it began
/// @param endedAt      when all was done; empty while it goes on, and where it was interrupted
public record SimulationRecord(long id, long experimentId, String plugin, boolean proof, int first, int last, int every,
        Instant startedAt, Optional<Instant> endedAt) {
    /// Characters of a plugin's name and arguments at most.
    public static final int MAX_PLUGIN_LENGTH = 2_000;

    /// What to say of one that cannot be read; a line, with what to do.
    public String damaged(CorruptionException cause) {
        return "simulation " + id + " is damaged (" + cause.getMessage()
                + "); delete it (freezeframe simulations EXPERIMENT " + id + " --delete) and simulate again";
    }

    /// The same with another number.
    public SimulationRecord numbered(long number) {
        return new SimulationRecord(number, experimentId, plugin, proof, first, last, every, startedAt, endedAt);
    }

    /// The same of another experiment.
    public SimulationRecord ofExperiment(long experiment) {
        return new SimulationRecord(id, experiment, plugin, proof, first, last, every, startedAt, endedAt);
    }

    /// Cuts times to what the store keeps.
    public SimulationRecord {
        startedAt = startedAt.truncatedTo(ChronoUnit.MICROS);
        endedAt = endedAt.map(at -> at.truncatedTo(ChronoUnit.MICROS));
        if (plugin.length() > MAX_PLUGIN_LENGTH) {
            throw new IllegalArgumentException("a plugin of " + plugin.length() + " characters");
        }
    }
}
