package dev.freezeframe.qemu.stream;

import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import java.io.IOException;
import java.time.Duration;

/// Saves the device state of one running machine again and again, each time within a pause. Everything slow is done outside:
/// in the pause there is one command to send right behind `stop`, and one wait before `cont`.
///
/// The order for each checkpoint, all from one thread: [#arm] while the guest runs; `stop` and the armed command
/// in one write; [#awaitSaved]; dirty pages, `cont`; [#take] while the guest runs again. A checkpoint that
/// fails half-way is simply followed by the next [#arm].
public sealed interface DeviceStateSource extends AutoCloseable permits SavedDevicesSource, MigrationSource {
    /// Prepares the way that fits the machine. The guest may run meanwhile.
    ///
    /// @param qemu                the process behind `qmp`; nobody else may deliver state
    /// @param hasOtherWritableRam whether the machine has writable RAM blocks beside its shared main memory, such as VGA
    ///                            memory; `xen-save-devices-state` would leave their contents out
    static DeviceStateSource open(QmpClient qmp, ProcessHandle qemu, boolean hasOtherWritableRam) throws IOException {
        return hasOtherWritableRam ? MigrationSource.open(qmp, qemu) : SavedDevicesSource.open(qmp);
    }

    /// Prepares the next save and says which command starts it.
    QmpCommand arm() throws IOException;

    /// Waits until QEMU has saved and the guest may continue.
    ///
    /// @param reply the answer to the armed command
    void awaitSaved(PendingReply reply, Duration timeout) throws IOException;

    /// The state that was saved last. Waits for bytes that are still under way.
    DeviceState take() throws IOException;

    /// Gives back what QEMU and we hold for saving. The machine stays as it is.
    @Override
    void close();
}
