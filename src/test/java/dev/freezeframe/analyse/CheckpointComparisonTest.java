package dev.freezeframe.analyse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.CheckpointComparison.Difference;
import dev.freezeframe.analyse.CheckpointComparison.PageContents;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.dedup.DiskToStore;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskRead;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A comparison names every page that differs and no other, tells in what way, and shows the bytes.
class CheckpointComparisonTest {

    private Store store;
    private Deduplicator dedup;

    @BeforeEach
    void open(@TempDir Path directory) throws Exception {
        store = Store.open(directory);
        dedup = new Deduplicator(store, DedupOptions.DEFAULT);
    }

    @AfterEach
    void close() throws Exception {
        dedup.close();
        store.close();
    }

    @Test
    void everyPageThatDiffersIsNamedWithHowItDiffers() throws Exception {
        CheckpointRecord first = checkpoint("first", "devices", 0, 1, 1, 2, 3, 3, 0, 9);
        CheckpointRecord second = checkpoint("second", "devices", 0, 1, 4, 5, 0, 0, 7, 9);
        CheckpointComparison comparison = CheckpointComparison.of(store, first, second);
        assertEquals(
                List.of("2 2 CHANGED", "4 2 CONTENT_TO_ZERO", "6 1 ZERO_TO_CONTENT"), runs(comparison));
        assertEquals(3, comparison.runs());
        assertEquals(2, comparison.count(Difference.CHANGED));
        assertEquals(2, comparison.count(Difference.CONTENT_TO_ZERO));
        assertEquals(1, comparison.count(Difference.ZERO_TO_CONTENT));
        assertEquals(5, comparison.pagesDiffering());
        assertEquals(3, comparison.pagesEqual());
        assertTrue(comparison.isDeviceStateEqual());
        assertEquals(first, comparison.first());
        assertEquals(second, comparison.second());
    }

    @Test
    void everyBlockThatDiffersIsNamedForEachDisk() throws Exception {
        CheckpointRecord first = withDisks("first", new int[]{1, 2}, new int[]{5, 0, 6}, new int[]{7});
        CheckpointRecord second = withDisks("second", new int[]{1, 2}, new int[]{5, 1, 0, 9});
        CheckpointComparison comparison = CheckpointComparison.of(store, first, second);
        assertEquals(0, comparison.pagesDiffering());
        assertEquals(List.of("ram", "disk0", "disk1"), comparison.images().stream().map(ImageComparison::name)
                .toList());
        ImageComparison larger = comparison.disks().get(0);
        assertEquals(List.of("1 1 ZERO_TO_CONTENT", "2 1 CONTENT_TO_ZERO", "3 1 ONLY_IN_SECOND"), runs(larger));
        assertArrayEquals(page(1), larger.contents(1).second());
        assertArrayEquals(page(9), larger.contents(3).second());
        assertEquals(List.of("0 1 ONLY_IN_FIRST"), runs(comparison.disks().get(1)), "the second has no such disk");
        assertEquals(4, comparison.blocksDiffering());
        assertEquals(List.of(), runs(CheckpointComparison.of(store, first, first).disks().get(0)));
    }

    @Test
    void aCheckpointIsEqualToItself() throws Exception {
        CheckpointRecord checkpoint = checkpoint("only", "devices", 0, 1, 2);
        CheckpointComparison comparison = CheckpointComparison.of(store, checkpoint, checkpoint);
        assertEquals(List.of(), runs(comparison));
        assertEquals(3, comparison.pagesEqual());
        assertTrue(comparison.isDeviceStateEqual());
    }

    @Test
    void pagesBeyondTheSmallerRamAreOnlyInTheOther() throws Exception {
        CheckpointRecord small = checkpoint("small", "devices", 1, 0);
        CheckpointRecord large = checkpoint("large", "other devices", 1, 0, 0, 5);
        assertEquals(List.of("2 2 ONLY_IN_SECOND"), runs(CheckpointComparison.of(store, small, large)));
        CheckpointComparison turned = CheckpointComparison.of(store, large, small);
        assertEquals(List.of("2 2 ONLY_IN_FIRST"), runs(turned));
        assertEquals(4, turned.pages());
        assertFalse(turned.isDeviceStateEqual());
        assertArrayEquals(new byte[GuestPage.BYTES], turned.contents(3).second());
    }

