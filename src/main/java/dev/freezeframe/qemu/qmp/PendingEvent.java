package dev.freezeframe.qemu.qmp;

import java.time.Duration;

/// The first event of a kind that QEMU sends after this was asked for. Closing it ends the watch.
public interface PendingEvent extends AutoCloseable {
    /// Waits for the event.
    ///
    /// @throws QmpException when the time is over, or at once when QEMU has died
    QmpEvent await(Duration timeout) throws QmpException;

    @Override
    void close();
}
