package dev.freezeframe.capture;

/// Hears what a checkpointer could not do; called from its own thread, must not block.
public interface CaptureListener {

    /// A checkpoint failed; the guest runs on and the pages belong to the next checkpoint.
    void checkpointFailed(int number, Exception cause);

    /// No more checkpoints can be taken of this machine, because it ended or QEMU is gone.
    void captureEnded(String reason);
}
