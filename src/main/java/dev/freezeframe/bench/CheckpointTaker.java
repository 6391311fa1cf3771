package dev.freezeframe.bench;

import java.io.IOException;

/// Takes checkpoints of one machine in one way. The guest runs before and after each; one that failed leaves a machine that
/// is good for nothing but to be closed.
sealed interface CheckpointTaker extends AutoCloseable permits RecordingTaker, SnapshotTaker, MigrationTaker {
    /// What is needed before a checkpoint and not counted.
    default void prepare() throws IOException {}

    /// Takes a checkpoint and returns when it is complete by the word of who takes it, with the guest running.
    void take() throws IOException, InterruptedException;

    /// What the checkpoint just taken takes on the disk. It need not be kept any longer.
    long keptBytes() throws IOException;

    @Override
    void close() throws IOException;
}
