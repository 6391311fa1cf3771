package dev.freezeframe.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/// Measures what the pause consists of on our side: harvesting the written pages of a paused guest and copying them.
/// Run by hand: arguments are RAM sizes in MiB.
final class HarvestBenchmark {

    private static final int NR_MADVISE = 28;
    private static final int MADV_POPULATE_WRITE = 23;
    private static final long MIB = 1 << 20;
    private static final int ROUNDS = 300;
    private static final int WARM_UP_ROUNDS = 100;

    private HarvestBenchmark() {}

    public static void main(String[] sizes) throws Exception {
        for (String size : sizes) {
            for (boolean full : new boolean[]{false, true}) {
                measure(Long.parseLong(size) * MIB, full);
            }
        }
    }

    private static void measure(long sizeBytes, boolean full) throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", sizeBytes);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 64 * MIB, 64 * MIB, 20_000)) {
            guest.awaitRounds(100);
            long start = System.nanoTime();
            try (WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
                long planted = System.nanoTime() - start;
                if (full) {
                    populate(guest, memory);
                }
                measure(memory, guest, written, planted, full);
            }
        }
    }

    private static void populate(BootSectorGuest guest, SharedMemory memory) throws IOException {
        List<MappedRange> ranges = MappedRange.find(guest.pid(), memory);
        BorrowedThread.borrow(guest.pid(), thread -> {
            for (MappedRange range : ranges) {
                thread.call(NR_MADVISE, range.start(), range.lengthBytes(), MADV_POPULATE_WRITE);
            }
            return null;
        });
    }

    private static void measure(SharedMemory memory, BootSectorGuest guest, WrittenPages written, long plantedNanos,
            boolean full) throws IOException {
        Histogram idle = new Histogram(3);
        Histogram harvest = new Histogram(3);
        Histogram copy = new Histogram(3);
        Histogram count = new Histogram(3);
        BitSet pages = new BitSet(memory.pageCount());
        ByteBuffer target = ByteBuffer.allocateDirect((int) (64 * MIB));
        int[] list = new int[memory.pageCount()];
        for (int round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
            guest.pause();
            pages.clear();
            long start = System.nanoTime();
            written.harvest(pages);
            long harvested = System.nanoTime();
            int n = 0;
            for (int page = pages.nextSetBit(0); page >= 0 && n < 10_000; page = pages.nextSetBit(page + 1)) {
                list[n++] = page;
            }
            memory.copyPages(list, 0, n, target, 0);
            long copied = System.nanoTime();
            written.harvest(pages);
            idle.recordValue(System.nanoTime() - copied);
            guest.resume();
            LockSupport.parkNanos(10_000_000);
            if (round >= WARM_UP_ROUNDS) {
                harvest.recordValue(harvested - start);
                copy.recordValue(copied - harvested);
                count.recordValue(n);
            }
        }
        System.out.printf(
                "%4d MiB %s: plant %.1f ms; harvest median %.0f us, p99 %.0f us (again: least %.0f, median %.0f); %d pages (median), copied in %.0f us,"
                        + " p99 %.0f us%n",
                memory.sizeBytes() / MIB, full ? "populated" : "sparse   ", plantedNanos / 1e6,
                harvest.getValueAtPercentile(50) / 1e3, harvest.getValueAtPercentile(99) / 1e3,
                idle.getMinValue() / 1e3, idle.getValueAtPercentile(50) / 1e3,
                count.getValueAtPercentile(50), copy.getValueAtPercentile(50) / 1e3,
                copy.getValueAtPercentile(99) / 1e3);
    }
}
