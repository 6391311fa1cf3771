package dev.freezeframe.capture;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// What was harvested and did not reach the store: it belongs to the next checkpoint. Frames that were captured without it have an
/// older generation and must not be stored. For any thread.
final class OwedContent {
    @GuardedBy("this")
    private final BitSet pages = new BitSet();
    /// Of each disk, besides what its dirty bitmap knows.
    @GuardedBy("this")
    private List<BlockRanges> blocks = List.of();
    @GuardedBy("this")
    private long generation;

    /// What a checkpoint takes over.
    ///
    /// @param generation of its frame
    record Taken(long generation, List<BlockRanges> blocks) {}

    /// What the first checkpoint has to hold, whatever is written meanwhile.
    synchronized void begin(BitSet firstPages, List<BlockRanges> firstBlocks) {
        pages.or(firstPages);
        blocks = firstBlocks;
    }

    /// Hands everything over to a checkpoint that begins.
    ///
    /// @param dirty   receives the pages
    /// @param nothing no blocks of each disk
    synchronized Taken take(BitSet dirty, List<BlockRanges> nothing) {
        Taken taken = new Taken(generation, blocks);
        dirty.or(pages);
        pages.clear();
        blocks = nothing;
        return taken;
    }

    /// Takes back what a checkpoint did not capture.
    synchronized void giveBack(BitSet notCaptured, List<BlockRanges> blocksToo) {
        pages.or(notCaptured);
        List<BlockRanges> more = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            more.add(blocks.get(i).and(blocksToo.get(i)));
        }
        blocks = more;
    }

    /// Takes back what was captured and did not reach the store.
    ///
    /// @return the generation from which on frames may be stored
    synchronized long lost(BitSet captured, List<BlockRanges> blocksToo) {
        giveBack(captured, blocksToo);
        return ++generation;
    }
}
