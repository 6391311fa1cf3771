package dev.freezeframe.ui;

import dev.freezeframe.store.model.CheckpointRecord;
import java.util.List;

/// The way by which checkpoints of a recording come into the window, for tests that have no recording.
public final class ArrivingCheckpoints {
    private ArrivingCheckpoints() {}

    /// Takes in checkpoints of the shown experiment, on the JavaFX thread.
    public static void arrive(WorkbenchModel workbench, List<CheckpointRecord> checkpoints) {
        workbench.experiment().stored(checkpoints);
    }

    /// Drops checkpoints as thinning does, on the JavaFX thread.
    public static void thin(WorkbenchModel workbench, List<CheckpointRecord> checkpoints) {
        workbench.experiment().deleted(checkpoints);
    }
}
