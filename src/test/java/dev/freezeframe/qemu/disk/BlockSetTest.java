package dev.freezeframe.qemu.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Seeds;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// A set of blocks is as a [BitSet], and small where a disk is large.
class BlockSetTest {
    private static final int PIECE = 1 << 15;

    @Test
    void isAsABitSet() {
        Seeds.check(60, random -> {
            int blocks = 1 + random.nextInt(4 * PIECE);
            BlockSet set = new BlockSet(blocks);
            BitSet model = new BitSet();
            for (int step = 0; step < 12; step++) {
                change(random, blocks, set, model);
                if (random.nextInt(4) == 0) {
                    BlockSet other = new BlockSet(blocks);
                    BitSet otherModel = new BitSet();
                    change(random, blocks, other, otherModel);
                    set.addAll(other);
                    model.or(otherModel);
                    assertSame(otherModel, other);
                }
                assertSame(model, set);
            }
        });
    }

    private static void change(Random random, int blocks, BlockSet set, BitSet model) {
        int first = random.nextInt(blocks);
        int end = first + random.nextInt(random.nextBoolean() ? 3 : blocks - first + 1);
        end = Math.min(end, blocks);
        if (random.nextInt(3) == 0) {
            set.remove(first, end);
            model.clear(first, end);
        } else {
            set.add(first, end);
            model.set(first, end);
        }
    }

    private static void assertSame(BitSet model, BlockSet set) {
        BitSet told = new BitSet();
        set.forEachRun((first, end) -> told.set((int) first, (int) end));
        assertEquals(model, told);
        assertEquals(model.cardinality(), set.count());
        assertEquals(model.isEmpty(), set.isEmpty());
        for (int block = 0; block < set.blocks(); block += 97) {
            assertEquals(model.get(block), set.contains(block));
            assertEquals(model.nextSetBit(block), set.next(block));
            assertEquals(Math.min(set.blocks(), model.nextClearBit(block)), set.nextMissing(block));
        }
    }

    @Test
    void allOfALargeDiskTakesNoRoom() {
        BlockSet all = new BlockSet(1L << 30);
        long before = used();
        all.add(0, 1L << 30);
        assertTrue(used() - before < 64 << 20, "all blocks of 4 TiB");
        assertEquals(1L << 30, all.nextMissing(0));
        all.remove(5L * PIECE + 1);
        assertEquals(5L * PIECE + 1, all.nextMissing(0));
        assertEquals((1L << 30) - 1, all.count());
    }

    private static long used() {
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
