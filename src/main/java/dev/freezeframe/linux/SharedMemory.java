package dev.freezeframe.linux;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;

/// Memory without a name: a memfd, mapped here, that child QEMUs open through [#path()]. It never appears in any
/// file system, nobody can shrink or grow it under our mapping, and it vanishes with its last user.
///
/// A memfd is a sparse file. Pages that nobody touched are *holes*: they read as zero and take no memory, but
/// *looking at a hole through a mapping allocates it*. So everything here that walks the whole memory asks the
/// kernel for the populated pages first (`lseek` with `SEEK_DATA` and `SEEK_HOLE`), and callers that copy single
/// pages should ask for populated ones only.
///
/// With size 0 it is a growable file that is not mapped: QEMU (or [#write]) gives it content, [#readFile] fetches
/// that.
///
/// All methods may be called from any thread; reads and writes of the same bytes are not ordered. A call that meets
/// a closed memory throws [IllegalStateException], also when it is closed in the middle of the call.
public final class SharedMemory implements AutoCloseable {

    /// Bytes of a page of the host's, the unit of everything here that counts pages.
    public static final int PAGE_BYTES = 4096;

    private static final int PAGE_SHIFT = 12;
    private static final int WINDOW_SHIFT = 30; // a ByteBuffer ends at 2 GiB
    private static final long WINDOW_BYTES = 1L << WINDOW_SHIFT;
    private static final int COMPARE_SLICE_PAGES = 4096;
    private static final MemorySegment ZERO_PAGE = MemorySegment.ofArray(new long[PAGE_BYTES / Long.BYTES]);

    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int MFD_NOEXEC_SEAL = 8; // Linux 6.3
    private static final int F_ADD_SEALS = 1033;
    private static final int F_SEAL_SHRINK = 2;
    private static final int F_SEAL_GROW = 4;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int SEEK_END = 2;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int FALLOC_FL_PUNCH_HOLE_KEEP_SIZE = 3;
    private static final int OWNER_ONLY = 0600;

    private final String label;
    private final int fd;
    private final long sizeBytes;
    private final Arena arena;
    /// Whole pages; the last may reach beyond the size and is zero there.
    private final MemorySegment memory;
    /// Views of the memory: their absolute bulk copies run at memcpy speed and allocate nothing.
    private final ByteBuffer[] windows;
    /// Keeps the descriptor's number from being closed, and used anew by somebody else, during a call with it.
    private final ReadWriteLock descriptor = new ReentrantReadWriteLock();
    @GuardedBy("descriptor")
    private boolean closed;

    private SharedMemory(String label, int fd, long sizeBytes, Arena arena, MemorySegment memory) {
        this.label = label;
        this.fd = fd;
        this.sizeBytes = sizeBytes;
        this.arena = arena;
        this.memory = memory;
        this.windows = IntStream.range(0, Math.toIntExact((memory.byteSize() + WINDOW_BYTES - 1) >>> WINDOW_SHIFT))
                .mapToObj(i -> {
                    long start = (long) i << WINDOW_SHIFT;
                    return memory.asSlice(start, Math.min(WINDOW_BYTES, memory.byteSize() - start)).asByteBuffer();
                }).toArray(ByteBuffer[]::new);
    }

