package dev.freezeframe.capture;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.BitSet;

/// Collects the pages of one frame after another out of guest RAM, each page once with its newest contents.
/// Before the stop it may wait for memory; within the pause it never does.
///
/// A page that is captured again overwrites its earlier copy in place, so a page that was pre-copied too early costs
/// neither memory nor a chunk. Only when the frame outgrows the pool are its oldest slabs sent ahead to the sink; a page of
/// theirs that changes again is then sent again.
final class FrameAssembler {

    private final SharedMemory memory;
    private final SlabPool pool;
    private final FrameSink sink;
    /// For every page of RAM: 0, or 1 + the slot that it has in the frame. Slots count on over slabs sent ahead.
    private final int[] slotOf;
    private final BitSet captured;
    private final ArrayDeque<Slab> slabs = new ArrayDeque<>();
    private final ArrayDeque<Slab> reserve = new ArrayDeque<>();
    /// `slabs` as an array, so that a slot finds its slab.
    private final Slab[] slabAt;
    private int number;
    private long generation;
    private int slabsSentAhead;
    /// How often memory had to be waited for, ever.
    private long waits;
    /// Of the last [#copyAhead].
    private boolean lastCopyWaited;
    private int lastCopyPages;
    /// What the pause is to find at least, in pages.
    private int wantedRoom;
    /// Whether the sink knows of the frame.
    private boolean announced;

    FrameAssembler(SharedMemory memory, SlabPool pool, FrameSink sink) {
        this.memory = memory;
        this.pool = pool;
        this.sink = sink;
        int ramPages = Math.toIntExact(memory.sizeBytes() / GuestPage.BYTES);
        slotOf = new int[ramPages];
        captured = new BitSet(ramPages);
        slabAt = new Slab[pool.capacity()];
    }

    void begin(int frameNumber, long frameGeneration) {
        if (!slabs.isEmpty()) {
            throw new IllegalStateException("frame " + number + " was neither completed nor abandoned");
        }
        number = frameNumber;
        generation = frameGeneration;
        slabsSentAhead = 0;
        wantedRoom = 0;
        lastCopyWaited = false;
        announced = false;
        captured.clear();
    }

    /// The pages captured so far.
    BitSet captured() {
        return captured;
    }

    /// Copies these pages while the guest runs; waits for memory if the pipeline is behind.
    void copyAhead(BitSet pages) throws InterruptedException {
        long before = waits;
        int page = pages.nextSetBit(0);
        while (page >= 0) {
            page = copyInto(pages, page, tailAhead());
        }
        captured.or(pages);
        lastCopyPages = pages.cardinality();
        lastCopyWaited = waits != before;
    }

    /// Copies these pages while the guest stands still; never waits.
    ///
    /// @throws IOException if there are more pages than memory for them
    void copyInPause(BitSet pages) throws IOException {
        captured.or(pages);
        int page = pages.nextSetBit(0);
        while (page >= 0) {
            page = copyInto(pages, page, tailInPause(pages));
        }
    }

    /// Sets aside room for as many pages as this, so that the pause finds it; after it had to wait for memory, for twice as
    /// many, as far as the pool goes.
    ///
    /// A frame that is larger than the pool, such as the first of a large guest, goes on its way at the pace of the store, and a
    /// guest that writes faster has changed more by then than a small reserve takes. With room made first, what changed
    /// meanwhile is copied without a wait, in milliseconds, and leaves as little.
    ///
    /// @return whether this or the last copying had to wait for memory, so that another round should be copied first
    boolean reserve(int pageCount) throws InterruptedException {
        long before = waits;
        int wanted = Math.max(pageCount, wantedRoom);
        int room = slabs.isEmpty() ? 0 : Slab.CAPACITY - slabs.getLast().count();
        int most = Math.max(1, pool.capacity() - pool.capacity() / 4 - 1);
        while (room + reserve.size() * Slab.CAPACITY < wanted && reserve.size() < most) {
            reserve.add(freeSlab());
        }
        boolean waited = waits != before || lastCopyWaited;
        if (waited) {
            wantedRoom = Math.max(2 * Math.min(wanted, most * Slab.CAPACITY), slabsSentAhead > 0 ? lastCopyPages : 0);
        }
        return waited;
    }

