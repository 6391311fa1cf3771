package dev.freezeframe.capture;

import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The pause at a moment that suits the machine's disks: where the guest stands at one that does not, it goes on for a moment
/// and is stopped again.
final class QuietPause {
    private static final Logger LOG = LoggerFactory.getLogger(QuietPause.class);
    private static final int MOST_STOPS = 50;
    /// A request takes some tenths of a millisecond, and a busy guest makes several.
    private static final Duration MOMENT = Duration.ofMillis(3);

    private final PauseWindow window;
    private final PreCopy preCopy;

    QuietPause(PauseWindow window, PreCopy preCopy) {
        this.window = window;
        this.preCopy = preCopy;
    }

    /// Stops the guest, captures what is left to capture, lets it go on.
    ///
    /// @param frame receives the contents of the pages
    /// @param dirty receives the pages that were harvested, also if this fails
    PausePhases run(FrameAssembler frame, BitSet dirty) throws IOException, InterruptedException {
        for (int stops = 1;; stops++) {
            window.prepare();
            preCopy.copyWithoutWaiting();
            try {
                return window.run(frame, dirty);
            } catch (PauseWindow.DiskBusyException e) {
                LOG.debug("requests to disks were under way at stop {}", stops);
                window.release();
                if (stops == MOST_STOPS) {
                    throw e;
                }
            }
            Thread.sleep(MOMENT);
        }
    }
}
