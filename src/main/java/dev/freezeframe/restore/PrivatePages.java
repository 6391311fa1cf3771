package dev.freezeframe.restore;

import dev.freezeframe.linux.SharedMemory;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.List;

/// The pages of a copy-on-write mapping that a process has made its own. All others are, by the kernel's own book-keeping,
/// still those of the shared image. Reads nothing that the process has not written, so it allocates nothing.
///
/// Sources: the kernel's `Documentation/admin-guide/mm/pagemap.rst` and `proc(5)`.
final class PrivatePages implements Closeable {
    private static final long PRESENT = 1L << 63;
    private static final long SWAPPED = 1L << 62;
    private static final long FILE_PAGE_OR_SHARED = 1L << 61;
    private static final int ENTRIES_AT_ONCE = 8192;

    private final FileChannel processMemory;
    private final long[] pageAddress;
    private final BitSet pages = new BitSet();

    private PrivatePages(FileChannel processMemory, int pageCount) {
        this.processMemory = processMemory;
        this.pageAddress = new long[pageCount];
    }

    /// Looks at a stopped process; it must not write meanwhile.
    static PrivatePages of(long pid, SharedMemory image) throws IOException {
        Path proc = Path.of("/proc/" + pid);
        long inode = ((Number) Files.getAttribute(image.path(), "unix:ino")).longValue();
        List<String> maps = Files.readAllLines(proc.resolve("maps"));
        PrivatePages found = new PrivatePages(FileChannel.open(proc.resolve("mem"), StandardOpenOption.READ),
                image.pageCount());
        try (FileChannel pagemap = FileChannel.open(proc.resolve("pagemap"), StandardOpenOption.READ)) {
            long mappedPages = 0;
            for (String line : maps) {
                // 7f05c0000000-7f05c4000000 rw-p 00000000 00:01 1047 /memfd:ram (deleted)
                String[] field = line.split("\\s+", 6);
                if (field.length < 6 || !field[5].startsWith("/memfd:") || Long.parseLong(field[4]) != inode)
                    continue;
                String[] range = field[0].split("-", 2);
                long start = Long.parseUnsignedLong(range[0], 16);
                long end = Long.parseUnsignedLong(range[1], 16);
                long firstPage = Long.parseUnsignedLong(field[2], 16) / SharedMemory.PAGE_BYTES;
                long count = (end - start) / SharedMemory.PAGE_BYTES;
                if (firstPage + count > image.pageCount())
                    throw new IOException(
                            "process " + pid + " maps the image beyond its end; its memory cannot be verified");
                found.scan(pagemap, start, (int) firstPage, (int) count);
                mappedPages += count;
            }
            if (mappedPages != image.pageCount())
                throw new IOException("process " + pid + " maps " + mappedPages + " of " + image.pageCount()
                        + " pages of its RAM image; its memory cannot be verified");
            return found;
        } catch (IOException | RuntimeException e) {
            found.close();
            throw e;
        }
    }

    private void scan(FileChannel pagemap, long start, int firstPage, int count) throws IOException {
        ByteBuffer entries = ByteBuffer.allocateDirect(ENTRIES_AT_ONCE * Long.BYTES).order(ByteOrder.nativeOrder());
        for (int done = 0; done < count;) {
            int now = Math.min(ENTRIES_AT_ONCE, count - done);
            long at = (start / SharedMemory.PAGE_BYTES + done) * Long.BYTES;
            readFully(pagemap, entries.clear().limit(now * Long.BYTES), at);
            for (int i = 0; i < now; i++) {
                long entry = entries.getLong(i * Long.BYTES);
                int page = firstPage + done + i;
                pageAddress[page] = start + (long) (done + i) * SharedMemory.PAGE_BYTES;
                if ((entry & (PRESENT | SWAPPED)) != 0 && (entry & FILE_PAGE_OR_SHARED) == 0)
                    pages.set(page);
            }
            done += now;
        }
    }

    boolean contains(int page) {
        return pages.get(page);
    }

    int count() {
        return pages.cardinality();
    }

    /// The process's own version of a page.
    void read(int page, ByteBuffer target) throws IOException {
        if (!contains(page))
            throw new IllegalArgumentException("page " + page + " is the image's");
        readFully(processMemory, target.clear().limit(SharedMemory.PAGE_BYTES), pageAddress[page]);
        target.flip();
    }

    BitSet pages() {
        return (BitSet) pages.clone();
    }

    private static void readFully(FileChannel from, ByteBuffer into, long position) throws IOException {
        long at = position;
        while (into.hasRemaining()) {
            int count = from.read(into, at);
            if (count <= 0)
                throw new IOException(
                        "cannot read the memory of the restored machine: it has ended, or the kernel does not let us;"
                                + " restore without --verify");
            at += count;
        }
    }

    @Override
    public void close() throws IOException {
        processMemory.close();
    }
}
