package dev.freezeframe.store.model;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// Where an experiment came from that was not recorded into this store. Immutable.
///
/// @param originalName what it was called there
/// @param fileName     the file's name, without its folder
/// @param sha256       of the file's list of contents, in lower-case hexadecimal: equal for files with equal contents
/// @param at           when it was imported
public record ImportOrigin(String originalName, String fileName, String sha256, Instant at) {
    public ImportOrigin {
        at = at.truncatedTo(ChronoUnit.MICROS);
    }

    /// Whether a simulation was done here, after the import; others came with it, and are what a stranger says.
    public boolean isBefore(SimulationRecord simulation) {
        return simulation.startedAt().isAfter(at);
    }
}
