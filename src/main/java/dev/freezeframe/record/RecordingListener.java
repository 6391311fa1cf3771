package dev.freezeframe.record;

import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.Picture;
import java.util.List;

/// Hears what happens to a recording, in order, from its pipeline or checkpointing thread. Must return quickly; what takes
/// long in here makes checkpoints late.
public interface RecordingListener {

    /// A checkpoint is in the store.
    void checkpointStored(CheckpointRecord checkpoint);

    /// A checkpoint was not taken or not stored. The guest runs on and what it would have held is in the next one.
    ///
    /// @param cause its message is one line for the user
    void checkpointFailed(int number, Exception cause);

    /// Checkpoints were deleted by the budget's rule. Called from a thread of its own.
    default void checkpointsThinned(List<CheckpointRecord> deleted) {}

    /// A checkpoint has its picture, or another one. Called from a thread of its own.
    default void pictureStored(CheckpointRecord checkpoint, Picture picture) {}

    /// No checkpoint can be taken at present, for a reason that nobody asked for: a disk of the guest failed, or QEMU does not
    /// answer. They go on by themselves when that is over.
    ///
    /// @param reason one line for the user
    default void captureWaits(String reason) {}

    /// No more checkpoints will be taken; some may still be on their way to the store.
    void captureEnded(String reason);
}
