package dev.freezeframe.qemu.machine;

import dev.freezeframe.base.Closing;
import dev.freezeframe.qemu.qmp.QmpClient;
import java.util.Optional;

/// The QMP sessions with one QEMU; open as long as its machine is.
///
/// @param main    ours, by which the guest is stopped and let go
/// @param capture for whoever captures it
/// @param watch   for those who look on at a machine with a screen; where there is none, the first
/// @param disks   for the capture of the disks; empty where the guest can write none
record MachineSessions(QmpClient main, QmpClient capture, QmpClient watch, Optional<QmpClient> disks)
        implements
            AutoCloseable {
    @Override
    public void close() {
        Closing.each(main::close, capture::close, watch::close, () -> disks.ifPresent(QmpClient::close));
    }
}
