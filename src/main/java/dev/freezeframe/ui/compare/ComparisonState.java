package dev.freezeframe.ui.compare;

import dev.freezeframe.store.model.CheckpointRecord;

/// How far a comparison is.
public sealed interface ComparisonState {
    /// Something to compare is missing.
    record Choosing() implements ComparisonState {}

    /// It is being computed.
    record Running(CheckpointRecord first, CheckpointRecord second) implements ComparisonState {}

    /// It is there.
    record Done(ComparisonResult result) implements ComparisonState {}

    /// The user did not want to wait for it.
    record Cancelled(CheckpointRecord first, CheckpointRecord second) implements ComparisonState {}

    /// It could not be made.
    ///
    /// @param message one line: why, and what to do
    record Failed(CheckpointRecord first, CheckpointRecord second, String message) implements ComparisonState {}
}