    /// Hands the contents to the sink. That the frame is complete, the caller says.
    void complete() {
        announced = true;
        while (!slabs.isEmpty()) {
            sendAhead();
        }
        releaseReserve();
    }

    /// Forgets the frame; [#captured] still tells which pages would be lost by it.
    void abandon() {
        for (Slab slab : slabs) {
            forgetSlots(slab);
            slab.close();
        }
        slabs.clear();
        releaseReserve();
        if (announced) {
            sink.abandon(number);
        }
    }

    private void releaseReserve() {
        while (!reserve.isEmpty()) {
            reserve.remove().close();
        }
    }

    /// Copies pages from `first` on until the slab is full or the set is at its end.
    ///
    /// @return the page to go on with, or -1
    private int copyInto(BitSet pages, int first, Slab slab) {
        int start = slab.count();
        int count = start;
        int base = (slabsSentAhead + slabs.size() - 1) * Slab.CAPACITY;
        int page = first;
        for (; page >= 0; page = pages.nextSetBit(page + 1)) {
            int slot = slotOf[page] - 1;
            if (slot >= 0) {
                int position = slot % Slab.CAPACITY * GuestPage.BYTES;
                Slab holder = slabAt[slot / Slab.CAPACITY % slabAt.length];
                memory.read((long) page * GuestPage.BYTES, GuestPage.BYTES, holder.contents(), position);
            } else if (count < Slab.CAPACITY) {
                slab.pages()[count] = page;
                slotOf[page] = base + count + 1;
                count++;
            } else {
                break;
            }
        }
        memory.copyPages(slab.pages(), start, count - start, slab.contents(), start * GuestPage.BYTES);
        slab.advance(count - start);
        return page;
    }

    private Slab tailAhead() throws InterruptedException {
        if (slabs.isEmpty() || slabs.getLast().count() == Slab.CAPACITY) {
            append(reserve.isEmpty() ? freeSlab() : reserve.remove());
        }
        return slabs.getLast();
    }

    private Slab tailInPause(BitSet pages) throws IOException {
        if (slabs.isEmpty() || slabs.getLast().count() == Slab.CAPACITY) {
            Slab slab = reserve.isEmpty() ? pool.poll() : reserve.remove();
            if (slab == null) {
                throw new IOException("the guest changed " + mebibytes(pages.cardinality())
                        + " MiB right before the stop, more than the capture buffer of " + mebibytes(pool.capacity()
                                * (long) Slab.CAPACITY)
                        + " MiB had room for; the checkpoint was given up and its pages belong to the next one: record"
                        + " with --buffer " + mebibytes(2L * (pool.capacity() * (long) Slab.CAPACITY + pages
                                .cardinality()))
                        + "M, or have the guest write less at a time");
            }
            append(slab);
        }
        return slabs.getLast();
    }

    private static long mebibytes(long pageCount) {
        return Math.ceilDiv(pageCount * GuestPage.BYTES, 1L << 20);
    }

    private void append(Slab slab) {
        slabs.add(slab);
        slabAt[(slabsSentAhead + slabs.size() - 1) % slabAt.length] = slab;
    }

    private Slab freeSlab() throws InterruptedException {
        Slab slab = pool.poll();
        if (slab == null) {
            // All memory is in use, part of it here. Sending the older half ahead lets the pipeline free it.
            for (int toSend = (slabs.size() + 1) / 2; toSend > 0; toSend--) {
                sendAhead();
            }
            waits++;
            slab = pool.take();
        }
        return slab;
    }

    private void sendAhead() {
        Slab slab = slabs.remove();
        forgetSlots(slab);
        slabsSentAhead++;
        announced = true;
        sink.pages(number, generation, slab);
    }

    private void forgetSlots(Slab slab) {
        for (int i = 0; i < slab.count(); i++) {
            slotOf[slab.pages()[i]] = 0;
        }
    }
}
