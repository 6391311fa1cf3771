package dev.freezeframe.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.suite.Seeds;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whatever a guest writes while its frame is copied in rounds, what the sink was given last of each page is what the page
/// held at the stop; a frame that is given up names its pages and keeps no memory.
@Tag("slow")
class FrameContentsTest {
    private static final int RAM_PAGES = 6000;
    private static final int SLABS = 6;

    @Test
    void theSinkHasEveryPageAsItWasAtTheStop() {
        Seeds.check(25, random -> {
            Sink sink = new Sink();
            SlabPool pool = new SlabPool((long) SLABS * Slab.CAPACITY * GuestPage.BYTES);
            try (SharedMemory memory = SharedMemory.allocate("frames", (long) RAM_PAGES * GuestPage.BYTES)) {
                FrameAssembler frame = new FrameAssembler(memory, pool, sink);
                BitSet lost = new BitSet();
                for (int number = 1; number <= 4; number++) {
                    frame.begin(number, 0);
                    BitSet expected = (BitSet) lost.clone();
                    frame.copyAhead(lost);
                    for (int round = random.nextInt(5); round > 0; round--) {
                        BitSet written = write(memory, random, RAM_PAGES);
                        expected.or(written);
                        frame.copyAhead(written);
                    }
                    frame.reserve(Slab.CAPACITY);
                    BitSet last = write(memory, random, Slab.CAPACITY);
                    expected.or(last);
                    frame.copyInPause(last);
                    assertEquals(expected, frame.captured());
                    if (random.nextInt(4) == 0) {
                        lost = (BitSet) frame.captured().clone();
                        int abandoned = sink.abandoned;
                        boolean known = sink.slabsOf[number] > 0;
                        frame.abandon();
                        assertEquals(abandoned + (known ? 1 : 0), sink.abandoned, "told of what it knew");
                    } else {
                        frame.complete();
                        lost = new BitSet();
                        expected.stream()
                                .forEach(page -> assertEquals(tag(memory, page), sink.tags[page], "page " + page));
                    }
                    assertEquals(pool.capacity(), pool.available());
                }
            }
            assertTrue(sink.full, "slabs are filled up");
        });
    }

    private static BitSet write(SharedMemory memory, Random random, int most) {
        BitSet written = new BitSet();
        for (int runs = random.nextInt(4); runs > 0; runs--) {
            int count = Math.min(most / 3, 1 + random.nextInt(2000));
            int first = random.nextInt(RAM_PAGES - count);
            written.set(first, first + count);
        }
        written.stream().forEach(page -> memory.write((long) page * GuestPage.BYTES + GuestPage.BYTES - 8, ByteBuffer
                .allocate(8).putLong(0, random.nextLong())));
        return written;
    }

    private static long tag(SharedMemory memory, int page) {
        ByteBuffer tag = ByteBuffer.allocateDirect(8);
        memory.read((long) page * GuestPage.BYTES + GuestPage.BYTES - 8, 8, tag, 0);
        return tag.getLong(0);
    }

    /// Stores at once what it is given.
    private static final class Sink implements FrameSink {
        final long[] tags = new long[RAM_PAGES];
        final int[] slabsOf = new int[10];
        int abandoned;
        boolean full;

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void pages(int number, long generation, Slab slab) {
            for (int i = 0; i < slab.count(); i++) {
                tags[slab.pages()[i]] = slab.contents().getLong((i + 1) * GuestPage.BYTES - 8);
            }
            slabsOf[number]++;
            full |= slab.count() == Slab.CAPACITY;
            slab.close();
        }

        @Override
        public void blocks(int number, long generation, int disk, Slab slab) {}

        @Override
        public void zeroBlocks(int number, long generation, int disk, BlockRanges.Range blocks) {}

        @Override
        public void complete(CapturedFrame complete) {}

        @Override
        public void abandon(int number) {
            abandoned++;
        }
    }
}
