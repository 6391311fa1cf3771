package dev.freezeframe.qemu.disk;

import java.util.Arrays;

/// A set of blocks of one disk. What is empty or full takes no room, in pieces of 128 MiB of the disk, so that a set for a disk
/// of terabytes is small where its blocks lie together. For one thread.
public final class BlockSet {
    private static final int PIECE_BITS = 15;
    private static final int PIECE_BLOCKS = 1 << PIECE_BITS;
    private static final int WORDS = PIECE_BLOCKS / Long.SIZE;
    /// Stands for a piece that has all its blocks; never written to.
    private static final long[] FULL = new long[WORDS];

    static {
        Arrays.fill(FULL, -1L);
    }

    private final long blocks;
    /// Null where a piece has none.
    private final long[][] pieces;

    /// Told of blocks that follow each other.
    @FunctionalInterface
    public interface Runs {
        /// Takes one run.
        ///
        /// @param end the one behind the last
        void run(long first, long end);
    }

    /// An empty set for a disk of so many blocks.
    public BlockSet(long blocks) {
        this.blocks = blocks;
        pieces = new long[Math.toIntExact((blocks + PIECE_BLOCKS - 1) >> PIECE_BITS)][];
    }

    /// How many blocks the disk has.
    public long blocks() {
        return blocks;
    }

    public boolean contains(long block) {
        long[] piece = pieces[(int) (block >> PIECE_BITS)];
        return piece != null && (piece[word(block)] & bit(block)) != 0;
    }

    private static int word(long block) {
        return (int) (block & PIECE_BLOCKS - 1) / Long.SIZE;
    }

    private static long bit(long block) {
        return 1L << block;
    }

    /// The piece's own words, to be changed.
    private long[] own(int piece) {
        if (pieces[piece] == null) {
            pieces[piece] = new long[WORDS];
        } else if (isFull(piece)) {
            pieces[piece] = FULL.clone();
        }
        return pieces[piece];
    }

    @SuppressWarnings("ReferenceEquality")
    private boolean isFull(int piece) {
        return pieces[piece] == FULL;
    }

    public void add(long block) {
        int piece = (int) (block >> PIECE_BITS);
        if (!isFull(piece)) {
            own(piece)[word(block)] |= bit(block);
        }
    }

    public void remove(long block) {
        int piece = (int) (block >> PIECE_BITS);
        if (pieces[piece] != null) {
            own(piece)[word(block)] &= ~bit(block);
        }
    }

    /// Adds blocks that follow each other.
    ///
    /// @param end the one behind the last
    public void add(long first, long end) {
        for (long block = first; block < end;) {
            if ((block & PIECE_BLOCKS - 1) == 0 && end - block >= PIECE_BLOCKS) {
                pieces[(int) (block >> PIECE_BITS)] = FULL;
                block += PIECE_BLOCKS;
            } else {
                add(block++);
            }
        }
    }

    /// Removes blocks that follow each other.
    ///
    /// @param end the one behind the last
    public void remove(long first, long end) {
        for (long block = first; block < end;) {
            if ((block & PIECE_BLOCKS - 1) == 0 && end - block >= PIECE_BLOCKS) {
                pieces[(int) (block >> PIECE_BITS)] = null;
                block += PIECE_BLOCKS;
            } else {
                remove(block++);
            }
        }
    }

    /// Adds all that another set for the same disk has.
    public void addAll(BlockSet other) {
        for (int piece = 0; piece < pieces.length; piece++) {
            if (other.pieces[piece] == null || isFull(piece)) {
                continue;
            }
            if (other.isFull(piece)) {
                pieces[piece] = FULL;
                continue;
            }
            long[] words = own(piece);
            for (int i = 0; i < WORDS; i++) {
                words[i] |= other.pieces[piece][i];
            }
        }
    }

    /// The first block of the set from this one on, or -1.
    public long next(long from) {
        return next(from, 0);
    }

    /// The first block from this one on that is not in the set; at the end, the number of blocks.
    public long nextMissing(long from) {
        long missing = next(from, -1L);
        return missing < 0 ? blocks : missing;
    }

    /// @param flip 0 for blocks in the set, -1 for others
    private long next(long from, long flip) {
        for (long block = from; block < blocks;) {
            int piece = (int) (block >> PIECE_BITS);
            if (flip == 0 ? pieces[piece] == null : isFull(piece)) {
                block = (long) (piece + 1) << PIECE_BITS;
                continue;
            }
            long words = pieces[piece] == null ? 0 : pieces[piece][word(block)];
            long here = (words ^ flip) & -1L << block;
            if (here != 0) {
                long found = (block & -Long.SIZE) + Long.numberOfTrailingZeros(here);
                return found < blocks ? found : -1;
            }
            block = (block & -Long.SIZE) + Long.SIZE;
        }
        return -1;
    }

    public boolean isEmpty() {
        return next(0) < 0;
    }

    /// How many they are.
    public long count() {
        long[] count = {0};
        forEachRun((first, end) -> count[0] += end - first);
        return count[0];
    }

    /// Tells of all, in ascending order.
    public void forEachRun(Runs runs) {
        for (long first = next(0); first >= 0;) {
            long end = nextMissing(first);
            runs.run(first, end);
            first = end < blocks ? next(end) : -1;
        }
    }
}
