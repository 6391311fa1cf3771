package dev.freezeframe.record;

import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.Picture;
import java.util.List;
import java.util.function.Consumer;

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

    /// A listener that tells somebody of each checkpoint that is stored, and then this one of everything.
    default RecordingListener after(Consumer<CheckpointRecord> stored) {
        RecordingListener all = this;
        return new RecordingListener() {
            @Override
            public void checkpointStored(CheckpointRecord checkpoint) {
                stored.accept(checkpoint);
                all.checkpointStored(checkpoint);
            }

            @Override
            public void checkpointFailed(int number, Exception cause) {
                all.checkpointFailed(number, cause);
            }

            @Override
            public void checkpointsThinned(List<CheckpointRecord> deleted) {
                all.checkpointsThinned(deleted);
            }

            @Override
            public void pictureStored(CheckpointRecord checkpoint, Picture picture) {
                all.pictureStored(checkpoint, picture);
            }

            @Override
            public void captureWaits(String reason) {
                all.captureWaits(reason);
            }

            @Override
            public void captureEnded(String reason) {
                all.captureEnded(reason);
            }
        };
    }
}
