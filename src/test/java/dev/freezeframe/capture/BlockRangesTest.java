package dev.freezeframe.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.BlockRanges.Range;
import dev.freezeframe.suite.Seeds;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Ranges of blocks, however they overlap and in whatever order they come, are the same blocks in the fewest ranges.
class BlockRangesTest {
    @Test
    void rangesAreTheBlocksOfAllOfThemInOrderAndApart() {
        Seeds.check(500, random -> {
            BitSet blocks = new BitSet();
            BlockRanges ranges = some(random, blocks);
            assertAre(blocks, ranges);
            assertAre(blocks, ranges.and(BlockRanges.NONE));
            BitSet both = (BitSet) blocks.clone();
            BlockRanges others = some(random, both);
            assertAre(both, ranges.and(others));
            assertAre(both, others.and(ranges));
            assertAre(blocks, ranges);
        });
    }

    private static BlockRanges some(Random random, BitSet blocks) {
        List<Range> ranges = new ArrayList<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            int first = random.nextInt(60);
            int end = first + 1 + random.nextInt(9);
            ranges.add(new Range(first, end));
            blocks.set(first, end);
        }
        return BlockRanges.of(ranges);
    }

    private static void assertAre(BitSet expected, BlockRanges ranges) {
        BitSet blocks = new BitSet();
        long behind = -1;
        for (Range range : ranges.ranges()) {
            assertTrue(range.first() > behind, ranges.ranges().toString());
            behind = range.end();
            blocks.set((int) range.first(), (int) range.end());
        }
        assertEquals(expected, blocks);
        assertEquals(expected.cardinality(), ranges.count());
    }

    @Test
    void aRangeHasABlockAtLeastAndNoneBelowZero() {
        assertSame(BlockRanges.NONE, BlockRanges.of(7, 7));
        assertSame(BlockRanges.NONE, BlockRanges.of(7, 6));
        assertSame(BlockRanges.NONE, BlockRanges.of(List.of()));
        assertEquals(List.of(new Range(0, 1)), BlockRanges.of(0, 1).ranges());
        assertThrows(IllegalArgumentException.class, () -> new Range(-1, 3));
        assertThrows(IllegalArgumentException.class, () -> new Range(3, 3));
        assertEquals(3L << 40, new Range(1L << 40, 1L << 42).count());
    }
}
