package dev.freezeframe.record;

import dev.freezeframe.store.model.CheckpointRecord;
import java.util.ArrayList;
import java.util.List;

/// Notes which checkpoints of a recording were stored and which failed, for a test to look at once it is closed.
final class StoredCheckpoints implements RecordingListener {
    private final List<CheckpointRecord> stored = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();

    @Override
    public synchronized void checkpointStored(CheckpointRecord checkpoint) {
        stored.add(checkpoint);
    }

    @Override
    public synchronized void checkpointFailed(int number, Exception cause) {
        failed.add(number + ": " + cause.getMessage());
    }

    @Override
    public void captureEnded(String reason) {
        // The recording itself tells.
    }

    synchronized List<CheckpointRecord> stored() {
        return List.copyOf(stored);
    }

    /// Numbers and reasons.
    synchronized List<String> failed() {
        return List.copyOf(failed);
    }
}