    /// New memory, all holes. No physical memory is taken or reserved.
    ///
    /// @param label what `/proc/…/maps` shows, for people who look there
    /// @param sizeBytes its fixed size; 0 for a growable file that is not mapped
    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the memory, which closes it
    public static SharedMemory allocate(String label, long sizeBytes) throws IOException {
        if (sizeBytes < 0 || sizeBytes > (long) Integer.MAX_VALUE * PAGE_BYTES) {
            throw new IllegalArgumentException("Impossible size of shared memory: " + sizeBytes + " bytes");
        }
        int fd = Libc.memfdCreate(label, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
        if (fd == -Libc.EINVAL) {
            fd = Libc.memfdCreate(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        }
        String what = "Cannot create " + sizeBytes + " bytes of shared memory";
        check(what, fd);
        Arena arena = Arena.ofShared();
        try {
            check(what, Libc.fchmod(fd, OWNER_ONLY));
            MemorySegment memory = MemorySegment.NULL;
            if (sizeBytes > 0) {
                check(what, Libc.ftruncate(fd, sizeBytes));
                check(what, Libc.fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
                memory = map(what, fd, (sizeBytes + PAGE_BYTES - 1) & -PAGE_BYTES, arena);
            }
            return new SharedMemory(label, fd, sizeBytes, arena, memory);
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            Libc.close(fd);
            throw e;
        }
    }

    @SuppressWarnings("restricted") // gives the mapping its bounds and its lifetime
    private static MemorySegment map(String what, int fd, long lengthBytes, Arena arena) throws IOException {
        long address = Libc.mmap(0, lengthBytes, PROT_READ_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
        check(what, address);
        return MemorySegment.ofAddress(address).reinterpret(lengthBytes, arena,
                mapping -> Libc.munmap(mapping.address(), lengthBytes));
    }

    /// The size that it was made with; 0 for a growable file.
    public long sizeBytes() {
        return sizeBytes;
    }

    /// The number of pages, the last of which may be partial.
    public int pageCount() {
        return (int) (memory.byteSize() >>> PAGE_SHIFT);
    }

    /// The size that the file has now, after another process wrote it.
    public long fileSizeBytes() {
        return withDescriptor("the size", file -> Libc.lseek(file, 0, SEEK_END));
    }

    /// Where child processes of the same user can open it, as long as this object is open.
    public Path path() {
        return Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + fd);
    }

    /// Copies bytes out. Absolute on both sides, at the speed of memcpy, without any allocation.
    public void read(long offset, int length, ByteBuffer target, int targetPosition) {
        Objects.checkFromIndexSize(offset, length, sizeBytes);
        Objects.checkFromIndexSize(targetPosition, length, target.limit());
        copyOut(offset, length, target, targetPosition);
    }

    /// Copies whole pages out, one behind the other, joining neighbours into one copy. Made for the pause: no
    /// allocation, no system call.
    ///
    /// @param pages page numbers, in any order; ascending is fastest
    /// @param from the first element of `pages` to use
    /// @param count how many elements to use
    public void copyPages(int[] pages, int from, int count, ByteBuffer target, int targetPosition) {
        Objects.checkFromIndexSize(from, count, pages.length);
        Objects.checkFromIndexSize(targetPosition, (long) count << PAGE_SHIFT, target.limit());
        int pageCount = pageCount();
        int position = targetPosition;
        for (int i = from, end = from + count; i < end;) {
            int first = pages[i];
            int run = 1;
            while (i + run < end && run < COMPARE_SLICE_PAGES && pages[i + run] == first + run) {
                run++;
            }
            Objects.checkFromIndexSize(first, run, pageCount);
            int length = run << PAGE_SHIFT;
            copyOut((long) first << PAGE_SHIFT, length, target, position);
            position += length;
            i += run;
        }
    }

    private void copyOut(long offset, int length, ByteBuffer target, int targetPosition) {
        long at = offset;
        int position = targetPosition;
        int left = length;
        while (left > 0) {
            int inWindow = (int) (at & (WINDOW_BYTES - 1));
            int now = (int) Math.min(left, WINDOW_BYTES - inWindow);
            target.put(position, windows[(int) (at >>> WINDOW_SHIFT)], inWindow, now);
            at += now;
            position += now;
            left -= now;
        }
    }

    /// Writes the source's remaining bytes, and moves its position to its limit. A growable file grows as needed.
    public void write(long offset, ByteBuffer source) {
        if (sizeBytes == 0) {
            append(offset, source);
            return;
        }
        Objects.checkFromIndexSize(offset, source.remaining(), sizeBytes);
        long at = offset;
        while (source.hasRemaining()) {
            int inWindow = (int) (at & (WINDOW_BYTES - 1));
            int now = (int) Math.min(source.remaining(), WINDOW_BYTES - inWindow);
            windows[(int) (at >>> WINDOW_SHIFT)].put(inWindow, source, source.position(), now);
            source.position(source.position() + now);
            at += now;
        }
    }

    private void append(long offset, ByteBuffer source) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment bytes = local.allocate(Math.max(1, source.remaining()));
            bytes.copyFrom(MemorySegment.ofBuffer(source));
            long length = source.remaining();
            for (long done = 0; done < length;) {
                MemorySegment rest = bytes.asSlice(done);
                long at = done;
                done += withDescriptor("writing", file -> Libc.pwrite(file, rest, length - at, offset + at));
            }
            source.position(source.limit());
        }
    }

    /// The whole present content, by `pread`: for a file that another process has rewritten and resized.
    ///
    /// @throws IOException if it is larger than `maxBytes`, so that a foreign process cannot make us take any memory
    public byte[] readFile(long maxBytes) throws IOException {
        long size = fileSizeBytes();
        if (size > maxBytes || size > Integer.MAX_VALUE - 8) {
            throw new IOException(label + " is " + size + " bytes large, more than the allowed " + maxBytes);
        }
        if (size == 0) {
            return new byte[0];
        }
        byte[] content = new byte[(int) size];
        try (Arena local = Arena.ofConfined()) {
            MemorySegment bytes = local.allocate(size);
            int done = 0;
            while (done < size) {
                MemorySegment rest = bytes.asSlice(done);
                long at = done;
                long got = withDescriptor("reading", file -> Libc.pread(file, rest, size - at, at));
                if (got == 0) {
                    break; // shortened meanwhile
                }
                done += (int) got;
            }
            MemorySegment.copy(bytes, 0, MemorySegment.ofArray(content), 0, done);
            return done == size ? content : Arrays.copyOf(content, done);
        }
    }

    /// Sets a growable file's size. Mapped memory never changes its size: a reader would be killed by it.
    public void truncate(long newSizeBytes) {
        if (sizeBytes != 0) {
            throw new IllegalStateException("The size of mapped shared memory is fixed; use discard");
        }
        withDescriptor("truncating", file -> Libc.ftruncate(file, newSizeBytes));
    }

    /// Makes whole pages holes again: they read as zero and take no memory.
    public void discard(int fromPage, int count) {
        Objects.checkFromIndexSize(fromPage, count, pageCount());
        if (count > 0) {
            withDescriptor("discarding", file -> Libc.fallocate(file, FALLOC_FL_PUNCH_HOLE_KEEP_SIZE,
                    (long) fromPage << PAGE_SHIFT, (long) count << PAGE_SHIFT));
        }
    }

    /// Adds the number of every page that is not a hole. Costs time per populated page (about 10 ms per GiB), so it
    /// does not belong into a pause.
    public void addPopulatedPages(BitSet pages) {
        addPopulatedPages(0, pageCount(), pages);
    }

    /// The same for the pages from (inclusive) to (exclusive).
    public void addPopulatedPages(int fromPage, int toPage, BitSet pages) {
        Objects.checkFromToIndex(fromPage, toPage, pageCount());
        descriptor.readLock().lock();
        try {
            checkOpen();
            long end = (long) toPage << PAGE_SHIFT;
            long at = (long) fromPage << PAGE_SHIFT;
            while (at < end) {
                long data = Libc.lseek(fd, at, SEEK_DATA);
                if (data == -Libc.ENXIO || data >= end) {
                    return; // holes up to the end
                }
                check("Cannot look for data in " + label, data);
                long hole = Libc.lseek(fd, data, SEEK_HOLE);
                check("Cannot look for holes in " + label, hole);
                at = Math.min(end, hole);
                pages.set((int) (data >>> PAGE_SHIFT), (int) ((at + PAGE_BYTES - 1) >>> PAGE_SHIFT));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            descriptor.readLock().unlock();
        }
    }

    /// The first page from `fromPage` on that is not a hole, or -1. One quick system call, however large the hole.
    int nextPopulatedPage(int fromPage) {
        descriptor.readLock().lock();
        try {
            checkOpen();
            long data = Libc.lseek(fd, (long) fromPage << PAGE_SHIFT, SEEK_DATA);
            if (data == -Libc.ENXIO) {
                return -1;
            }
            check("Cannot look for data in shared memory", data);
            return (int) (data >>> PAGE_SHIFT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            descriptor.readLock().unlock();
        }
    }

    /// Makes `target` (of the same size) equal to this memory. Holes stay holes.
    public void copyTo(SharedMemory target) {
        requireSameSize(target);
        BitSet ours = new BitSet(pageCount());
        addPopulatedPages(ours);
        BitSet theirs = new BitSet(pageCount());
        target.addPopulatedPages(theirs);
        theirs.andNot(ours);
        for (int from = theirs.nextSetBit(0); from >= 0;) {
            int to = theirs.nextClearBit(from);
            target.discard(from, to - from);
            from = theirs.nextSetBit(to);
        }
        for (int from = ours.nextSetBit(0); from >= 0;) {
            int to = ours.nextClearBit(from);
            long offset = (long) from << PAGE_SHIFT;
            MemorySegment.copy(memory, offset, target.memory, offset, (long) (to - from) << PAGE_SHIFT);
            from = ours.nextSetBit(to);
        }
    }

    /// Adds every page whose content differs from `shadow` (of the same size); no hole of either gets allocated.
    public void addDifferingPages(SharedMemory shadow, BitSet into) {
        compare(shadow, into, false);
    }

    /// Adds every page whose content differs from `shadow` (of the same size), and updates the shadow in the same
    /// pass. Large memory is compared by several threads; a failure half-way loses nothing, because pages that are
    /// up to date in the shadow are already in `into`.
    public void harvestDifferences(SharedMemory shadow, BitSet into) {
        compare(shadow, into, true);
    }

    private void compare(SharedMemory shadow, BitSet into, boolean update) {
        requireSameSize(shadow);
        int slices = (pageCount() + COMPARE_SLICE_PAGES - 1) / COMPARE_SLICE_PAGES;
        IntStream.range(0, slices).parallel().forEach(slice -> {
            int from = slice * COMPARE_SLICE_PAGES;
            compareSlice(shadow, from, Math.min(pageCount(), from + COMPARE_SLICE_PAGES), into, update);
        });
    }

    private void compareSlice(SharedMemory shadow, int from, int to, BitSet into, boolean update) {
        BitSet ours = new BitSet();
        addPopulatedPages(from, to, ours);
        BitSet theirs = new BitSet();
        shadow.addPopulatedPages(from, to, theirs);
        BitSet either = (BitSet) ours.clone();
        either.or(theirs);
        BitSet differing = new BitSet();
        try {
            for (int page = either.nextSetBit(from); page >= 0;) {
                boolean here = ours.get(page);
                boolean there = theirs.get(page);
                int end = either.nextClearBit(page);
                end = Math.min(end, here ? ours.nextClearBit(page) : nextSetBit(ours, page, end));
                end = Math.min(end, there ? theirs.nextClearBit(page) : nextSetBit(theirs, page, end));
                compareRun(shadow, page, end, here, there, differing, update);
                page = either.nextSetBit(end);
            }
        } finally {
            synchronized (into) {
                into.or(differing);
            }
        }
    }

    private static int nextSetBit(BitSet bits, int from, int otherwise) {
        int next = bits.nextSetBit(from);
        return next < 0 ? otherwise : next;
    }

    private void compareRun(SharedMemory shadow, int from, int to, boolean here, boolean there, BitSet differing,
            boolean update) {
        for (int page = from; page < to; page++) {
            long offset = (long) page << PAGE_SHIFT;
            if (here && there) {
                long end = (long) to << PAGE_SHIFT;
                long equalBytes = MemorySegment.mismatch(memory, offset, end, shadow.memory, offset, end);
                if (equalBytes < 0) {
                    return;
                }
                page += (int) (equalBytes >>> PAGE_SHIFT);
                offset = (long) page << PAGE_SHIFT;
            } else {
                MemorySegment content = here ? memory : shadow.memory;
                if (MemorySegment.mismatch(content, offset, offset + PAGE_BYTES, ZERO_PAGE, 0, PAGE_BYTES) < 0) {
                    continue;
                }
            }
            differing.set(page);
            if (update && here) {
                MemorySegment.copy(memory, offset, shadow.memory, offset, PAGE_BYTES);
            } else if (update) {
                shadow.discard(page, 1);
            }
        }
    }

    /// Gives the mapping and the descriptor back; processes that have it mapped keep it.
    ///
    /// @throws IllegalStateException if it is just being used by a native call; it stays open then
    @Override
    public void close() {
        descriptor.writeLock().lock();
        try {
            if (!closed) {
                arena.close();
                closed = true;
                Libc.close(fd);
            }
        } finally {
            descriptor.writeLock().unlock();
        }
    }

    @Override
    public String toString() {
        return label + " (" + sizeBytes + " bytes)";
    }

    /// Where it is mapped in this process.
    long address() {
        return memory.address();
    }

    private void requireSameSize(SharedMemory other) {
        if (other.sizeBytes != sizeBytes) {
            throw new IllegalArgumentException("Different sizes: " + this + " and " + other);
        }
    }

    @GuardedBy("descriptor")
    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("Already closed: " + this);
        }
    }

    private interface DescriptorCall {
        long apply(int file);
    }

    private long withDescriptor(String what, DescriptorCall call) {
        descriptor.readLock().lock();
        try {
            checkOpen();
            long result;
            do {
                result = call.apply(fd);
            } while (result == -Libc.EINTR);
            check("Shared memory " + label + ", " + what, result);
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            descriptor.readLock().unlock();
        }
    }

    private static void check(String what, long result) throws IOException {
        if (result < 0) {
            throw Libc.failure(what, result);
        }
    }
}
