package dev.freezeframe.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import java.io.IOException;
import java.util.BitSet;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A frame that is larger than the buffer goes through it in rounds, and the pause finds room for what is left.
class FrameAssemblerTest {
    private static final int RAM_PAGES = 64 * 1024;
    private static final long BUFFER_BYTES = 128 << 20;
    /// As in a checkpointer.
    private static final int ROUNDS = 4;
    private static final int PAUSE_PAGES = 8 * Slab.CAPACITY;

    private final Queue<Slab> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger stored = new AtomicInteger();
    private final Thread capturing = Thread.currentThread();
    private SharedMemory memory;
    private SlabPool pool;
    private FrameAssembler frame;
    private Thread store;
    private volatile boolean over;

    /// A store that is as slow as can be: it gives back a slab only when nothing goes on without one.
    @BeforeEach
    void start() throws IOException {
        memory = SharedMemory.allocate("frame", (long) RAM_PAGES * GuestPage.BYTES);
        pool = new SlabPool(BUFFER_BYTES);
        frame = new FrameAssembler(memory, pool, new FrameSink() {
            @Override
            public boolean hasRoom() {
                return true;
            }

            @Override
            public void pages(int number, long generation, Slab slab) {
                waiting.add(slab);
            }

            @Override
            public void blocks(int number, long generation, int disk, Slab slab) {}

            @Override
            public void zeroBlocks(int number, long generation, int disk, BlockRanges.Range blocks) {}

            @Override
            public void complete(CapturedFrame complete) {}

            @Override
            public void abandon(int number) {}
        });
        store = Thread.ofPlatform().name("store").start(() -> {
            while (!over) {
                if (pool.available() == 0 && capturing.getState() == Thread.State.WAITING && !waiting.isEmpty()) {
                    stored.incrementAndGet();
                    waiting.remove().close();
                }
                LockSupport.parkNanos(20_000);
            }
        });
    }

    @AfterEach
    void end() throws InterruptedException {
        over = true;
        store.join();
        memory.close();
    }

    @Test
    @Tag("slow")
    void aGuestThatWritesFasterThanTheStoreIsCapturedWhereWhatItWritesToFitsIntoTheBuffer() throws Exception {
        captureAllOfRam(new Guest(600, RAM_PAGES / 4));
        assertEquals(RAM_PAGES, frame.captured().cardinality());
    }

    @Test
    @Tag("slow")
    void whereItDoesNotFitTheBufferThatWouldIsNamed() {
        IOException refused = assertThrows(IOException.class, () -> captureAllOfRam(new Guest(2000, RAM_PAGES)));
        assertTrue(refused.getMessage().contains("buffer of 128 MiB had room for"), refused::getMessage);
        assertTrue(refused.getMessage().contains("record with --buffer 768M,"), refused::getMessage);
    }

    @Test
    void aReserveLargerThanTheBufferIsAsMuchAsThereIs() throws Exception {
        frame.begin(1, 0);
        frame.reserve(RAM_PAGES);
        frame.copyInPause(pages(RAM_PAGES / 8));
        assertEquals(RAM_PAGES / 8, frame.captured().cardinality());
    }

    /// In the order of a checkpointer.
    private void captureAllOfRam(Guest guest) throws Exception {
        frame.begin(1, 0);
        frame.copyAhead(pages(RAM_PAGES));
        frame.copyAhead(guest.harvest());
        for (int round = 0; round < ROUNDS && frame.reserve(PAUSE_PAGES); round++) {
            frame.copyAhead(guest.harvest());
        }
        frame.copyInPause(guest.harvest());
    }

    private static BitSet pages(int count) {
        BitSet pages = new BitSet();
        pages.set(0, count);
        return pages;
    }

    /// One that changes so many pages while a slab is stored, again and again the same.
    private final class Guest {
        private final int pagesPerSlab;
        private final int all;
        private int seen;

        Guest(int pagesPerSlab, int all) {
            this.pagesPerSlab = pagesPerSlab;
            this.all = all;
        }

        BitSet harvest() {
            int now = stored.get();
            int changed = Math.min(all, (now - seen) * pagesPerSlab);
            seen = now;
            return pages(changed);
        }
    }
}
