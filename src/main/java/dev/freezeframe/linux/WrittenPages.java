package dev.freezeframe.linux;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// Which pages of a QEMU's mapping of a [SharedMemory] were written since the last look: by its vCPUs under TCG or
/// KVM, by its device models, by the kernel on its behalf. No written page is ever missing; pages that QEMU only
/// read are reported at most once, when they are touched for the first time.
///
/// The idea: the mapping is put under userfaultfd write protection in its asynchronous form (Linux 6.7). The first
/// write to a protected page is then resolved in the kernel by taking the protection off, without anybody being
/// told; afterwards the page table itself knows what was written, and `PAGEMAP_SCAN` reads and re-protects it from
/// outside in one step. Only the process itself can ask for such protection, so [#plant] has one of its sleeping
/// threads make the three system calls, by ptrace. QEMU needs no patch, and nobody needs a privilege.
///
/// What is not seen: writes of other processes (vhost-user devices, ourselves), writes of hardware by DMA (VFIO), and
/// pages that QEMU gives back to the system (balloon, virtio-mem, free page reporting), which become zero without
/// being written.
///
/// One thread at a time.
public final class WrittenPages implements AutoCloseable {

    private static final int PAGE_SHIFT = 12;
    /// The pages of one page table.
    private static final int BLOCK_SHIFT = 9;
    /// Memory is taken into the harvest in pieces of 8 MiB, once anything in them is populated.
    private static final int CHUNK_SHIFT = 11;

    /// Waking a thread takes some microseconds; 256 MiB take 100 to scan.
    private static final int PAGES_PER_THREAD = 65536;
    /// On two busy cores a second thread gained nothing in the median and was preempted in the middle of a slice now and
    /// then; with cores to spare the time divides by the threads.
    private static final int HELPERS = Math.clamp(Runtime.getRuntime().availableProcessors() / 2 - 1, 0, 3);

    private final long pid;
    private final SharedMemory memory;
    private final List<MappedRange> ranges;
    private final Pagemap pagemap;
    private final ScanTeam team;
    private final BitSet found;
    private final BitSet populated;
    private final BitSet knownBlocks;
    private final BitSet knownChunks;
    private final int chunkCount;
    /// Volatile for counters, which read it in threads of their own.
    private volatile List<ScanTeam.Slice> slices = List.of();

    private WrittenPages(long pid, SharedMemory memory, List<MappedRange> ranges, Pagemap pagemap, ScanTeam team) {
        this.pid = pid;
        this.memory = memory;
        this.ranges = ranges;
        this.pagemap = pagemap;
        this.team = team;
        this.found = new BitSet(memory.pageCount());
        this.populated = new BitSet(memory.pageCount());
        this.knownBlocks = new BitSet((memory.pageCount() >>> BLOCK_SHIFT) + 1);
        this.chunkCount = ((memory.pageCount() - 1) >>> CHUNK_SHIFT) + 1;
        this.knownChunks = new BitSet(chunkCount);
    }

    /// Why this system cannot do it, with the remedy; empty if it can. Found by really trying on a small mapping of
    /// our own, once per process.
    public static Optional<String> unsupportedReason() {
        return WriteTrackingProbe.REASON;
    }

    /// Why this system forbids the tracing of children that planting needs, with the remedy; empty if it allows it.
    public static Optional<String> tracingForbiddenReason() {
        return PtraceRules.forbiddenBecause();
    }

    /// Starts to track. Takes some milliseconds, during which one idle thread of QEMU stands still; the guest runs on.
    ///
    /// Planting into a process again takes over what is planted there already, with no ptrace: written pages that
    /// nobody has harvested yet go to whoever harvests first. So there should be one tracker at a time.
    ///
    /// The first call in a JVM takes some hundred milliseconds more, for linking native functions;
    /// [#unsupportedReason()] does that ahead of time. `memory` must stay open as long as the result is.
    ///
    /// @param qemuPid a child process of ours that maps all of `memory`, shared and writable
    public static WrittenPages plant(long qemuPid, SharedMemory memory) throws IOException {
        return plant(qemuPid, memory, HELPERS, PAGES_PER_THREAD);
    }

