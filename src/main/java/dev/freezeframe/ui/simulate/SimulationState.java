package dev.freezeframe.ui.simulate;

/// Whether there is something to simulate.
public sealed interface SimulationState {
    /// No experiment is shown.
    record NoExperiment() implements SimulationState {}

    /// What the store has is being read.
    record Reading() implements SimulationState {}

    /// What the store has of the shown experiment cannot be read.
    ///
    /// @param why one line
    record Unfit(String why) implements SimulationState {}

    /// Nothing was written down of what came to its guest, so its intervals can be re-executed only.
    ///
    /// @param why one line
    record NotLogged(String why) implements SimulationState {}

    /// It has less than two checkpoints yet.
    record TooShort() implements SimulationState {}

    /// There are intervals.
    record Ready() implements SimulationState {}
}
