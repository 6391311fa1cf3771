package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// A set of pages answers as a plain set of bits does, whatever was added in which order.
class PageSetTest {
    @Test
    void everyAnswerIsThatOfAPlainSet() {
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            int pages = 1 + random.nextInt(50_000);
            PageSet set = new PageSet(pages);
            BitSet plain = new BitSet();
            for (int i = 0; i < 20; i++) {
                int from = random.nextInt(pages);
                int to = from + random.nextInt(pages - from + 1);
                int single = random.nextInt(pages);
                if (random.nextBoolean()) {
                    set.set(from, to);
                    plain.set(from, to);
                }
                set.set(single);
                plain.set(single);
            }
            assertEquals(plain.cardinality(), set.count(), () -> "pages " + pages);
            int asked = 0;
            for (int page = plain.nextSetBit(0); page >= 0; page = plain.nextSetBit(page + 1)) {
                assertEquals(page, set.next(asked));
                asked = page + 1;
            }
            assertEquals(-1, asked < pages ? set.next(asked) : -1);
            for (int page = 0; page < pages; page += 1 + random.nextInt(500)) {
                assertEquals(Math.min(pages, plain.nextClearBit(page)), set.nextAbsent(page));
            }
            for (int page = 0; page < pages; page++) {
                assertEquals(plain.get(page), set.get(page));
            }
        }
    }

    @Test
    void aPageBeyondTheEndIsRefused() {
        PageSet set = new PageSet(10);
        assertThrows(IndexOutOfBoundsException.class, () -> set.set(5, 11));
        assertThrows(IndexOutOfBoundsException.class, () -> set.set(-1, 3));
        set.set(5, 10);
        assertEquals(5, set.count());
        set.set(0, 2);
        assertEquals(7, set.count());
    }
}
