package dev.freezeframe.store.model;

import java.util.Arrays;
import java.util.OptionalLong;

/// Which chunk every page of an image holds at one checkpoint. Immutable and shareable between threads; successive maps
/// share the blocks that did not change, so a map costs memory for what differs only.
public final class PageMap {
    /// Pages whose ids are kept in one array. An array that is null stands for all-zero pages.
    public static final int BLOCK_PAGES = 512;

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

    /// The same pages in a map of another length: what is beyond the end is cut off, what is new is zero. It belongs to no
    /// checkpoint, unless the length is the same.
    public PageMap resized(int length) {
        if (length == pages) {
            return this;
        }
        if (length < 0) {
            throw new IllegalArgumentException("pages " + length);
        }
        long[][] kept = Arrays.copyOf(blocks, (int) (((long) length + BLOCK_PAGES - 1) / BLOCK_PAGES));
        int inLast = length % BLOCK_PAGES;
        if (length < pages && inLast != 0 && kept[kept.length - 1] != null) {
            // or growing again would bring them back
            kept[kept.length - 1] = Arrays.copyOf(Arrays.copyOf(kept[kept.length - 1], inLast), BLOCK_PAGES);
        }
        return new PageMap(length, kept, OptionalLong.empty());
    }

    /// Where the run of zero pages, or of pages that are not, ends that a page is in.
    ///
    /// @return the first page of the other kind, or `limit` if there is none before
    public int endOfRun(int page, int limit) {
        boolean zero = chunkId(page) == ChunkId.ZERO;
        int end = Math.min(limit, pages);
        int at = page + 1;
        while (at < end) {
            long[] block = blocks[at / BLOCK_PAGES];
            if (block == null) {
                if (!zero) {
                    return at;
                }
                // not beyond the largest int
                at = (int) Math.min(end, (at / BLOCK_PAGES + 1L) * BLOCK_PAGES);
            } else if ((block[at % BLOCK_PAGES] == ChunkId.ZERO) == zero) {
                at++;
            } else {
                return at;
            }
        }
        return end;
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

        /// Makes pages zero. Takes no memory, however many they are.
        public void setZero(int firstPage, int count) {
            if (firstPage < 0 || count < 0 || count > pages - firstPage) {
                throw new IndexOutOfBoundsException(count + " pages from " + firstPage + " of " + pages);
            }
            int end = firstPage + count;
            for (int page = firstPage; page < end;) {
                int b = page / BLOCK_PAGES;
                // not beyond the largest int
                int endOfBlock = (int) Math.min(pages, (b + 1L) * BLOCK_PAGES);
                if (page % BLOCK_PAGES == 0 && endOfBlock <= end) {
                    blocks[b] = null;
                    owned[b] = false;
                    page = endOfBlock;
                } else {
                    set(page++, ChunkId.ZERO);
                }
            }
        }

        /// The chunk that a page holds now.
        public long chunkId(int page) {
            if (page < 0 || page >= pages) {
                throw new IndexOutOfBoundsException("page " + page + " of " + pages);
            }
            long[] block = blocks[page / BLOCK_PAGES];
            return block == null ? ChunkId.ZERO : block[page % BLOCK_PAGES];
        }

        private static boolean isZero(long[] block) {
            for (long id : block) {
                if (id != ChunkId.ZERO) {
                    return false;
                }
            }
            return true;
        }

        /// The map as it is now. The editor may be used on; it no longer shares arrays with the result.
        public PageMap map() {
            for (int b = 0; b < blocks.length; b++) {
                if (owned[b] && isZero(blocks[b])) {
                    blocks[b] = null;
                }
            }
            Arrays.fill(owned, false);
            return new PageMap(pages, blocks.clone(), OptionalLong.empty());
        }
    }
}
