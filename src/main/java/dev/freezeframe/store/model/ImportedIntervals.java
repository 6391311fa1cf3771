package dev.freezeframe.store.model;

import java.util.List;
import java.util.Optional;

/// Some intervals of a simulation that was done elsewhere. Immutable.
///
/// @param begun     the simulation that begins with them, of no experiment yet; empty where they are further ones of the one before
/// @param intervals in the order of the run
public record ImportedIntervals(Optional<SimulationRecord> begun, List<SimulatedInterval> intervals) {
    /// Takes a copy.
    public ImportedIntervals {
        intervals = List.copyOf(intervals);
    }
}
