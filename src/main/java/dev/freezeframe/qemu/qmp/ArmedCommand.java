package dev.freezeframe.qemu.qmp;

/// A command of which QEMU has everything but the last byte. Fired or closed by the thread that armed it, exactly once; one
/// that is closed without being fired never runs.
public interface ArmedCommand extends AutoCloseable {

    /// Sends the last byte. Does not wait; what went wrong is told by the reply.
    PendingReply fire();

    /// Gives the command up if it was not fired: QEMU gets it in a form that it refuses.
    @Override
    void close();
}
