package dev.freezeframe.store.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// A map says what an array would say, whatever was set, made zero, cut and extended before.
class PageMapTest {
    @Test
    void itIsWhatAnArrayWouldBe() {
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            long[] expected = new long[1 + random.nextInt(3000)];
            PageMap map = PageMap.allZero(expected.length);
            for (int step = 0; step < 6; step++) {
                PageMap before = map;
                long[] asBefore = expected.clone();
                PageMap.Editor editor = map.edit();
                for (int i = random.nextInt(40); i > 0; i--) {
                    int page = random.nextInt(expected.length);
                    int count = random.nextInt(expected.length - page + 1);
                    if (random.nextInt(4) == 0) {
                        editor.setZero(page, count);
                        Arrays.fill(expected, page, page + count, 0);
                    } else {
                        expected[page] = ChunkId.of(1 + random.nextInt(9), 0);
                        editor.set(page, expected[page]);
                        assertEquals(expected[page], editor.chunkId(page));
                    }
                }
                map = editor.map();
                assertIs(expected, map);
                assertIs(asBefore, before);
                if (random.nextBoolean()) {
                    expected = Arrays.copyOf(expected, 1 + random.nextInt(3000));
                    map = map.resized(expected.length);
                    assertIs(expected, map);
                }
            }
        }
    }

    private static void assertIs(long[] expected, PageMap map) {
        assertEquals(expected.length, map.pages());
        long[] found = new long[expected.length];
        map.forEachNonZero((page, chunk) -> found[page] = chunk);
        assertEquals(Arrays.toString(expected), Arrays.toString(found));
        for (int page = 0; page < expected.length;) {
            int end = page + 1;
            while (end < expected.length && (expected[end] == 0) == (expected[page] == 0)) {
                end++;
            }
            assertEquals(end, map.endOfRun(page, Integer.MAX_VALUE));
            assertEquals(page + 1, map.endOfRun(page, page + 1));
            page = end;
        }
    }

    @Test
    void whatIsNotInsideIsRefused() {
        PageMap map = PageMap.allZero(10);
        assertSame(map, map.resized(10));
        assertThrows(IllegalArgumentException.class, () -> map.resized(-1));
        PageMap.Editor editor = map.edit();
        for (int[] wrong : new int[][]{{-1, 1}, {10, 1}, {0, 11}, {5, Integer.MAX_VALUE}, {1, -1}}) {
            assertThrows(IndexOutOfBoundsException.class, () -> editor.setZero(wrong[0], wrong[1]));
        }
    }
}
