package dev.freezeframe.capture;

import dev.freezeframe.capture.dirty.DirtyTracker;
import java.io.IOException;
import java.util.BitSet;

/// The rounds in which the dirty set is harvested and copied while the guest runs, see [Checkpointer].
/// What was harvested is either in the frame or still in the set, also when a round fails.
final class PreCopy {
    /// A dirty set this small is copied in less time than another round would take.
    private static final int FEW_PAGES = 48;
    /// Another round pays while it leaves clearly fewer pages than the one before.
    private static final double PAYING_SHARE = 0.7;
    /// Most rounds once the pause is prepared.
    private static final int MOST_LAST_ROUNDS = 4;

    private final DirtyTracker tracker;
    private final FrameAssembler frame;
    private final BitSet dirty;
    private final int mostRounds;
    private int rounds;
    private int pages;

    /// @param dirty pages that are harvested and not copied yet
    PreCopy(DirtyTracker tracker, FrameAssembler frame, BitSet dirty, int mostRounds) {
        this.tracker = tracker;
        this.frame = frame;
        this.dirty = dirty;
        this.mostRounds = mostRounds;
    }

    /// Counts anew, for another checkpoint.
    void begin() {
        rounds = 0;
        pages = 0;
    }

    /// How often the dirty set was copied.
    int rounds() {
        return rounds;
    }

    /// Pages copied, counting a page once for every time.
    int pages() {
        return pages;
    }

    /// Copies what is in the set, and then as many rounds as pay. Waits for memory.
    void copyAhead() throws IOException, InterruptedException {
        pages += dirty.cardinality();
        frame.copyAhead(dirty);
        dirty.clear();
        int before = Integer.MAX_VALUE;
        for (int round = 0; round < mostRounds; round++) {
            tracker.harvest(dirty);
            int found = dirty.cardinality();
            frame.copyAhead(dirty);
            dirty.clear();
            pages += found;
            rounds++;
            if (!pays(found, before)) {
                break;
            }
            before = found;
        }
    }

    /// Some more rounds while QEMU takes in the commands of the pause. Nobody else can command the machine meanwhile, so these
    /// do not wait for memory.
    void copyWithoutWaiting() throws IOException {
        int before = Integer.MAX_VALUE;
        for (int round = 0; round < MOST_LAST_ROUNDS; round++) {
            tracker.harvest(dirty);
            int found = dirty.cardinality();
            frame.copyInPause(dirty);
            dirty.clear();
            pages += found;
            rounds++;
            if (!pays(found, before)) {
                break;
            }
            before = found;
        }
    }

    private static boolean pays(int found, int before) {
        return found > FEW_PAGES && found <= before * PAYING_SHARE;
    }
}
