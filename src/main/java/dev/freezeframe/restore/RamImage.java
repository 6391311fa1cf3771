package dev.freezeframe.restore;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.PageMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/// A checkpoint's RAM, put together from packs. Every pack is read, checked and decompressed once, by whichever thread is
/// free; zero pages stay holes and take neither time nor memory.
public final class RamImage {
    private RamImage() {}

    /// Fills memory that is all holes. A QEMU may have it mapped already, as long as it does not run.
    ///
    /// @param threads how many read packs at once; each holds one pack at a time
    /// @throws IOException the store's reason when a chunk is missing or damaged; the memory is then of no use
    public static void fill(SharedMemory memory, Store store, PageMap map, int threads) throws IOException {
        requireFits(memory, map);
        // written as a file: that takes a third less time than faulting every page in through the mapping
        try (FileChannel file = FileChannel.open(memory.path(), StandardOpenOption.WRITE)) {
            store.readPages(map, threads, (firstPage, count, content) -> write(file,
                    (long) firstPage * GuestPage.BYTES, content));
        }
    }

    private static void write(FileChannel file, long position, ByteBuffer content) throws IOException {
        long at = position;
        while (content.hasRemaining())
            at += file.write(content, at);
    }

    static void requireFits(SharedMemory memory, PageMap map) throws IOException {
        if ((long) map.pages() * GuestPage.BYTES != memory.sizeBytes())
            throw new IOException("the stored RAM has " + map.pages() + " pages, but the machine has "
                    + memory.sizeBytes() / GuestPage.BYTES + "; the checkpoint's record is damaged");
    }
}
