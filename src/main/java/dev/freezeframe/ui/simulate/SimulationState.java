package dev.freezeframe.ui.simulate;

/// Whether there is something to simulate.
public sealed interface SimulationState {
    /// No experiment is shown.
    record NoExperiment() implements SimulationState {}

    /// What the store has is being read.
    record Reading() implements SimulationState {}

    /// The run of the shown experiment cannot be executed again.
    ///
    /// @param why one line
    record Unfit(String why) implements SimulationState {}

    /// It has less than two checkpoints yet.
    record TooShort() implements SimulationState {}

    /// There are intervals.
    record Ready() implements SimulationState {}
}
