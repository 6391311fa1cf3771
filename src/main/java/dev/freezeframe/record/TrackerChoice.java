package dev.freezeframe.record;

import dev.freezeframe.capture.dirty.DirtyTracker;
import dev.freezeframe.capture.dirty.ScanTracker;
import dev.freezeframe.capture.dirty.UserfaultTracker;
import dev.freezeframe.linux.WrittenPages;
import dev.freezeframe.qemu.machine.Machine;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which dirty tracker a recording uses.
public enum TrackerChoice {
    /// The exact tracker where the kernel has what it needs, the full scan elsewhere.
    AUTO,
    /// The exact tracker, or an error.
    USERFAULT,
    /// The full scan.
    SCAN;

    private static final Logger LOG = LoggerFactory.getLogger(TrackerChoice.class);

    /// Makes the tracker for a machine and logs why it is this one.
    ///
    /// @throws IOException if the tracker that was asked for cannot work here
    DirtyTracker trackerFor(Machine machine) throws IOException {
        if (this == SCAN) {
            LOG.info("dirty tracker: full scan, as asked");
            return new ScanTracker(machine.memory());
        }
        Optional<String> unsupported = WrittenPages.unsupportedReason();
        String reason;
        if (unsupported.isPresent()) {
            reason = unsupported.get();
        } else {
            try {
                DirtyTracker tracker = UserfaultTracker.plant(machine.pid(), machine.memory());
                LOG.info("dirty tracker: userfault{}", this == AUTO ? ", which this kernel supports" : ", as asked");
                return tracker;
            } catch (IOException e) {
                reason = e.getMessage();
            }
        }
        if (this == USERFAULT) {
            throw new IOException("the userfault tracker cannot work here: " + reason + "; record with --tracker scan");
        }
        LOG.info("dirty tracker: full scan, because {}", reason);
        return new ScanTracker(machine.memory());
    }
}
