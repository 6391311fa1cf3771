package dev.freezeframe.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/// Asks a process's page tables which pages were written, and write-protects those again in the same step. Works
/// only on ranges under asynchronous userfaultfd write protection, and says so where that is missing.
///
/// The source is `ioctl PAGEMAP_SCAN` (Linux 6.7, `Documentation/admin-guide/mm/pagemap.rst`). The masks are chosen
/// so that `fs/proc/task_mmu.c`, `pagemap_scan_pmd_entry`, takes its shortest loop: nothing inverted, no "any of",
/// and both what is looked for and what is returned is `PAGE_IS_WRITTEN` alone. A page-table entry counts as written
/// unless it carries the protection mark. So do empty entries; and on some kernels (seen on 6.18) whole page tables that
/// do not exist, which the scan then builds. Whoever harvests should therefore leave untouched memory out, and drop
/// holes from what is found.
///
/// Not for several threads at once.
final class Pagemap implements AutoCloseable {

    private static final long PAGEMAP_SCAN = 0xC0606610L; // _IOWR('f', 16, struct pm_scan_arg)
    private static final long PM_SCAN_WP_MATCHING = 1;
    private static final long PM_SCAN_CHECK_WPASYNC = 2;
    private static final long PAGE_IS_WRITTEN = 2;

    // struct pm_scan_arg, in bytes
    private static final int ARGUMENT_BYTES = 96;
    private static final int FLAGS = 8;
    private static final int START = 16;
    private static final int END = 24;
    private static final int WALK_END = 32;
    private static final int VECTOR = 40;
    private static final int VECTOR_LENGTH = 48;
    private static final int CATEGORY_MASK = 72;
    private static final int RETURN_MASK = 88;

    // struct page_region
    private static final int REGION_BYTES = 24;
    private static final int REGION_END = 8;
    private static final int REGIONS = 16384;

    private static final int PAGE_SHIFT = 12;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final long pid;
    private final int fd;
    private final Arena arena;
    private final MemorySegment argument;
    /// All zero before every call, so that also after a failed call it is plain how many regions the kernel wrote.
    private final MemorySegment regions;
    private final MemorySegment entry;

    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as this, which closes it
    private Pagemap(long pid, int fd) {
        this.pid = pid;
        this.fd = fd;
        this.arena = Arena.ofShared();
        this.argument = arena.allocate(ARGUMENT_BYTES, Long.BYTES);
        this.regions = arena.allocate((long) REGIONS * REGION_BYTES, Long.BYTES);
        this.entry = arena.allocate(LONG);
        argument.set(LONG, 0, ARGUMENT_BYTES);
        argument.set(LONG, VECTOR, regions.address());
        argument.set(LONG, VECTOR_LENGTH, REGIONS);
        argument.set(LONG, CATEGORY_MASK, PAGE_IS_WRITTEN);
        argument.set(LONG, RETURN_MASK, PAGE_IS_WRITTEN);
    }

    static Pagemap open(long pid) throws IOException {
        int fd = Libc.open("/proc/" + pid + "/pagemap", Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (fd < 0) {
            throw Libc.failure("Cannot open the page map of process " + pid, fd);
        }
        return new Pagemap(pid, fd);
    }

    /// Whether the range is under asynchronous write protection, in other words whether [#harvest] works.
    boolean isTracked(long start, long end) throws IOException {
        argument.set(LONG, FLAGS, PM_SCAN_CHECK_WPASYNC);
        for (long at = start; at < end; at = argument.get(LONG, WALK_END)) {
            int count = scan(at, end);
            clear(count);
            if (count == -Libc.EPERM) {
                return false;
            }
            if (count < 0) {
                throw failure(count);
            }
        }
        return true;
    }

    /// Adds the written pages of a range and protects them again. When it throws, the pages that lost their mark are
    /// in `into` all the same.
    ///
    /// @param firstPage the number of the page at `start`
    void harvest(long start, long end, int firstPage, BitSet into) throws IOException {
        argument.set(LONG, FLAGS, PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC);
        for (long at = start; at < end; at = argument.get(LONG, WALK_END)) {
            int count = scan(at, end);
            int filled = take(count < 0 ? REGIONS : count, start, firstPage, into);
            clear(filled);
            if (count < 0) {
                throw failure(count);
            }
        }
    }

    /// Counts the written pages of a range and leaves them as they are.
    long count(long start, long end) throws IOException {
        argument.set(LONG, FLAGS, PM_SCAN_CHECK_WPASYNC);
        long pages = 0;
        for (long at = start; at < end; at = argument.get(LONG, WALK_END)) {
            int count = scan(at, end);
            for (int i = 0; i < count; i++) {
                long region = (long) i * REGION_BYTES;
                pages += (regions.get(LONG, region + REGION_END) - regions.get(LONG, region)) >>> PAGE_SHIFT;
            }
            clear(count);
            if (count < 0) {
                throw failure(count);
            }
        }
        return pages;
    }

    /// Fails if the process has ended. A kernel may scan a dead process's page map with success, as empty, so a
    /// harvest can be trusted only if this passes afterwards.
    void requireAlive(long address) throws IOException {
        if (Libc.pread(fd, entry, Long.BYTES, (address >>> PAGE_SHIFT) * Long.BYTES) != Long.BYTES) {
            throw ended();
        }
    }

    private int scan(long start, long end) {
        argument.set(LONG, START, start);
        argument.set(LONG, END, end);
        argument.set(LONG, WALK_END, end);
        return Libc.ioctl(fd, PAGEMAP_SCAN, argument);
    }

    private int take(int count, long start, int firstPage, BitSet into) {
        for (int i = 0; i < count; i++) {
            long region = (long) i * REGION_BYTES;
            long to = regions.get(LONG, region + REGION_END);
            if (to == 0) {
                return i;
            }
            long from = regions.get(LONG, region);
            into.set(firstPage + (int) ((from - start) >>> PAGE_SHIFT),
                    firstPage + (int) ((to - start) >>> PAGE_SHIFT));
        }
        return count;
    }

    private void clear(int count) {
        if (count > 0) {
            regions.asSlice(0, (long) count * REGION_BYTES).fill((byte) 0);
        }
    }

    private IOException ended() {
        return new IOException("QEMU (process " + pid + ") has ended, so what it wrote last is unknown");
    }

    private IOException failure(int count) {
        return switch (-count) {
            case Libc.ENOTTY -> new IOException("The kernel cannot scan page maps; Linux 6.7 or newer is needed");
            case Libc.ESRCH -> ended();
            case Libc.EPERM -> new IOException("Memory of process " + pid
                    + " is not tracked (any more): its userfaultfd was closed or the memory mapped anew");
            default -> Libc.failure("Scanning the page map of process " + pid + " failed", count);
        };
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            Libc.close(fd);
        }
    }
}
