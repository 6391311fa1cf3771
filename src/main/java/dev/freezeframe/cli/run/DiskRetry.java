package dev.freezeframe.cli.run;

import dev.freezeframe.linux.SteadyClock;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.qmp.QmpException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Resumes a guest that QEMU stopped because a disk failed, now and then, since nobody else can where there is no window.
/// The guest has not seen the error: what it wrote is tried again, and if that fails it stops again.
public final class DiskRetry {
    public static final Duration PERIOD = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(DiskRetry.class);

    private final Machine machine;
    private final InstantSource clock;
    private Instant looked;

    DiskRetry(Machine machine) {
        this(machine, SteadyClock.start());
    }

    /// @param clock never goes back
    public DiskRetry(Machine machine, InstantSource clock) {
        this.machine = machine;
        this.clock = clock;
        looked = clock.instant();
    }

    /// Call it often. Waits for QEMU only if the guest was stopped a while ago.
    public void look() {
        if (machine.state() != MachineState.FAULTY) {
            looked = clock.instant();
            return;
        }
        if (clock.instant().isBefore(looked.plus(PERIOD))) {
            return;
        }
        looked = clock.instant();
        try {
            if (machine.runState().equals("io-error")) {
                machine.resume();
            }
        } catch (QmpException e) {
            LOG.debug("the guest could not be resumed; that is tried again", e);
        }
    }
}
