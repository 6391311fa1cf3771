package dev.freezeframe.cli;

import dev.freezeframe.machine.Machine;
import dev.freezeframe.machine.MachineState;
import dev.freezeframe.qmp.QmpException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Resumes a guest that QEMU stopped because a disk failed, now and then, since nobody else can where there is no window.
/// The guest has not seen the error: what it wrote is tried again, and if that fails it stops again.
final class DiskRetry {
    static final Duration PERIOD = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(DiskRetry.class);

    private final Machine machine;
    private long lookedNanos = System.nanoTime();

    DiskRetry(Machine machine) {
        this.machine = machine;
    }

    /// Call it often. Waits for QEMU only if the guest was stopped a while ago.
    void look() {
        if (machine.state() != MachineState.FAULTY) {
            lookedNanos = System.nanoTime();
            return;
        }
        if (System.nanoTime() - lookedNanos < PERIOD.toNanos()) {
            return;
        }
        lookedNanos = System.nanoTime();
        try {
            if (machine.runState().equals("io-error")) {
                machine.resume();
            }
        } catch (QmpException e) {
            LOG.debug("the guest could not be resumed; that is tried again", e);
        }
    }
}
