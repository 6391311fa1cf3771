package dev.freezeframe.capture;

import dev.freezeframe.base.GuestPage;
import java.nio.ByteBuffer;

/// A piece of captured RAM, or of a disk: up to [#CAPACITY] pages or blocks with their numbers, in memory outside the heap.
/// Whoever holds it owns it, and gives it back to where it came from with [#close] once the contents are used up.
public final class Slab implements AutoCloseable {

    /// Pages in a slab.
    public static final int CAPACITY = 512;

    private final SlabPool pool;
    private final ByteBuffer contents = ByteBuffer.allocateDirect(CAPACITY * GuestPage.BYTES);
    private final int[] pages = new int[CAPACITY];
    private int count;

    Slab(SlabPool pool) {
        this.pool = pool;
    }

    /// The contents: page i of this slab lies at position `i * GuestPage.BYTES`. Position and limit are not used.
    public ByteBuffer contents() {
        return contents;
    }

    /// The page numbers, of which the first [#count] are valid. The array is the slab's own; it is not copied.
    public int[] pages() {
        return pages;
    }

    /// How many pages the slab holds.
    public int count() {
        return count;
    }

    /// Gives the slab back; its contents must not be used any more. Once only.
    @Override
    public void close() {
        pool.release(this);
    }

    void clear() {
        count = 0;
    }

    void advance(int copiedPages) {
        count += copiedPages;
    }
}
