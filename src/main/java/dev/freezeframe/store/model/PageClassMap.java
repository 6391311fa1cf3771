package dev.freezeframe.store.model;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.model.PageClassCodec.Piece;
import java.util.List;

/// Which class each page has that a checkpoint's capture handed over; the other pages were not dirty. Immutable, safe for any
/// number of threads, and kept in memory as compactly as in the store: a byte or two for each run of pages.
public final class PageClassMap {
    private final int pages;
    private final List<Piece> pieces;
    private final long[] counts;

    PageClassMap(int pages, List<Piece> pieces, long[] counts) {
        this.pages = pages;
        this.pieces = pieces;
        this.counts = counts;
    }

    /// A map from rows that nobody has looked at yet.
    public static PageClassMap checked(int pages, List<Piece> pieces) throws CorruptionException {
        long[] counts = new long[PageClass.COUNT];
        int[] end = {0};
        boolean[] inOrder = {true};
        for (Piece piece : pieces) {
            PageClassCodec.decode(piece, pages, (first, count, pageClass) -> {
                inOrder[0] &= first >= end[0];
                end[0] = first + count;
                counts[pageClass.code()] += count;
            });
        }
        if (!inOrder[0]) {
            throw new CorruptionException("its pieces overlap");
        }
        return new PageClassMap(pages, pieces, counts);
    }

    /// Pages of guest RAM, dirty or not.
    public int pages() {
        return pages;
    }

    /// How many pages are of a class; the same as in the metrics of the checkpoint.
    public long count(PageClass pageClass) {
        return counts[pageClass.code()];
    }

    /// How many pages were dirty: the sum over all classes.
    public long dirtyPages() {
        long sum = 0;
        for (long count : counts) {
            sum += count;
        }
        return sum;
    }

    /// Calls for every run of dirty pages of one class, in ascending order. Two runs that touch are of different classes, as
    /// a rule; where the map was cut in pieces they may be of the same.
    public void forEachRun(PageClassVisitor visitor) {
        for (Piece piece : pieces) {
            try {
                PageClassCodec.decode(piece, pages, visitor);
            } catch (CorruptionException e) {
                throw new IllegalStateException("a class map that was checked is damaged", e);
            }
        }
    }

    /// Bytes that it takes in the store.
    public long storedBytes() {
        return pieces.stream().mapToLong(piece -> piece.content().length).sum();
    }

    public List<Piece> pieces() {
        return pieces;
    }

    /// Starts a map.
    ///
    /// @param pages pages of guest RAM
    public static Builder builder(int pages) {
        return new Builder(pages);
    }

    /// A map in the making, for one thread.
    public static final class Builder {
        private final int pages;
        private final PageClassCodec codec = new PageClassCodec();
        private final long[] counts = new long[PageClass.COUNT];
        private int first;
        private int end;
        private PageClass current;

        private Builder(int pages) {
            if (pages < 0) {
                throw new IllegalArgumentException("pages " + pages);
            }
            this.pages = pages;
        }

        /// Adds a page beyond those added so far.
        public void add(int page, PageClass pageClass) {
            if (page < end || page >= pages) {
                throw new IllegalArgumentException("page " + page + " of " + pages + " after page " + (end - 1));
            }
            if (pageClass != current || page != end) {
                endRun();
                first = page;
                current = pageClass;
            }
            end = page + 1;
            counts[pageClass.code()]++;
        }

        private void endRun() {
            if (current != null) {
                codec.add(first, end - first, current);
            }
        }

        /// The map. The builder is of no use afterwards.
        public PageClassMap map() {
            endRun();
            current = null;
            return new PageClassMap(pages, codec.pieces(), counts.clone());
        }
    }
}
