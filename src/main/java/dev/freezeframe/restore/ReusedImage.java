package dev.freezeframe.restore;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.PageMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Guest RAM that serves one restore after the other: each reads only the pages that differ from what the last one left, some
/// thousand of neighbours in a run instead of all. The machines map it copy-on-write, so none changes it. For one thread.
public final class ReusedImage implements AutoCloseable {
    private final Store store;
    private final SharedMemory memory;
    /// What is in it; nothing is known once filling it has failed.
    private Optional<PageMap> held;
    /// The pages that are otherwise than in `held`.
    private final BitSet stale = new BitSet();

    private ReusedImage(Store store, SharedMemory memory) {
        this.store = store;
        this.memory = memory;
        held = Optional.of(PageMap.allZero(memory.pageCount()));
    }

    /// One that holds nothing yet.
    ///
    /// @param ramBytes of the guest
    public static ReusedImage allocate(Store store, long ramBytes) throws IOException {
        return new ReusedImage(store, SharedMemory.allocate("ram", ramBytes));
    }

    /// What machines run on.
    public SharedMemory memory() {
        return memory;
    }

    /// Makes it a checkpoint's RAM. No guest may run on it.
    void bringTo(PageMap map, int threads) throws IOException {
        RamImage.requireFits(memory, map);
        if (held.isEmpty()) {
            memory.discard(0, memory.pageCount());
        }
        PageMap before = held.orElseGet(() -> PageMap.allZero(map.pages()));
        held = Optional.empty();
        PageMap.Editor differing = PageMap.allZero(map.pages()).edit();
        BitSet pages = (BitSet) stale.clone();
        map.forEachDifference(before, (page, _) -> pages.set(page));
        for (int page = pages.nextSetBit(0); page >= 0; page = pages.nextSetBit(page + 1)) {
            if (map.chunkId(page) == ChunkId.ZERO) {
                memory.discard(page, 1);
            } else {
                differing.set(page, map.chunkId(page));
            }
        }
        RamImage.fill(memory, store, differing.map(), threads);
        stale.clear();
        held = Optional.of(map);
    }

    /// The pages in which a stopped machine on this image is not as a checkpoint has them. Pages that neither the machine wrote nor
    /// the checkpoint has otherwise are the same chunk of the store; all others are compared byte by byte.
    ///
    /// @param pid of the machine's QEMU
    /// @param map what the checkpoint has
    public BitSet differing(long pid, PageMap map) throws IOException {
        BitSet differing = new BitSet();
        try (PrivatePages own = PrivatePages.of(pid, memory)) {
            BitSet pages = own.pages();
            map.forEachDifference(held.orElseThrow(), (page, _) -> pages.set(page));
            PageMap.Editor wanted = PageMap.allZero(map.pages()).edit();
            ByteBuffer page = ByteBuffer.allocate(GuestPage.BYTES);
            ByteBuffer zero = ByteBuffer.allocate(GuestPage.BYTES);
            for (int each = pages.nextSetBit(0); each >= 0; each = pages.nextSetBit(each + 1)) {
                long chunk = map.chunkId(each);
                if (chunk != ChunkId.ZERO) {
                    wanted.set(each, chunk);
                } else if (!read(own, each, page).equals(zero)) {
                    differing.set(each);
                }
            }
            store.readPages(wanted.map(), 1, (firstPage, count, content) -> {
                for (int i = 0; i < count; i++) {
                    if (!read(own, firstPage + i, page).equals(content.slice(content.position() + i * GuestPage.BYTES,
                            GuestPage.BYTES))) {
                        differing.set(firstPage + i);
                    }
                }
            });
        }
        return differing;
    }

    /// Takes over what a stopped machine on this image has in its RAM; the machine must not go on afterwards.
    ///
    /// @param pid       of the machine's QEMU
    /// @param map       what a checkpoint has
    /// @param differing the pages in which the machine is not as that, few
    /// @return what the machine has in these
    public Map<Integer, ByteBuffer> takeOver(long pid, PageMap map, BitSet differing) throws IOException {
        held = Optional.empty();
        Map<Integer, ByteBuffer> kept = new HashMap<>();
        try (PrivatePages own = PrivatePages.of(pid, memory)) {
            ByteBuffer page = ByteBuffer.allocate(GuestPage.BYTES);
            BitSet pages = own.pages();
            for (int each = pages.nextSetBit(0); each >= 0; each = pages.nextSetBit(each + 1)) {
                own.read(each, page);
                memory.write((long) each * GuestPage.BYTES, page);
            }
        }
        for (int each = differing.nextSetBit(0); each >= 0; each = differing.nextSetBit(each + 1)) {
            kept.put(each, page(each));
        }
        held = Optional.of(map);
        stale.or(differing);
        return kept;
    }

    /// Gives some pages other contents than those of the checkpoint that it was brought to last. No guest may run on it.
    public void write(Map<Integer, ByteBuffer> pages) {
        pages.forEach((page, content) -> {
            stale.set(page);
            memory.write((long) page * GuestPage.BYTES, content.duplicate());
        });
    }

    /// The pages that a stopped machine on this image has written, few, with what it has in them.
    ///
    /// @param pid of the machine's QEMU
    public Map<Integer, ByteBuffer> written(long pid) throws IOException {
        Map<Integer, ByteBuffer> written = new HashMap<>();
        try (PrivatePages own = PrivatePages.of(pid, memory)) {
            BitSet pages = own.pages();
            for (int each = pages.nextSetBit(0); each >= 0; each = pages.nextSetBit(each + 1)) {
                ByteBuffer page = ByteBuffer.allocate(GuestPage.BYTES);
                own.read(each, page);
                written.put(each, page);
            }
        }
        return written;
    }

    /// A page as it is here.
    public ByteBuffer page(int page) {
        ByteBuffer content = ByteBuffer.allocate(GuestPage.BYTES);
        memory.read((long) page * GuestPage.BYTES, GuestPage.BYTES, content, 0);
        return content;
    }

    private ByteBuffer read(PrivatePages own, int page, ByteBuffer target) throws IOException {
        if (own.contains(page)) {
            own.read(page, target);
        } else {
            memory.read((long) page * GuestPage.BYTES, GuestPage.BYTES, target.clear(), 0);
        }
        return target;
    }

    @Override
    public void close() {
        memory.close();
    }
}
