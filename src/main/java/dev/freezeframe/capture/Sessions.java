package dev.freezeframe.capture;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The QMP sessions by which one machine is captured, and how long an answer is waited for. Each is used by the checkpointing
/// thread; who else commands the machine by the first of them waits for a pause.
///
/// @param main stops the guest and lets it go
/// @param capture saves the devices
/// @param disks freezes the disks; empty for a machine without one that the guest can write, or whose disks we serve
/// @param patience a QEMU that takes longer is late, which is no end: what it was told may still take effect
public record Sessions(QmpClient main, QmpClient capture, Optional<QmpClient> disks, Duration patience) {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int MOST_ATTEMPTS = 5;
    private static final QmpCommand STATUS = QmpCommand.of("query-status");
    private static final QmpCommand CONTINUE = QmpCommand.of("cont");

    /// The machine's own.
    public static Sessions of(Machine machine) {
        return new Sessions(machine.qmp(), machine.captureQmp(), machine.diskQmp(), PATIENCE);
    }

    /// Lets the guest go on where the first session has ended, which does not end its QEMU. By the time that QEMU answers the
    /// question behind it on another session, it has done what it was sent on the first one.
    ///
    /// @param lost is told what else went wrong
    /// @return whether QEMU says that the guest runs
    boolean letGoWithoutMain(QmpException lost) {
        List<QmpClient> others = new ArrayList<>(List.of(capture));
        disks.ifPresent(others::add);
        for (QmpClient other : others) {
            try {
                for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
                    other.execute(STATUS, patience);
                    other.execute(CONTINUE, patience);
                    if (other.execute(STATUS, patience).path("status").asText().equals("running")) {
                        return true;
                    }
                }
            } catch (QmpException e) {
                lost.addSuppressed(e);
            }
        }
        return false;
    }

    /// Whether one of them has ended, and with it capture.
    boolean isAnyLost() {
        return main.isLost() || capture.isLost() || disks.map(QmpClient::isLost).orElse(false);
    }
}