    static WrittenPages plant(long qemuPid, SharedMemory memory, int helpers, int pagesPerThread) throws IOException {
        Optional<String> unsupported = unsupportedReason();
        if (unsupported.isPresent()) {
            throw new IOException(unsupported.get());
        }
        List<MappedRange> ranges = rangesOf(qemuPid, memory);
        Pagemap pagemap = Pagemap.open(qemuPid);
        try {
            if (!isTracked(pagemap, ranges)) {
                BorrowedThread.borrow(qemuPid, thread -> protect(thread, ranges));
            }
            return new WrittenPages(qemuPid, memory, ranges, pagemap,
                    new ScanTeam(qemuPid, pagemap, memory.pageCount(), helpers, pagesPerThread));
        } catch (IOException | RuntimeException | Error e) {
            pagemap.close();
            throw e;
        }
    }

    /// Adds the number of every page written since the last harvest, and starts anew for exactly those, in one step:
    /// a write at any moment is in this harvest or in the next, or in both.
    ///
    /// The first harvest after the first planting adds every page that QEMU has touched in its life so far, and may or
    /// may not add pages that only others have put there (a restored image). A first, full checkpoint therefore takes
    /// [SharedMemory#addPopulatedPages], called *after* a first harvest.
    ///
    /// Holes are never added. Allocates 200 bytes, provided that `into` was made large enough. The time grows with the
    /// memory that was ever touched (0.3 to 0.5 ms per GiB and thread), and little with what was written.
    ///
    /// @param into where to add; also when this throws, all pages whose tracking was started anew are in it
    /// @throws IOException if QEMU has ended, or stopped mapping the memory
    public void harvest(BitSet into) throws IOException {
        try {
            if (findNewChunks()) {
                slices = slicesOf(ranges, knownChunks);
                team.hireFor(slices);
            }
            team.harvest(slices, found);
            dropHoles();
        } finally {
            into.or(found);
            found.clear();
        }
        pagemap.requireAlive(ranges.getFirst().start());
    }

    /// Something that counts written pages between harvests. The caller closes it, before QEMU's memory is given up.
    public WrittenPageCounter counter() throws IOException {
        return new WrittenPageCounter(Pagemap.open(pid), () -> slices);
    }

    /// Stops tracking here. The protection stays in QEMU as long as that lives: it costs one page fault for each page
    /// once more, and a later [#plant] finds it.
    @Override
    public void close() {
        team.close();
    }

    /// Memory that nobody has ever touched is left out of the scan, which would otherwise build page tables for it and
    /// walk through them every time. What QEMU has written is populated, so looking for new populated pages in what is
    /// left out finds every first touch: one system call per gap.
    private boolean findNewChunks() {
        boolean found = false;
        for (int chunk = knownChunks.nextClearBit(0); chunk < chunkCount;) {
            int page = memory.nextPopulatedPage(chunk << CHUNK_SHIFT);
            if (page < 0) {
                break;
            }
            int populatedChunk = page >>> CHUNK_SHIFT;
            found |= !knownChunks.get(populatedChunk);
            knownChunks.set(populatedChunk);
            chunk = knownChunks.nextClearBit(populatedChunk);
        }
        return found;
    }

    private static List<ScanTeam.Slice> slicesOf(List<MappedRange> ranges, BitSet chunks) {
        List<ScanTeam.Slice> slices = new ArrayList<>();
        for (MappedRange range : ranges) {
            int rangeFirst = (int) (range.fileOffset() >>> PAGE_SHIFT);
            int rangeEnd = rangeFirst + (int) (range.lengthBytes() >>> PAGE_SHIFT);
            for (int chunk = chunks.nextSetBit(0); chunk >= 0;) {
                int chunkEnd = chunks.nextClearBit(chunk);
                int end = Math.min(rangeEnd, chunkEnd << CHUNK_SHIFT);
                for (int page = Math.max(rangeFirst, chunk << CHUNK_SHIFT); page < end;) {
                    int sliceEnd = Math.min(end, page + ScanTeam.SLICE_PAGES);
                    slices.add(new ScanTeam.Slice(range.start() + ((long) (page - rangeFirst) << PAGE_SHIFT),
                            range.start() + ((long) (sliceEnd - rangeFirst) << PAGE_SHIFT), page));
                    page = sliceEnd;
                }
                chunk = chunks.nextSetBit(chunkEnd);
            }
        }
        return List.copyOf(slices);
    }

