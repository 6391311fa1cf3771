package dev.freezeframe.analyse;

import dev.freezeframe.analyse.CheckpointComparison.Difference;
import dev.freezeframe.analyse.CheckpointComparison.PageContents;
import dev.freezeframe.analyse.CheckpointComparison.RunVisitor;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// How one image of two checkpoints differs: RAM by its pages, or a disk by its blocks, which are called pages here as well.
/// Counts are there at once; runs are found by walking through both page maps, and contents are read when asked for.
/// Takes no memory for an image beside its page maps but a bit for every two MiB, so a large, sparse disk costs what it holds.
///
/// Safe for any number of threads.
public final class ImageComparison {
    /// Neighbouring pages that are passed over together where none of them differs.
    private static final int STRIDE = 512;

    private final Store store;
    private final String name;
    private final PageMap first;
    private final PageMap second;
    /// Pages that both have.
    private final int common;
    /// The strides of these that have a page that differs.
    private final BitSet differing = new BitSet();
    private final Map<Difference, Long> counts = new EnumMap<>(Difference.class);
    private final long runs;

    ImageComparison(Store store, String name, PageMap first, PageMap second) {
        this.store = store;
        this.name = name;
        this.first = first;
        this.second = second;
        common = Math.min(first.pages(), second.pages());
        second.forEachDifference(first, (page, _) -> {
            if (page < common) {
                differing.set(page / STRIDE);
            }
        });
        long[] runsFound = {0};
        forEachRun((_, count, difference) -> {
            counts.merge(difference, (long) count, Long::sum);
            runsFound[0]++;
        });
        runs = runsFound[0];
    }

    /// `ram`, or the id of the disk.
    public String name() {
        return name;
    }

    /// Whether it is a disk, not RAM.
    public boolean isDisk() {
        return !name.equals(NewCheckpoint.RAM);
    }

    /// Pages of the larger one.
    public int pages() {
        return Math.max(first.pages(), second.pages());
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

    /// Calls for every run of pages that differ in the same way, in ascending order. Walks through the page maps anew; nothing
    /// is kept.
    public <X extends Exception> void forEachRun(RunVisitor<X> visitor) throws X {
        forEachRun(0, pages(), visitor);
    }

    /// The same for the pages from `from` to before `to`; runs that go on beyond are cut there.
    public <X extends Exception> void forEachRun(int from, int to, RunVisitor<X> visitor) throws X {
        int start = next(from);
        while (start < to) {
            Difference difference = differenceAt(start);
            int end = start >= common ? to : start + 1;
            while (end < to && differenceAt(end) == difference) {
                end++;
            }
            visitor.run(start, end - start, difference);
            start = next(end);
        }
    }

    /// In what way a page differs; empty where it does not.
    public Optional<Difference> difference(int page) {
        return Optional.ofNullable(differenceAt(page));
    }

    /// The first page from `from` on that differs; empty if there is none.
    public OptionalInt firstDifference(int from) {
        int found = next(Math.max(0, from));
        return found < pages() ? OptionalInt.of(found) : OptionalInt.empty();
    }

    /// The last page up to `from` that differs; empty if there is none.
    public OptionalInt lastDifference(int from) {
        int page = Math.min(from, pages() - 1);
        if (page >= common) {
            return OptionalInt.of(page);
        }
        while (page >= 0) {
            int stride = differing.previousSetBit(page / STRIDE);
            if (stride < 0) {
                break;
            }
            int last = (int) Math.min(page, (stride + 1L) * STRIDE - 1);
            for (page = last; page >= stride * STRIDE; page--) {
                if (differenceAt(page) != null) {
                    return OptionalInt.of(page);
                }
            }
        }
        return OptionalInt.empty();
    }

    /// The first page from `page` on that differs; the end where there is none.
    private int next(int page) {
        int at = page;
        while (at < common) {
            int stride = differing.nextSetBit(at / STRIDE);
            if (stride < 0) {
                return common;
            }
            at = Math.max(at, stride * STRIDE);
            int end = (int) Math.min(common, (stride + 1L) * STRIDE);
            for (; at < end; at++) {
                if (differenceAt(at) != null) {
                    return at;
                }
            }
        }
        return at;
    }

    private Difference differenceAt(int page) {
        if (page >= second.pages()) {
            return Difference.ONLY_IN_FIRST;
        }
        if (page >= first.pages()) {
            return Difference.ONLY_IN_SECOND;
        }
        long one = first.chunkId(page);
        long other = second.chunkId(page);
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
        return new PageContents(page, read(first, page), read(second, page));
    }

    private byte[] read(PageMap map, int page) throws StoreException {
        byte[] content = new byte[GuestPage.BYTES];
        if (page < map.pages()) {
            try {
                store.readChunk(map.chunkId(page), ByteBuffer.wrap(content));
            } catch (StoreException e) {
                if (map.checkpointId().isPresent() && store.checkpoint(map.checkpointId().getAsLong()).isEmpty()) {
                    throw new StoreException(StoreException.Reason.NOT_FOUND,
                            "one of the two checkpoints has been deleted; compare others", e);
                }
                throw e;
            }
        }
        return content;
    }
}
