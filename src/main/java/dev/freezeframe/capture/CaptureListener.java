package dev.freezeframe.capture;

/// Hears what a checkpointer could not do; called from its own thread, must not block.
public interface CaptureListener {

    /// A checkpoint was captured and the guest runs again since a moment. It is on its way to the store, and may still fail.
    default void checkpointTaken(int number) {}

    /// A checkpoint failed; the guest runs on and the pages belong to the next checkpoint.
    void checkpointFailed(int number, Exception cause);

    /// No checkpoint can be taken at present, for a reason that nobody asked for; they go on by themselves when it is over.
    /// Told once.
    ///
    /// @param reason one line for the user
    default void captureWaits(String reason) {}

    /// No more checkpoints will be taken.
    ///
    /// @param reason one line for the user
    /// @param failed whether it should have gone on; not so if all were taken, the guest ended or somebody asked for it
    void captureEnded(String reason, boolean failed);
}
