package dev.freezeframe.analyse;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// How two checkpoints of a store differ: which pages of RAM and which blocks of each disk and in what way, and whether their
/// devices do. It is told by the page maps alone, so it takes no longer and no more memory than reading these; contents are
/// read only for pages that are asked for.
///
/// Pages with the same content have the same chunk, with a rare exception: content that came back after the chunk index had
/// no more room for it, or that two recordings brought in at the same moment, is stored twice. Such a page counts as changed;
/// [#contents] tells that its bytes are equal.
///
/// Safe for any number of threads.
public final class CheckpointComparison {

    /// In what way a page of RAM or a block of a disk differs.
    public enum Difference {
        /// Zero in the first, not in the second.
        ZERO_TO_CONTENT,
        /// Zero in the second, not in the first.
        CONTENT_TO_ZERO,
        /// Not zero in either.
        CHANGED,
        /// Beyond the end of what the second has.
        ONLY_IN_FIRST,
        /// Beyond the end of what the first has.
        ONLY_IN_SECOND
    }

    /// Receives a run of pages that differ in the same way.
    @FunctionalInterface
    public interface RunVisitor<X extends Exception> {
        /// The pages from `firstPage` on, `count` of them.
        void run(int firstPage, int count, Difference difference) throws X;
    }

    /// What both checkpoints have in a page or block, 4096 bytes each; zeros where one does not reach so far. Not to be
    /// changed.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record PageContents(int page, byte[] first, byte[] second) {
        /// Whether a byte differs.
        public boolean differsAt(int offset) {
            return first[offset] != second[offset];
        }

        /// How many bytes differ.
        public int bytesDiffering() {
            int differing = 0;
            for (int i = 0; i < GuestPage.BYTES; i++) {
                differing += differsAt(i) ? 1 : 0;
            }
            return differing;
        }
    }

    private final Store store;
    private final CheckpointRecord first;
    private final CheckpointRecord second;
    private final ImageComparison ram;
    private final List<ImageComparison> disks;
    private final boolean deviceStateEqual;

    private CheckpointComparison(Store store, CheckpointRecord first, CheckpointRecord second) throws StoreException {
        this.store = store;
        this.first = first;
        this.second = second;
        ram = new ImageComparison(store, NewCheckpoint.RAM, store.pageMap(first.id(), NewCheckpoint.RAM),
                store.pageMap(second.id(), NewCheckpoint.RAM));
        List<ImageComparison> found = new ArrayList<>();
        for (String disk : disksOf(first, second)) {
            found.add(new ImageComparison(store, disk, blocks(first, disk), blocks(second, disk)));
        }
        disks = List.copyOf(found);
        deviceStateEqual = deviceStateEqual();
    }

    /// Compares two checkpoints, of the same experiment or not, with RAM and disks of the same size or not.
    public static CheckpointComparison of(Store store, CheckpointRecord first, CheckpointRecord second)
            throws StoreException {
        return new CheckpointComparison(store, first, second);
    }

    private static Set<String> disksOf(CheckpointRecord first, CheckpointRecord second) {
        Set<String> disks = new LinkedHashSet<>();
        Stream.of(first, second).flatMap(each -> each.metrics().disks().stream()).map(DiskMetrics::disk).forEach(
                disks::add);
        return disks;
    }

    /// A disk that a checkpoint does not have is one without blocks.
    private PageMap blocks(CheckpointRecord checkpoint, String disk) throws StoreException {
        return checkpoint.metrics().disk(disk).isPresent()
                ? store.pageMap(checkpoint.id(), NewCheckpoint.disk(disk))
                : PageMap.allZero(0);
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

    /// Guest RAM, page by page.
    public ImageComparison ram() {
        return ram;
    }

    /// The disks that either has, block by block, in the order of the first and then of the second.
    public List<ImageComparison> disks() {
        return disks;
    }

    /// RAM and all disks: whatever can differ by pages.
    public List<ImageComparison> images() {
        return Stream.concat(Stream.of(ram), disks.stream()).toList();
    }

    /// Blocks that differ on any disk.
    public long blocksDiffering() {
        return disks.stream().mapToLong(ImageComparison::pagesDiffering).sum();
    }

    /// Pages of the larger RAM.
    public int pages() {
        return ram.pages();
    }

    /// How many pages of RAM differ in a way.
    public long count(Difference difference) {
        return ram.count(difference);
    }

    /// How many pages of RAM differ at all.
    public long pagesDiffering() {
        return ram.pagesDiffering();
    }

    /// How many pages of RAM are the same in both.
    public long pagesEqual() {
        return ram.pagesEqual();
    }

    /// How often [#forEachRun] calls.
    public long runs() {
        return ram.runs();
    }

    /// Whether the devices were in the same state, byte for byte.
    public boolean isDeviceStateEqual() {
        return deviceStateEqual;
    }

    /// [ImageComparison#forEachRun] of RAM.
    public <X extends Exception> void forEachRun(RunVisitor<X> visitor) throws X {
        ram.forEachRun(visitor);
    }

    /// [ImageComparison#contents] of RAM.
    ///
    /// @throws StoreException if a chunk is damaged, or gone with a checkpoint that was deleted since
    public PageContents contents(int page) throws StoreException {
        return ram.contents(page);
    }
}
