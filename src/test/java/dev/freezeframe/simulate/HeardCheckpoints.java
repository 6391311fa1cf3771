package dev.freezeframe.simulate;

import dev.freezeframe.record.RecordingListener;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The checkpoints of a recording, none of which may fail. How it ends is the test's to see.
final class HeardCheckpoints implements RecordingListener {
    final List<CheckpointRecord> checkpoints = new CopyOnWriteArrayList<>();

    @Override
    public void checkpointStored(CheckpointRecord checkpoint) {
        checkpoints.add(checkpoint);
    }

    @Override
    public void checkpointFailed(int number, Exception cause) {
        throw new AssertionError("checkpoint " + number, cause);
    }

    @Override
    public void captureEnded(String reason) {
        // it is waited for, or the test's own doing
    }
}
