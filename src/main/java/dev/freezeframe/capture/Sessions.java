package dev.freezeframe.capture;

import dev.freezeframe.machine.Machine;
import dev.freezeframe.qmp.QmpClient;
import java.time.Duration;
import java.util.Optional;

/// The QMP sessions by which one machine is captured, and how long an answer is waited for. Each is used by the checkpointing
/// thread; who else commands the machine by the first of them waits for a pause.
///
/// @param main stops the guest and lets it go
/// @param capture saves the devices
/// @param disks freezes the disks; empty for a machine without one that the guest can write
/// @param patience a QEMU that takes longer is late, which is no end: what it was told may still take effect
public record Sessions(QmpClient main, QmpClient capture, Optional<QmpClient> disks, Duration patience) {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /// The machine's own.
    public static Sessions of(Machine machine) {
        return new Sessions(machine.qmp(), machine.captureQmp(), machine.diskQmp(), PATIENCE);
    }

    /// Whether one of them has ended, and with it capture.
    boolean isAnyLost() {
        return main.isLost() || capture.isLost() || disks.map(QmpClient::isLost).orElse(false);
    }
}
