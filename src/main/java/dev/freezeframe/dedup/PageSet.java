package dev.freezeframe.dedup;

import java.util.Arrays;

/// A set of pages of an image, or of blocks of a disk, for one thread. Takes memory for what it holds in bits and pieces, not
/// for long runs nor for how large the image is: a disk of terabytes that is mostly zero is added in one run.
final class PageSet {
    private static final int LEAF_BITS = 12;
    private static final int LEAF_PAGES = 1 << LEAF_BITS;
    /// Stands for a leaf that has all of its pages; never changed.
    private static final long[] FULL = new long[LEAF_PAGES / Long.SIZE];

    static {
        Arrays.fill(FULL, -1);
    }

    private final int pages;
    /// Null for one without pages.
    private final long[][] leaves;

    /// An empty set.
    ///
    /// @param pages how many the image has
    PageSet(int pages) {
        this.pages = pages;
        leaves = new long[(int) (((long) pages + LEAF_PAGES - 1) >>> LEAF_BITS)][];
    }

    boolean get(int page) {
        long[] leaf = leaves[page >>> LEAF_BITS];
        return leaf != null && (leaf[word(page)] & 1L << page) != 0;
    }

    void set(int page) {
        if (!get(page)) {
            writable(page >>> LEAF_BITS)[word(page)] |= 1L << page;
        }
    }

    /// Adds the pages from `from` to before `to`.
    void set(int from, int to) {
        if (from < 0 || to > pages) {
            throw new IndexOutOfBoundsException("pages " + from + " to " + to + " of " + pages);
        }
        int page = from;
        while (page < to) {
            // not beyond the largest int
            int endOfLeaf = (int) Math.min(to, ((page >>> LEAF_BITS) + 1L) << LEAF_BITS);
            if (endOfLeaf - page == LEAF_PAGES) {
                leaves[page >>> LEAF_BITS] = FULL;
                page = endOfLeaf;
            } else {
                set(page++);
            }
        }
    }

    /// The first page of the set from one on, or -1.
    int next(int from) {
        int leafIndex = from >>> LEAF_BITS;
        int word = word(from);
        long mask = -1L << from;
        for (; leafIndex < leaves.length; leafIndex++) {
            long[] leaf = leaves[leafIndex];
            for (; leaf != null && word < leaf.length; word++) {
                long bits = leaf[word] & mask;
                if (bits != 0) {
                    return (leafIndex << LEAF_BITS) + word * Long.SIZE + Long.numberOfTrailingZeros(bits);
                }
                mask = -1;
            }
            word = 0;
            mask = -1;
        }
        return -1;
    }

    /// The first page from one on that is not in the set; where there is none, the end of the image.
    @SuppressWarnings("ReferenceEquality") // the one leaf that is shared
    int nextAbsent(int from) {
        int page = from;
        while (page < pages && get(page)) {
            boolean whole = (page & (LEAF_PAGES - 1)) == 0 && leaves[page >>> LEAF_BITS] == FULL;
            page = whole ? (int) Math.min(pages, page + (long) LEAF_PAGES) : page + 1;
        }
        return page;
    }

    long count() {
        long count = 0;
        for (long[] leaf : leaves) {
            if (leaf != null) {
                for (long bits : leaf) {
                    count += Long.bitCount(bits);
                }
            }
        }
        return count;
    }

    private static int word(int page) {
        return (page & (LEAF_PAGES - 1)) / Long.SIZE;
    }

    /// Never [#FULL], which has nothing to be added.
    private long[] writable(int leaf) {
        if (leaves[leaf] == null) {
            leaves[leaf] = new long[LEAF_PAGES / Long.SIZE];
        }
        return leaves[leaf];
    }
}
