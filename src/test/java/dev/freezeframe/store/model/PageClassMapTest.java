package dev.freezeframe.store.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.model.PageClassCodec.Piece;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Class maps come back as they were, take a byte or so for each run of pages, fit into the store's rows whatever the guest
/// does, and cannot be forged into something dangerous.
class PageClassMapTest {
    private static final int NOT_DIRTY = -1;

    @Test
    void everyPageComesBackWithItsClass() throws CorruptionException {
        Random random = new Random(1);
        for (int pages : new int[]{1, 64, 65_536, 524_288}) {
            for (int dirtyOf100 : new int[]{0, 1, 50, 100}) {
                int[] expected = new int[pages];
                PageClassMap.Builder builder = PageClassMap.builder(pages);
                long[] counts = new long[PageClass.COUNT];
                PageClass current = PageClass.NEW;
                for (int page = 0; page < pages; page++) {
                    expected[page] = NOT_DIRTY;
                    if (random.nextInt(100) < dirtyOf100) {
                        current = random.nextInt(3) == 0 ? PageClass.of(random.nextInt(PageClass.COUNT)) : current;
                        expected[page] = current.code();
                        counts[current.code()]++;
                        builder.add(page, current);
                    }
                }
                PageClassMap map = builder.map();
                assertArrayEquals(expected, classes(map));
                PageClassMap read = PageClassMap.checked(pages, map.pieces());
                assertArrayEquals(expected, classes(read));
                for (PageClass pageClass : PageClass.values()) {
                    assertEquals(counts[pageClass.code()], map.count(pageClass));
                    assertEquals(counts[pageClass.code()], read.count(pageClass));
                }
                assertEquals(pages, read.pages());
            }
        }
    }

    private static int[] classes(PageClassMap map) {
        int[] classes = new int[map.pages()];
        Arrays.fill(classes, NOT_DIRTY);
        map.forEachRun((first, count, pageClass) -> {
            for (int page = first; page < first + count; page++) {
                classes[page] = pageClass.code();
            }
        });
        return classes;
    }

    /// Every other page of 64 GiB, each of another class than the one before: the longest map for its pages.
    @Test
    void theWorstGuestFitsIntoTheRowsOfTheStore() throws CorruptionException {
        int pages = 16 << 20;
        Random random = new Random(2);
        PageClassMap.Builder builder = PageClassMap.builder(pages);
        int dirty = 0;
        for (int page = random.nextInt(3); page < pages; page += 1 + random.nextInt(3)) {
            builder.add(page, PageClass.of(random.nextInt(PageClass.COUNT)));
            dirty++;
        }
        PageClassMap map = builder.map();
        for (Piece piece : map.pieces()) {
            assertTrue(piece.content().length <= 1_000_000, piece.content().length + " bytes");
        }
        assertEquals(dirty, PageClassMap.checked(pages, map.pieces()).dirtyPages());
        assertTrue(map.storedBytes() < dirty, "less than a byte a page");
    }

    @Test
    void forgedPiecesAreRefused() {
        PageClassMap.Builder builder = PageClassMap.builder(1000);
        builder.add(990, PageClass.ZERO);
        builder.add(999, PageClass.NEW);
        Piece good = builder.map().pieces().getFirst();
        PageClassVisitor nowhere = (first, count, pageClass) -> {};
        assertThrows(CorruptionException.class, () -> PageClassCodec.decode(good, 999, nowhere));
        for (Piece forged : List.of(new Piece(1 << 30, 2, 1 << 30, good.content()),
                new Piece(-1, 2, good.encodedBytes(), good.content()),
                new Piece(3, 2, good.encodedBytes(), good.content()),
                new Piece(2, 3, good.encodedBytes(), good.content()),
                new Piece(2, 2, good.encodedBytes() + 1, good.content()),
                new Piece(2, 2, good.encodedBytes(), new byte[]{1, 2, 3}))) {
            assertThrows(CorruptionException.class, () -> PageClassCodec.decode(forged, 1000, nowhere),
                    forged.toString());
        }
        assertThrows(CorruptionException.class, () -> PageClassMap.checked(1000, List.of(good, good)),
                "the same pages twice");
    }

    @Test
    void pagesComeInOrder() {
        PageClassMap.Builder builder = PageClassMap.builder(10);
        builder.add(3, PageClass.NEW);
        for (int page : new int[]{3, 2, 10, -1}) {
            assertThrows(IllegalArgumentException.class, () -> builder.add(page, PageClass.NEW));
        }
    }
}
