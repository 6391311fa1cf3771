package dev.freezeframe.store.model;

import dev.freezeframe.store.figure.CheckpointMetrics;

/// One checkpoint, as the catalog keeps it. Immutable; its page maps are read with [dev.freezeframe.store.Store#pageMap].
///
/// @param id             the store's number, never used again
/// @param experimentName the name of its experiment
/// @param number         counts from 1 within the experiment
public record CheckpointRecord(long id, long experimentId, String experimentName, int number,
        CheckpointMetrics metrics) {

    /// What a person calls it.
    public CheckpointName name() {
        return CheckpointName.of(experimentName, number);
    }
}
