package dev.freezeframe.store.pack;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;

/// Reads an image of a checkpoint anywhere, at any alignment, from any number of threads. Until it is closed its checkpoint
/// cannot be deleted, and garbage collection beside it takes nothing that it reads.
///
/// All readers of a store share a bounded number of decompressed packs. One that reads onward, even if its requests come
/// slightly out of order, has the packs that come next loaded in the background.
public final class ImageReader implements AutoCloseable {
    /// Requests this near to where the last ones ended are taken to go on from there: several are under way at once.
    private static final long NEAR_BYTES = 2 << 20;
    /// So many requests in a row that go on from each other are a stream.
    private static final int STREAM = 2;
    /// Packs that are loaded ahead of a stream.
    private static final int PACKS_AHEAD = 8;
    /// And how far ahead they may be.
    private static final int PAGES_AHEAD = 4096;
    private static final byte[] ZEROS = new byte[64 << 10];

    private final CheckpointRecord checkpoint;
    private final String name;
    private final long sizeBytes;
    private final PageMap map;
    private final PackCache packs;
    private final Runnable unpin;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Stream stream = new Stream();

    public ImageReader(CheckpointRecord checkpoint, String name, long sizeBytes, PageMap map, PackCache packs,
            Runnable unpin) {
        this.checkpoint = checkpoint;
        this.name = name;
        this.sizeBytes = sizeBytes;
        this.map = map;
        this.packs = packs;
        this.unpin = unpin;
    }

    /// Length of the image; of a disk, as the guest saw it.
    public long sizeBytes() {
        return sizeBytes;
    }

    /// Which chunk each page of the image holds; the last page goes on with zeros beyond the end of the image.
    public PageMap map() {
        return map;
    }

    /// Fills the rest of `target` with what is at `offset`.
    ///
    /// @throws IllegalArgumentException if that is not all inside the image
    /// @throws StoreException           if it cannot be read, or the reader or its store is closed; then part of `target` may
    ///                                  be filled
    public void read(long offset, ByteBuffer target) throws StoreException {
        requireOpen();
        requireInside(offset, target.remaining());
        if (!target.hasRemaining()) {
            return;
        }
        long end = offset + target.remaining();
        stream.goesOn(offset, end);
        long at = offset;
        while (at < end) {
            at += readRun(at, end, target);
        }
    }

    /// Reads as much as one run of zero pages, or of neighbouring chunks of a pack, has.
    ///
    /// @return how many bytes
    private long readRun(long at, long end, ByteBuffer target) throws StoreException {
        int page = (int) (at / ChunkId.CHUNK_BYTES);
        int inPage = (int) (at % ChunkId.CHUNK_BYTES);
        int endPage = (int) ((end + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES);
        long first = map.chunkId(page);
        if (first == ChunkId.ZERO) {
            long count = Math.min(end, (long) map.endOfRun(page, endPage) * ChunkId.CHUNK_BYTES) - at;
            for (long left = count; left > 0; left -= ZEROS.length) {
                target.put(ZEROS, 0, (int) Math.min(left, ZEROS.length));
            }
            return count;
        }
        try {
            Pack pack = packs.get(ChunkId.packId(first));
            int from = pack.offset(ChunkId.slot(first));
            int next = page + 1;
            while (next < endPage && ChunkId.packId(map.chunkId(next)) == ChunkId.packId(first) && pack.offset(
                    ChunkId.slot(map.chunkId(next))) == from + (next - page) * ChunkId.CHUNK_BYTES) {
                next++;
            }
            int count = (int) (Math.min(end, (long) next * ChunkId.CHUNK_BYTES) - at);
            target.put(pack.raw(), from + inPage, count);
            return count;
        } catch (StoreException e) {
            throw new StoreException(e.reason(), unreadable(at) + e.getMessage(), e);
        } catch (CorruptionException e) {
            throw new StoreException(Reason.DAMAGED,
                    unreadable(at) + e.getMessage() + "; verify lists every checkpoint that is affected", e);
        }
    }

    private String unreadable(long offset) {
        return "image \"" + name + "\" of " + checkpoint.name() + " cannot be read at offset " + offset + ": ";
    }

    /// Receives a part of an image.
    @FunctionalInterface
    public interface ExtentVisitor<X extends Exception> {
        /// A part that is known to be zero, or that is not.
        ///
        /// @return whether to go on
        boolean extent(long offset, long length, boolean isZero) throws X;
    }

    /// Calls for the parts of a range, in order, until the visitor has enough: which are zero, and which have content. Two
    /// that touch are of different kinds. Reads nothing but the page map, which is in memory.
    ///
    /// @throws IllegalArgumentException if the range is not all inside the image
    public <X extends Exception> void forEachExtent(long offset, long length, ExtentVisitor<X> visitor) throws X {
        requireInside(offset, length);
        long end = offset + length;
        int endPage = (int) ((end + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES);
        boolean more = true;
        for (long at = offset; more && at < end;) {
            int page = (int) (at / ChunkId.CHUNK_BYTES);
            long next = Math.min(end, (long) map.endOfRun(page, endPage) * ChunkId.CHUNK_BYTES);
            more = visitor.extent(at, next - at, map.chunkId(page) == ChunkId.ZERO);
            at = next;
        }
    }

    private void requireInside(long offset, long length) {
        if (offset < 0 || length < 0 || offset > sizeBytes - length) {
            throw new IllegalArgumentException(length + " bytes at offset " + offset + " are not inside image \"" + name
                    + "\" of " + sizeBytes + " bytes");
        }
    }

    private void requireOpen() throws StoreException {
        if (closed.get()) {
            throw new StoreException(Reason.FAILED, "image \"" + name + "\" of " + checkpoint.name() + " is closed");
        }
    }

    /// Gives the checkpoint free. Reads that are under way end well.
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            unpin.run();
        }
    }

    /// Where reading is, and what has been asked for ahead of it.
    private final class Stream {
        /// A pack ahead, and the first page that wants it.
        private record Ahead(long packId, int page) {}

        @GuardedBy("this")
        private final Deque<Ahead> ahead = new ArrayDeque<>();
        @GuardedBy("this")
        private long end;
        @GuardedBy("this")
        private int length;
        /// Up to here the map has been looked at.
        @GuardedBy("this")
        private int seen;

        synchronized void goesOn(long from, long to) {
            if (Math.abs(from - end) > NEAR_BYTES) {
                end = to;
                length = 0;
                seen = 0;
                ahead.clear();
                return;
            }
            end = Math.max(end, to);
            length++;
            if (length >= STREAM) {
                lookAhead((int) (end / ChunkId.CHUNK_BYTES));
            }
        }

        @GuardedBy("this")
        private void lookAhead(int here) {
            while (!ahead.isEmpty() && ahead.peek().page < here) {
                ahead.remove();
            }
            int limit = Math.min(map.pages(), here + PAGES_AHEAD);
            int page = Math.max(seen, here);
            while (ahead.size() < PACKS_AHEAD && page < limit) {
                long chunk = map.chunkId(page);
                if (chunk == ChunkId.ZERO) {
                    page = map.endOfRun(page, limit);
                    continue;
                }
                long pack = ChunkId.packId(chunk);
                if (ahead.stream().noneMatch(each -> each.packId == pack)) {
                    ahead.add(new Ahead(pack, page));
                    packs.prefetch(pack);
                }
                page++;
            }
            seen = page;
        }
    }
}