    /// A page table starts out empty, and empty entries count as written: the first page that is touched in 2 MiB
    /// brings all its neighbours along. Those that are holes cannot have been written; copying them would even
    /// allocate them. Harvesting marks the empty entries, so this is needed once per page table.
    private void dropHoles() {
        for (int page = found.nextSetBit(0); page >= 0;) {
            int block = page >>> BLOCK_SHIFT;
            int end = (block + 1) << BLOCK_SHIFT;
            if (!knownBlocks.get(block)) {
                populated.clear();
                memory.addPopulatedPages(page, Math.min(end, memory.pageCount()), populated);
                for (int hole = populated.nextClearBit(page); hole < end;) {
                    int next = populated.nextSetBit(hole);
                    found.clear(hole, next < 0 ? end : next);
                    hole = next < 0 ? end : populated.nextClearBit(next);
                }
                knownBlocks.set(block);
            }
            page = found.nextSetBit(end);
        }
    }

    private static List<MappedRange> rangesOf(long pid, SharedMemory memory) throws IOException {
        List<MappedRange> ranges = MappedRange.find(pid, memory);
        if (ranges.isEmpty()) {
            throw new IOException("Process " + pid + " does not map " + memory);
        }
        for (MappedRange range : ranges) {
            if (!range.isSharedAndWritable()) {
                throw new IOException("Process " + pid + " maps " + memory + " as " + range.permissions()
                        + ": only a shared, writable mapping (share=on) can be tracked");
            }
        }
        long covered = ranges.stream().mapToLong(MappedRange::lengthBytes).sum();
        if (covered < memory.sizeBytes()) {
            throw new IOException(
                    "Process " + pid + " maps only " + covered + " bytes of " + memory + "; all of it must be tracked");
        }
        return ranges;
    }

    private static boolean isTracked(Pagemap pagemap, List<MappedRange> ranges) throws IOException {
        for (MappedRange range : ranges) {
            if (!pagemap.isTracked(range.start(), range.end())) {
                return false;
            }
        }
        return true;
    }

    private static Void protect(BorrowedThread thread, List<MappedRange> ranges) throws IOException {
        long fd = thread.call(UserFault.NR_USERFAULTFD, UserFault.FLAGS);
        require("userfaultfd", fd);
        try {
            require("UFFDIO_API",
                    thread.call(UserFault.NR_IOCTL, fd, UserFault.UFFDIO_API, thread.pass(UserFault.apiRequest())));
            for (MappedRange range : ranges) {
                long[] request = UserFault.registerRequest(range.start(), range.lengthBytes());
                require("UFFDIO_REGISTER",
                        thread.call(UserFault.NR_IOCTL, fd, UserFault.UFFDIO_REGISTER, thread.pass(request)));
            }
        } catch (IOException e) {
            thread.call(UserFault.NR_CLOSE, fd);
            throw e;
        }
        return null;
    }

    private static void require(String call, long result) throws IOException {
        if (result >= 0) {
            return;
        }
        String remedy = switch ((int) -result) {
            case Libc.EPERM, Libc.EACCES, Libc.ENOSYS ->
                "A seccomp filter forbids it (QEMU's -sandbox, or a container's): leave that away";
            case Libc.EBUSY -> "Its memory is already under another userfaultfd (postcopy, background snapshot)";
            case Libc.EINVAL -> "The kernel cannot track this memory; Linux 6.7 or newer is needed";
            default -> "The system may be short of memory or file descriptors";
        };
        throw new IOException("QEMU's " + call + " failed: " + Libc.explain(result) + ". " + remedy
                + ", or use the scan tracker");
    }
}
