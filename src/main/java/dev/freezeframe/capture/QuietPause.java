package dev.freezeframe.capture;

import dev.freezeframe.qemu.machine.UnsentPackets;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The pause at a moment that suits the machine's disks and network cards: where the guest stands at one that does not, it goes on
/// for a moment and is stopped again.
final class QuietPause {
    private static final Logger LOG = LoggerFactory.getLogger(QuietPause.class);
    private static final int MOST_STOPS = 50;
    /// A request takes some tenths of a millisecond, and so does a card that waits to send; a busy guest has several.
    private static final Duration MOMENT = Duration.ofMillis(3);

    private final PauseWindow window;
    private final PreCopy preCopy;
    private final DiskFreezer disks;
    private final UnsentPackets unsent;

    QuietPause(PauseWindow window, PreCopy preCopy, DiskFreezer disks, UnsentPackets unsent) {
        this.window = window;
        this.preCopy = preCopy;
        this.disks = disks;
        this.unsent = unsent;
    }

    /// Stops the guest, captures what is left to capture, lets it go on.
    ///
    /// @param frame receives the contents of the pages
    /// @param dirty receives the pages that were harvested, also if this fails
    PausePhases run(FrameAssembler frame, BitSet dirty) throws IOException, InterruptedException {
        for (int stops = 1;; stops++) {
            unsent.locate();
            window.prepare();
            preCopy.copyWithoutWaiting();
            try {
                return window.run(frame, dirty, this::whatIsUnderWay);
            } catch (PauseWindow.UnderWayException e) {
                LOG.debug("no checkpoint at stop {}", stops, e);
                window.release();
                if (stops == MOST_STOPS) {
                    throw e;
                }
            }
            Thread.sleep(MOMENT);
        }
    }

    private Optional<String> whatIsUnderWay() throws IOException {
        if (!disks.isQuiet()) {
            return Optional.of("a request of its to a disk was under way");
        }
        return unsent.areThere() ? Optional.of("its network card waited to send") : Optional.empty();
    }
}
