package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.suite.ExpectWarnings;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// The index finds what was added and not removed, in little memory, and no crafted hash makes it slow.
class ChunkIndexTest {
    private static final long UNBOUNDED = 1L << 40;
    /// About ten in each part of the index, which keeps thirty or more, whatever the secret in it.
    private static final int NEWEST = 10_000;

    @Test
    void findsJustWhatWasAddedAndNotRemoved() {
        Random random = new Random(1);
        ChunkIndex index = new ChunkIndex(UNBOUNDED);
        Map<Long, Set<Long>> model = new HashMap<>();
        for (int i = 1; i < 200_000; i++) {
            // few enough hashes that some repeat, and enough removals that gaps close everywhere
            long low = random.nextInt(60_000) * 0x9E37_79B9L;
            long id = ChunkId.of(1 + random.nextInt(1000), random.nextInt(64));
            Set<Long> ids = model.computeIfAbsent(low, key -> new HashSet<>());
            if (random.nextInt(3) == 0 && !ids.isEmpty()) {
                long gone = ids.iterator().next();
                index.remove(low, ~low, gone);
                ids.remove(gone);
            } else if (ids.size() < ChunkIndex.MAX_SAME_HASH) {
                index.add(low, ~low, id);
                ids.add(id);
            }
        }
        long[] candidates = new long[ChunkIndex.MAX_SAME_HASH];
        long size = 0;
        for (Map.Entry<Long, Set<Long>> entry : model.entrySet()) {
            int found = index.find(entry.getKey(), ~entry.getKey(), candidates);
            Set<Long> ids = new TreeSet<>();
            Arrays.stream(candidates, 0, found).forEach(ids::add);
            assertEquals(new TreeSet<>(entry.getValue()), ids);
            size += found;
        }
        assertEquals(size, index.size());
    }

    @Test
    void aMillionChunksTakeAboutThirtyBytesEach() {
        Random random = new Random(2);
        ChunkIndex index = new ChunkIndex(UNBOUNDED);
        for (int i = 0; i < 1_000_000; i++) {
            index.add(random.nextLong(), random.nextLong(), ChunkId.of(1 + i / 64, i % 64));
        }
        assertEquals(1_000_000, index.size());
        assertTrue(index.sizeBytes() <= 34_000_000, index.sizeBytes() + " bytes");
    }

    @Test
    void moreThanAFewChunksOfOneHashAreNotKept() {
        ChunkIndex index = new ChunkIndex(UNBOUNDED);
        for (int i = 0; i < 100_000; i++) {
            // equal in the half that chooses the place, different in the other
            index.add(42, (long) i << 48, ChunkId.of(1 + i / 64, i % 64));
        }
        assertEquals(ChunkIndex.MAX_SAME_HASH, index.size());
    }

    @Test
    @ExpectWarnings("the index of stored chunks has reached its bound")
    void aFullIndexForgetsTheOldestChunksAndStaysBelowItsBound() {
        Random random = new Random(3);
        ChunkIndex index = new ChunkIndex(1 << 20);
        long[] lows = random.longs(400_000).toArray();
        for (int i = 0; i < lows.length; i++) {
            index.add(lows[i], lows[i], ChunkId.of(1 + i / 64, i % 64));
            if (i % 1000 == 0) {
                assertTrue(index.sizeBytes() <= index.maxBytes(), index.sizeBytes() + " bytes after " + i);
            }
        }
        // the memory is used: 3/4 of the places at most, 3/4 of that after forgetting
        assertTrue(index.size() > (1 << 20) / 16 / 2, index.size() + " chunks");
        assertEquals(NEWEST, found(index, lows, lows.length - NEWEST, lows.length), "the newest are there");
        assertEquals(0, found(index, lows, 0, lows.length - 100_000), "the oldest are not");
    }

    @Test
    @ExpectWarnings("the index of stored chunks has reached its bound")
    void aFullIndexIsTheSameIfTheNewestChunksComeFirst() {
        Random random = new Random(4);
        ChunkIndex index = new ChunkIndex(1 << 20);
        long[] lows = random.longs(400_000).toArray();
        int taken = 0;
        for (int i = lows.length - 1; i >= 0 && index.wants(ChunkId.of(1 + i / 64, i % 64)); i--) {
            index.add(lows[i], lows[i], ChunkId.of(1 + i / 64, i % 64));
            taken++;
        }
        assertTrue(taken < 100_000, "took " + taken + " before it was full");
        assertTrue(index.sizeBytes() <= index.maxBytes(), index.sizeBytes() + " bytes");
        assertEquals(NEWEST, found(index, lows, lows.length - NEWEST, lows.length));
        index.clear();
        assertTrue(index.wants(ChunkId.of(1, 0)), "an empty index takes the oldest again");
    }

    private static int found(ChunkIndex index, long[] lows, int from, int to) {
        long[] candidates = new long[ChunkIndex.MAX_SAME_HASH];
        int found = 0;
        for (int i = from; i < to; i++) {
            found += index.find(lows[i], lows[i], candidates);
        }
        return found;
    }
}