    @Test
    void theBytesOfAPageAreShown() throws Exception {
        CheckpointComparison comparison = CheckpointComparison.of(store, checkpoint("first", "a", 0, 1),
                checkpoint("second", "b", 3, 1));
        PageContents contents = comparison.contents(0);
        assertEquals(0, contents.page());
        assertArrayEquals(new byte[GuestPage.BYTES], contents.first());
        assertArrayEquals(page(3), contents.second());
        assertEquals(GuestPage.BYTES / 2, contents.bytesDiffering());
        assertTrue(contents.differsAt(0));
        assertFalse(contents.differsAt(GuestPage.BYTES - 1));
        assertEquals(0, comparison.contents(1).bytesDiffering());
        assertFalse(comparison.isDeviceStateEqual(), "of the same length but not the same");
        assertThrows(IndexOutOfBoundsException.class, () -> comparison.contents(2));
    }

    @Test
    void aCheckpointThatIsGoneIsAClearError() throws Exception {
        CheckpointRecord first = checkpoint("first", "a", 1);
        CheckpointRecord second = checkpoint("second", "a", 2);
        store.finishExperiment(first.experimentId(), "done");
        store.deleteExperiment("first");
        StoreException gone = assertThrows(StoreException.class, () -> CheckpointComparison.of(store, first, second));
        assertEquals(StoreException.Reason.NOT_FOUND, gone.reason());
    }

    private static List<String> runs(CheckpointComparison comparison) {
        return runs(comparison.ram());
    }

    private static List<String> runs(ImageComparison comparison) {
        List<String> runs = new ArrayList<>();
        comparison.forEachRun((first, count, difference) -> runs.add(first + " " + count + " " + difference));
        return runs;
    }

    /// The first checkpoint of a new experiment.
    ///
    /// @param fill what each page is half filled with; 0 for a zero page
    private CheckpointRecord checkpoint(String name, String devices, int... fill) throws Exception {
        return checkpoint(name, devices, fill, List.of());
    }

    private CheckpointRecord withDisks(String name, int[] fill, int[]... disks) throws Exception {
        return checkpoint(name, "devices", fill, List.of(disks));
    }

    private CheckpointRecord checkpoint(String name, String devices, int[] fill, List<int[]> disks) throws Exception {
        long ramBytes = (long) fill.length * GuestPage.BYTES;
        long id = store.createExperiment(
                ExperimentRecord.starting(name, "array", "{}", ramBytes, Optional.empty(), Instant.now()));
        List<DiskToStore> images = new ArrayList<>();
        List<DiskRead> reads = new ArrayList<>();
        for (int[] disk : disks) {
            long bytes = (long) disk.length * GuestPage.BYTES;
            reads.add(new DiskRead("disk" + images.size(), bytes, bytes, 10));
            images.add(new DiskToStore("disk" + images.size(), bytes, Optional.empty()));
        }
        try (CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), ramBytes, images)) {
            writer.addRam(upTo(fill.length), fill.length, contents(fill));
            for (int i = 0; i < disks.size(); i++) {
                writer.addBlocks(i, upTo(disks.get(i).length), disks.get(i).length, contents(disks.get(i)));
            }
            writer.addImage("device-state", devices.getBytes(StandardCharsets.UTF_8));
            return writer
                    .commit(GivenFigures.capture(Instant.now(), reads, 1000))
                    .checkpoint();
        }
    }

    private static int[] upTo(int count) {
        return IntStream.range(0, count).toArray();
    }

    private static ByteBuffer contents(int... fill) {
        ByteBuffer contents = ByteBuffer.allocateDirect(fill.length * GuestPage.BYTES);
        for (int each : fill) {
            contents.put(page(each));
        }
        return contents;
    }

    private static byte[] page(int fill) {
        byte[] page = new byte[GuestPage.BYTES];
        Arrays.fill(page, 0, GuestPage.BYTES / 2, (byte) fill);
        return page;
    }
}
