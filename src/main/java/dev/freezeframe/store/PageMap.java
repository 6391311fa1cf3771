package dev.freezeframe.store;

import java.util.Arrays;
import java.util.OptionalLong;

/// Which chunk every page of an image holds at one checkpoint. Immutable and shareable between threads; successive maps
/// share the blocks that did not change, so a map costs memory for what differs only.
public final class PageMap {
    /// Pages whose ids are kept in one array. An array that is null stands for all-zero pages.
    static final int BLOCK_PAGES = 512;

    private final int pages;
    private final long[][] blocks;
    private final OptionalLong checkpointId;

    private PageMap(int pages, long[][] blocks, OptionalLong checkpointId) {
        this.pages = pages;
        this.blocks = blocks;
        this.checkpointId = checkpointId;
    }

    /// A map of zero pages, belonging to no checkpoint.
    public static PageMap allZero(int pages) {
        if (pages < 0) {
            throw new IllegalArgumentException("pages " + pages);
        }
        return new PageMap(pages, new long[(int) (((long) pages + BLOCK_PAGES - 1) / BLOCK_PAGES)][],
                OptionalLong.empty());
    }

    /// Pages of the image.
    public int pages() {
        return pages;
    }

    /// The stored checkpoint that this is the map of; empty while it is being made.
    public OptionalLong checkpointId() {
        return checkpointId;
    }

    /// The chunk that a page holds, [ChunkId#ZERO] for a zero page.
    public long chunkId(int page) {
        if (page < 0 || page >= pages) {
            throw new IndexOutOfBoundsException("page " + page + " of " + pages);
        }
        long[] block = blocks[page / BLOCK_PAGES];
        return block == null ? ChunkId.ZERO : block[page % BLOCK_PAGES];
    }

    /// Starts a changed copy.
    public Editor edit() {
        return new Editor(this);
    }

    /// Calls for every page that is not zero, in ascending order.
    public <X extends Exception> void forEachNonZero(Visitor<X> visitor) throws X {
        forEachDifference(allZero(pages), visitor);
    }

    /// Calls, in ascending order, for every page whose chunk is not the one in `base`, with the chunk that it has here.
    /// Pages beyond the end of `base` count as zero there.
    @SuppressWarnings("ReferenceEquality") // a block that is shared has no differences
    public <X extends Exception> void forEachDifference(PageMap base, Visitor<X> visitor) throws X {
        for (int b = 0; b < blocks.length; b++) {
            long[] mine = blocks[b];
            long[] theirs = b < base.blocks.length ? base.blocks[b] : null;
            if (mine == theirs) {
                continue;
            }
            int first = b * BLOCK_PAGES;
            int end = Math.min(BLOCK_PAGES, pages - first);
            for (int i = 0; i < end; i++) {
                long id = mine == null ? ChunkId.ZERO : mine[i];
                if (id != (theirs == null ? ChunkId.ZERO : theirs[i])) {
                    visitor.page(first + i, id);
                }
            }
        }
    }

    /// The same pages, known as the map of a stored checkpoint.
    public PageMap storedAs(long checkpoint) {
        return new PageMap(pages, blocks, OptionalLong.of(checkpoint));
    }

    /// Receives pages of a map.
    @FunctionalInterface
    public interface Visitor<X extends Exception> {
        /// One page and the chunk that it holds.
        void page(int page, long chunkId) throws X;
    }

    /// A map in the making, for one thread. The map that it was started from stays as it is.
    public static final class Editor {
        private final int pages;
        private final long[][] blocks;
        private final boolean[] owned;

        private Editor(PageMap from) {
            this.pages = from.pages;
            this.blocks = from.blocks.clone();
            this.owned = new boolean[blocks.length];
        }

        /// Says which chunk a page holds from now on.
        public void set(int page, long chunkId) {
            if (page < 0 || page >= pages) {
                throw new IndexOutOfBoundsException("page " + page + " of " + pages);
            }
            int b = page / BLOCK_PAGES;
            if (!owned[b]) {
                if (chunkId == ChunkId.ZERO && blocks[b] == null) {
                    return;
                }
                blocks[b] = blocks[b] == null ? new long[BLOCK_PAGES] : blocks[b].clone();
                owned[b] = true;
            }
            blocks[b][page % BLOCK_PAGES] = chunkId;
        }

        /// The chunk that a page holds now.
        public long chunkId(int page) {
            if (page < 0 || page >= pages) {
                throw new IndexOutOfBoundsException("page " + page + " of " + pages);
            }
            long[] block = blocks[page / BLOCK_PAGES];
            return block == null ? ChunkId.ZERO : block[page % BLOCK_PAGES];
        }

        /// The map as it is now. The editor may be used on; it no longer shares arrays with the result.
        public PageMap map() {
            Arrays.fill(owned, false);
            return new PageMap(pages, blocks.clone(), OptionalLong.empty());
        }
    }
}
