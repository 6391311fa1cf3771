package dev.freezeframe.linux;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// Scans many slices of a process's page tables with the calling thread and a few helpers. A helper that wakes up
/// late costs nothing: everyone takes the next slice, so the caller alone gets the work done as well.
///
/// Helpers are parked between harvests, as spinning would take the processor from QEMU just when it saves its
/// devices; waking one costs the caller some microseconds.
final class ScanTeam implements AutoCloseable {

    /// A part of the mapping to scan.
    ///
    /// @param start its first address
    /// @param end the address behind it
    /// @param firstPage the number of the page at `start`
    record Slice(long start, long end, int firstPage) {}

    static final int SLICE_PAGES = 16384;
    private static final int SPINS = 500;

    private final int maxHelpers;
    private final int pagesPerMember;
    private final Member caller;
    private final List<Member> helpers = new ArrayList<>();
    private final long pid;
    private final int pageCount;
    private volatile Round round = new Round(List.of());
    private volatile boolean closed;

    /// One harvest. Helpers that have slept through it find nothing left to take.
    private static final class Round {
        final List<Slice> slices;
        final AtomicInteger taken = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();

        Round(List<Slice> slices) {
            this.slices = slices;
        }
    }

    private static final class Member {
        final Pagemap pagemap;
        final BitSet found;
        Thread thread;
        Exception failure;

        Member(Pagemap pagemap, int pageCount) {
            this.pagemap = pagemap;
            this.found = new BitSet(pageCount);
        }
    }

    /// @param pagemap the page map of process `pid` for the caller's use; closed with this
    /// @param maxHelpers how many threads to start at most, besides the calling one
    /// @param pagesPerMember for how many pages to scan another thread pays
    ScanTeam(long pid, Pagemap pagemap, int pageCount, int maxHelpers, int pagesPerMember) {
        this.pid = pid;
        this.pageCount = pageCount;
        this.maxHelpers = maxHelpers;
        this.pagesPerMember = pagesPerMember;
        this.caller = new Member(pagemap, pageCount);
    }

    /// Harvests all slices. When it throws, `into` has every page whose mark was taken all the same.
    void harvest(List<Slice> toScan, BitSet into) throws IOException {
        Round now = new Round(toScan);
        round = now;
        for (Member helper : helpers) {
            LockSupport.unpark(helper.thread);
        }
        takeSlices(caller, now);
        for (int spins = 0; now.done.get() < toScan.size(); spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(1); // a helper was interrupted in its last slice; it may need this processor
            }
        }
        collect(caller, into);
        for (Member helper : helpers) {
            collect(helper, into);
        }
        rethrow(caller);
        for (Member helper : helpers) {
            rethrow(helper);
        }
    }

    private static void takeSlices(Member member, Round round) {
        List<Slice> slices = round.slices;
        for (int i = round.taken.getAndIncrement(); i < slices.size(); i = round.taken.getAndIncrement()) {
            try {
                Slice slice = slices.get(i);
                member.pagemap.harvest(slice.start(), slice.end(), slice.firstPage(), member.found);
            } catch (IOException | RuntimeException e) {
                member.failure = e;
            } finally {
                round.done.incrementAndGet();
            }
        }
    }

    private static void collect(Member member, BitSet into) {
        into.or(member.found);
        member.found.clear();
    }

    private static void rethrow(Member member) throws IOException {
        Exception failure = member.failure;
        member.failure = null;
        switch (failure) {
            case null -> {
            }
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Exception e -> throw new IOException(e);
        }
    }

    /// Hires as many helpers as pay for that much work, if that is more than there are.
    void hireFor(List<Slice> work) throws IOException {
        long pages = work.stream().mapToLong(slice -> (slice.end() - slice.start()) / SharedMemory.PAGE_BYTES).sum();
        long wanted = Math.min(maxHelpers, pages / pagesPerMember - 1);
        while (helpers.size() < wanted) {
            Member helper = new Member(Pagemap.open(pid), pageCount);
            helper.thread = Thread.ofPlatform().name("harvest-" + pid + "-" + helpers.size()).daemon().start(() -> {
                while (!closed) {
                    takeSlices(helper, round);
                    LockSupport.park(this);
                }
            });
            helpers.add(helper);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Member helper : helpers) {
            LockSupport.unpark(helper.thread);
            Threads.join(helper.thread);
            helper.pagemap.close();
        }
        caller.pagemap.close();
    }
}
