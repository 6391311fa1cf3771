package dev.freezeframe.experiment;

import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.ChunkId;
import dev.freezeframe.store.NewCheckpoint;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/// How two checkpoints of a store differ: which pages of RAM and in what way, and whether their devices do. It is told by the
/// page maps alone, so it takes no longer and no more memory than reading two of them; contents are read only for pages that
/// are asked for.
///
/// Pages with the same content have the same chunk, with a rare exception: content that came back after the chunk index had
/// no more room for it, or that two recordings brought in at the same moment, is stored twice. Such a page counts as changed;
/// [#contents] tells that its bytes are equal.
///
/// Safe for any number of threads.
public final class CheckpointComparison {
    private static final int PAGE_BYTES = ChunkId.CHUNK_BYTES;

    /// In what way a page differs.
    public enum Difference {
        /// Zero in the first, not in the second.
        ZERO_TO_CONTENT,
        /// Zero in the second, not in the first.
        CONTENT_TO_ZERO,
        /// Not zero in either.
        CHANGED,
        /// Beyond the end of the second's RAM.
        ONLY_IN_FIRST,
        /// Beyond the end of the first's RAM.
        ONLY_IN_SECOND
    }

    /// Receives a run of pages that differ in the same way.
    @FunctionalInterface
    public interface RunVisitor<X extends Exception> {
        /// The pages from `firstPage` on, `count` of them.
        void run(int firstPage, int count, Difference difference) throws X;
    }

    /// What both checkpoints have in a page, 4096 bytes each; zeros where a RAM does not reach so far. Not to be changed.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record PageContents(int page, byte[] first, byte[] second) {
        /// Whether a byte differs.
        public boolean differsAt(int offset) {
            return first[offset] != second[offset];
        }

        /// How many bytes differ.
        public int bytesDiffering() {
            int differing = 0;
            for (int i = 0; i < PAGE_BYTES; i++) {
                differing += differsAt(i) ? 1 : 0;
            }
            return differing;
        }
    }

    private final Store store;
    private final CheckpointRecord first;
    private final CheckpointRecord second;
    private final PageMap firstRam;
    private final PageMap secondRam;
    private final Map<Difference, Long> counts = new EnumMap<>(Difference.class);
    private final long runs;
    private final boolean deviceStateEqual;

    private CheckpointComparison(Store store, CheckpointRecord first, CheckpointRecord second) throws StoreException {
        this.store = store;
        this.first = first;
        this.second = second;
        firstRam = store.pageMap(first.id(), NewCheckpoint.RAM);
        secondRam = store.pageMap(second.id(), NewCheckpoint.RAM);
        long[] runsFound = {0};
        forEachRun((_, count, difference) -> {
            counts.merge(difference, (long) count, Long::sum);
            runsFound[0]++;
        });
        runs = runsFound[0];
        deviceStateEqual = deviceStateEqual();
    }

    /// Compares two checkpoints, of the same experiment or not, with RAM of the same size or not.
    public static CheckpointComparison of(Store store, CheckpointRecord first, CheckpointRecord second)
            throws StoreException {
        return new CheckpointComparison(store, first, second);
    }

    private boolean deviceStateEqual() throws StoreException {
        if (first.metrics().deviceStateBytes() != second.metrics().deviceStateBytes()) {
            return false;
        }
        if (first.id() == second.id() || first.metrics().deviceStateBytes() == 0) {
            return true;
        }
        PageMap one = store.pageMap(first.id(), NewCheckpoint.DEVICE_STATE);
        PageMap other = store.pageMap(second.id(), NewCheckpoint.DEVICE_STATE);
        boolean sameChunks = one.pages() == other.pages();
        for (int page = 0; sameChunks && page < one.pages(); page++) {
            sameChunks = one.chunkId(page) == other.chunkId(page);
        }
        return sameChunks || Arrays.equals(store.readImageBytes(first.id(), NewCheckpoint.DEVICE_STATE),
                store.readImageBytes(second.id(), NewCheckpoint.DEVICE_STATE));
    }

    /// The one that is compared.
    public CheckpointRecord first() {
        return first;
    }

    /// The one that it is compared with.
    public CheckpointRecord second() {
        return second;
    }

    /// Pages of the larger RAM.
    public int pages() {
        return Math.max(firstRam.pages(), secondRam.pages());
    }

    /// How many pages differ in a way.
    public long count(Difference difference) {
        return counts.getOrDefault(difference, 0L);
    }

    /// How many pages differ at all.
    public long pagesDiffering() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /// How many pages are the same in both.
    public long pagesEqual() {
        return pages() - pagesDiffering();
    }

    /// How often [#forEachRun] calls.
    public long runs() {
        return runs;
    }

    /// Whether the devices were in the same state, byte for byte.
    public boolean isDeviceStateEqual() {
        return deviceStateEqual;
    }

    /// Calls for every run of pages that differ in the same way, in ascending order. Walks through the page maps anew; nothing
    /// is kept.
    public <X extends Exception> void forEachRun(RunVisitor<X> visitor) throws X {
        int start = 0;
        Difference current = null;
        int pages = pages();
        for (int page = 0; page < pages; page++) {
            Difference difference = difference(page);
            if (difference != current) {
                if (current != null) {
                    visitor.run(start, page - start, current);
                }
                start = page;
                current = difference;
            }
        }
        if (current != null) {
            visitor.run(start, pages - start, current);
        }
    }

    /// In what way a page differs; null where it does not.
    private Difference difference(int page) {
        if (page >= secondRam.pages()) {
            return Difference.ONLY_IN_FIRST;
        }
        if (page >= firstRam.pages()) {
            return Difference.ONLY_IN_SECOND;
        }
        long one = firstRam.chunkId(page);
        long other = secondRam.chunkId(page);
        if (one == other) {
            return null;
        }
        return one == ChunkId.ZERO
                ? Difference.ZERO_TO_CONTENT
                : other == ChunkId.ZERO ? Difference.CONTENT_TO_ZERO : Difference.CHANGED;
    }

    /// Reads what both have in a page, for looking at it byte by byte.
    ///
    /// @throws StoreException if a chunk is damaged, or gone with a checkpoint that was deleted since
    public PageContents contents(int page) throws StoreException {
        if (page < 0 || page >= pages()) {
            throw new IndexOutOfBoundsException("page " + page + " of " + pages());
        }
        return new PageContents(page, read(firstRam, page), read(secondRam, page));
    }

    private byte[] read(PageMap ram, int page) throws StoreException {
        byte[] content = new byte[PAGE_BYTES];
        if (page < ram.pages()) {
            store.readChunk(ram.chunkId(page), ByteBuffer.wrap(content));
        }
        return content;
    }
}
