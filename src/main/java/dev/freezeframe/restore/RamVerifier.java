package dev.freezeframe.restore;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.PageMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/// Compares restored memory with what the store holds, byte by byte, before the guest runs. Reads the packs anew, so that an
/// error in putting the image together is found as well.
final class RamVerifier {

    private RamVerifier() {}

    /// Compares a whole image with its chunks; holes and zeroed pages must be zero chunks.
    ///
    /// @param rewritten what may differ
    /// @throws IOException naming the first page that differs
    static void requireEqual(SharedMemory memory, Store store, PageMap map, int threads, RewrittenMemory rewritten)
            throws IOException {
        RamImage.requireFits(memory, map);
        store.readPages(map, threads, (firstPage, count, content) -> {
            ByteBuffer actual = ByteBuffer.allocate(count * GuestPage.BYTES);
            memory.read((long) firstPage * GuestPage.BYTES, actual.capacity(), actual, 0);
            for (int i = actual.mismatch(content) < 0 ? count : 0; i < count; i++) {
                ByteBuffer stored = content.slice(content.position() + i * GuestPage.BYTES, GuestPage.BYTES);
                ByteBuffer mine = actual.slice(i * GuestPage.BYTES, GuestPage.BYTES);
                if (!mine.equals(stored) && !rewritten.explains(firstPage + i, stored, mine))
                    throw different(firstPage + i);
            }
        });
        BitSet expectedZero = new BitSet(map.pages());
        memory.addPopulatedPages(expectedZero);
        map.forEachNonZero((page, chunk) -> expectedZero.clear(page));
        ByteBuffer zero = ByteBuffer.allocate(GuestPage.BYTES);
        ByteBuffer actual = ByteBuffer.allocate(GuestPage.BYTES);
        for (int page = expectedZero.nextSetBit(0); page >= 0; page = expectedZero.nextSetBit(page + 1)) {
            memory.read((long) page * GuestPage.BYTES, GuestPage.BYTES, actual, 0);
            if (!actual.equals(zero) && !rewritten.explains(page, zero, actual))
                throw different(page);
        }
    }

    /// Compares what a stopped copy-on-write machine sees with the image that it was started from.
    ///
    /// @return how many pages the machine has made its own, with the same contents
    static int requireUnchanged(long pid, SharedMemory image, RewrittenMemory rewritten) throws IOException {
        try (PrivatePages own = PrivatePages.of(pid, image)) {
            ByteBuffer mine = ByteBuffer.allocate(GuestPage.BYTES);
            ByteBuffer stored = ByteBuffer.allocate(GuestPage.BYTES);
            BitSet pages = own.pages();
            BitSet populated = new BitSet();
            image.addPopulatedPages(populated);
            for (int page = pages.nextSetBit(0); page >= 0; page = pages.nextSetBit(page + 1)) {
                own.read(page, mine);
                if (populated.get(page))
                    image.read((long) page * GuestPage.BYTES, GuestPage.BYTES, stored, 0);
                else
                    stored = ByteBuffer.allocate(GuestPage.BYTES);
                if (!mine.equals(stored) && !rewritten.explains(page, stored, mine))
                    throw different(page);
            }
            return own.count();
        }
    }

    private static IOException different(int page) {
        return new IOException("restored memory differs from the stored checkpoint in page " + page + " (address 0x"
                + Long.toHexString((long) page * GuestPage.BYTES) + "); the machine was not started");
    }
}
