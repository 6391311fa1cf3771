package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.freezeframe.base.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.figure.DiskRead;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ImageReader;
import dev.freezeframe.store.upkeep.VerifyReport;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Disks come out of a store as they went in, share chunks with RAM, and every block that was handed over is counted once, in
/// its class.
class DiskCheckpointsTest {
    private static final int BLOCK = ChunkId.CHUNK_BYTES;

    @TempDir
    private Path directory;

    @Test
    @Tag("slow")
    void everyBlockOfEveryDiskReadsBackWhateverIsDeletedAroundIt() throws Exception {
        DiskGuest guest;
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            // odd sizes, one smaller than a block, one that ends with a block
            guest = new DiskGuest(store, dedup, "run", 1, (3 << 20) + 1234, 700, 300 * BLOCK);
            for (int i = 0; i < 30; i++) {
                CheckpointRecord checkpoint = guest.step(i % 9 == 4 ? 0 : 60);
                assertSums(checkpoint.metrics());
                if (i % 10 == 9) {
                    store.delete(CheckpointName.of("run", i - 5));
                    store.delete(CheckpointName.of("run", i - 4));
                    store.gc(Progress.NONE);
                }
            }
            guest.assertIntact(store);
            assertEquals(24, store.checkpoints(guest.experimentId).size());
        }
        try (Store store = Store.open(directory)) {
            guest.assertIntact(store);
            for (CheckpointRecord checkpoint : store.checkpoints(guest.experimentId)) {
                assertEquals(guest.checkpoints.get(checkpoint.number() - 1), checkpoint);
                assertArrayEquals(guest.remembered.get(checkpoint.number()).get(1),
                        store.readImageBytes(checkpoint.id(), NewCheckpoint.disk("disk1")));
            }
            VerifyReport report = store.verify(Progress.NONE);
            assertTrue(report.isSound(), report.toString());
            assertEquals(List.of(), report.remarks());
        }
    }

    private static void assertSums(CheckpointMetrics metrics) {
        long dirty = 0;
        long fresh = 0;
        for (DiskMetrics disk : metrics.disks()) {
            assertEquals(disk.dirtyBlocks(), disk.unchangedBlocks() + disk.zeroBlocks() + disk.duplicateDiskBlocks()
                    + disk.duplicateRamBlocks() + disk.newBlocks(), disk.toString());
            dirty += disk.dirtyBlocks();
            fresh += disk.newBlocks();
        }
        assertEquals(dirty, metrics.dirtyBlocks());
        assertEquals(fresh, metrics.newBlocks());
        assertEquals(metrics.dirtyPages(), metrics.unchangedPages() + metrics.zeroPages()
                + metrics.duplicateWithinPages() + metrics.duplicateStoredPages() + metrics.duplicateDiskPages()
                + metrics.newPages());
    }

    @Test
    void everyBlockIsCountedOnceInItsClassAndSoIsEveryPageThatADiskBroughtIn() throws Exception {
        byte[][] c = contents(12, 5);
        byte[] zero = new byte[BLOCK];
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = experiment(store, "classes", 16);
            Committed first;
            try (CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), 16 * BLOCK,
                    List.of(disk("disk0", 100, Optional.empty()), disk("disk1", 100, Optional.empty())))) {
                writer.addRam(new int[]{0, 1}, 2, buffer(c[0], c[1]));
                // 2 and 3 are what RAM has, 4 and 5 the same new one, 6 zero; 4 is added again
                writer.addBlocks(0, new int[]{2, 3, 4, 5, 6, 4}, 6, buffer(c[0], c[1], c[9], c[2], zero, c[2]));
                writer.addZeroBlocks(0, 50, 10);
                // the other disk has what the first has
                writer.addBlocks(1, new int[]{0, 1}, 2, buffer(c[2], c[3]));
                first = writer.commit(DiskGuest.capture(List.of(new DiskRead("disk1", 100L * BLOCK, 77, 88))));
            }
            CheckpointMetrics one = first.checkpoint().metrics();
            assertDisk(one.disks().get(0), 15, 0, 11, 1, 2, 1);
            assertDisk(one.disks().get(1), 2, 0, 0, 1, 0, 1);
            assertEquals(List.of(0L, 0L, 77L, 88L), List.of(one.disks().get(0).readBytes(),
                    one.disks().get(0).readMicros(), one.disks().get(1).readBytes(), one.disks().get(1).readMicros()));
            assertEquals(17, one.dirtyBlocks());
            assertEquals(2, one.newBlocks());
            assertEquals(2, one.newPages());
            // c[9] was replaced before it was stored
            assertEquals(4, dedup.index().size());
            try (CheckpointWriter writer = dedup.begin(id, 2, Optional.of(first.ram()), 16 * BLOCK,
                    List.of(disk("disk0", 100, Optional.of(first.disks().get(0))),
                            disk("disk1", 100, Optional.of(first.disks().get(1)))))) {
                // the guest reads blocks into its page cache, one of them twice; 5 is what RAM had, 6 and 7 are new
                writer.addRam(new int[]{2, 3, 4, 5, 6, 7, 0}, 7, buffer(c[2], c[3], c[3], c[0], c[4], c[4], c[0]));
                // unchanged, unchanged zero, zero now, of RAM before, of RAM just now, of a disk, new, within this disk
                writer.addBlocks(0, new int[]{2, 51, 3, 60, 61, 62, 63, 64}, 8,
                        buffer(c[0], zero, zero, c[1], c[4], c[3], c[5], c[5]));
                // content first, then known to be zero, and the other way round
                writer.addBlocks(1, new int[]{10, 11}, 2, buffer(c[6], c[6]));
                writer.addZeroBlocks(1, 10, 3);
                writer.addBlocks(1, new int[]{12}, 1, buffer(c[7]));
                Committed second = writer.commit(DiskGuest.capture(List.of()));
                CheckpointMetrics two = second.checkpoint().metrics();
                assertDisk(two.disks().get(0), 8, 2, 1, 2, 2, 1);
                assertDisk(two.disks().get(1), 3, 2, 0, 0, 0, 1);
                assertEquals(List.of(7L, 1L, 0L, 1L, 1L, 3L, 1L),
                        List.of(two.dirtyPages(), two.unchangedPages(), two.zeroPages(), two.duplicateWithinPages(),
                                two.duplicateStoredPages(), two.duplicateDiskPages(), two.newPages()));
                assertEquals(5, two.duplicatePages());
                assertEquals(second.checkpoint(), store.checkpoint(second.checkpoint().id()).orElseThrow());
                PageClassMap classes = store.pageClasses(second.checkpoint().id()).orElseThrow();
                PageClass[] byPage = new PageClass[16];
                classes.forEachRun((from, count, each) -> Arrays.fill(byPage, from, from + count, each));
                assertEquals(List.of(PageClass.DUPLICATE_DISK, PageClass.DUPLICATE_DISK, PageClass.DUPLICATE_DISK,
                        PageClass.DUPLICATE_STORED, PageClass.NEW, PageClass.DUPLICATE_WITHIN),
                        Arrays.asList(byPage).subList(2, 8));
                assertEquals(two.imageBytes(), 16 * BLOCK + 200L * BLOCK);
            }
        }
    }

    /// @param counts dirty, unchanged, zero, duplicate of disk, duplicate of RAM, new
    private static void assertDisk(DiskMetrics disk, long... counts) {
        assertArrayEquals(counts, new long[]{disk.dirtyBlocks(), disk.unchangedBlocks(), disk.zeroBlocks(),
                disk.duplicateDiskBlocks(), disk.duplicateRamBlocks(), disk.newBlocks()}, disk.toString());
    }

    @Test
    void whereAChunkWasBornIsKnownAfterReopeningAndAfterItsPackWasRewritten() throws Exception {
        byte[][] c = contents(100, 6);
        long[] chunks = new long[2];
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = experiment(store, "one", 16);
            int[] blocks = new int[60];
            Arrays.setAll(blocks, i -> i);
            try (CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), 16 * BLOCK,
                    List.of(disk("disk0", 100, Optional.empty())))) {
                writer.addRam(new int[]{0}, 1, buffer(c[99]));
                writer.addBlocks(0, blocks, 60, buffer(Arrays.copyOf(c, 60)));
                writer.commit(DiskGuest.capture(List.of()));
            }
            // another experiment keeps two chunks, so that the packs are rewritten and not deleted
            try (CheckpointWriter writer = dedup.begin(experiment(store, "two", 16), 1, Optional.empty(), 16 * BLOCK,
                    List.of(disk("disk0", 10, Optional.empty())))) {
                writer.addRam(new int[]{0}, 1, buffer(c[99]));
                writer.addBlocks(0, new int[]{0}, 1, buffer(c[7]));
                Committed committed = writer.commit(DiskGuest.capture(List.of()));
                chunks[0] = committed.ram().chunkId(0);
                chunks[1] = committed.disks().getFirst().chunkId(0);
            }
            store.finishExperiment(id, "done");
            store.deleteExperiment("one");
            assertEquals(1, store.gc(Progress.NONE).packsRewritten());
            assertOrigins(store, chunks);
        }
        assertEquals(1, count("disk_pack"));
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            assertOrigins(store, chunks);
            long id = experiment(store, "three", 16);
            try (CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), 16 * BLOCK,
                    List.of(disk("disk0", 10, Optional.empty())))) {
                writer.addRam(new int[]{0, 1}, 2, buffer(c[7], c[99]));
                writer.addBlocks(0, new int[]{0, 1}, 2, buffer(c[7], c[99]));
                CheckpointMetrics metrics = writer.commit(DiskGuest.capture(List.of())).checkpoint().metrics();
                assertEquals(1, metrics.duplicateDiskPages());
                assertEquals(1, metrics.duplicateStoredPages());
                assertDisk(metrics.disks().getFirst(), 2, 0, 0, 1, 1, 0);
            }
        }
        try (Store store = Store.open(directory)) {
            store.deleteExperiment("two");
            store.deleteExperiment("three");
            store.gc(Progress.NONE);
            assertEquals(ChunkOrigin.RAM, store.origin(chunks[1]), "it is gone");
        }
        assertEquals(0, count("disk_pack"));
        assertEquals(0, count("pack"));
    }

    private static void assertOrigins(Store store, long[] chunks) {
        assertEquals(ChunkOrigin.RAM, store.origin(chunks[0]));
        assertEquals(ChunkOrigin.DISK, store.origin(chunks[1]));
        assertEquals(ChunkOrigin.RAM, store.origin(ChunkId.ZERO));
        assertEquals(ChunkOrigin.RAM, store.origin((1L << ChunkId.ID_BITS) - 1));
    }

    @Test
    void aLargeDiskCostsMemoryForItsContentOnly() throws Exception {
        long size = (100L << 30) + 512;
        byte[][] c = contents(4, 7);
        ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = experiment(store, "large", 16);
            int last = (int) (size / BLOCK);
            Optional<PageMap> previous = Optional.empty();
            long before = memory.getCurrentThreadAllocatedBytes();
            List<CheckpointRecord> checkpoints = new ArrayList<>();
            for (int number = 1; number <= 3; number++) {
                try (CheckpointWriter writer = dedup.begin(id, number, Optional.empty(), 16 * BLOCK,
                        List.of(new DiskToStore("disk0", size, previous)))) {
                    writer.addBlocks(0, new int[]{number, 5_000_000 * number, last}, 3,
                            buffer(c[0], c[number], c[1]));
                    // a whole region, of which a part had content
                    writer.addZeroBlocks(0, 4_000_000, 9_000_000);
                    Committed committed = writer.commit(DiskGuest.capture(List.of()));
                    previous = Optional.of(committed.disks().getFirst());
                    checkpoints.add(committed.checkpoint());
                }
            }
            try (ImageReader reader = store.openImage(checkpoints.getLast(), "disk/disk0")) {
                assertEquals(size, reader.sizeBytes());
                List<List<Long>> extents = new ArrayList<>();
                reader.forEachExtent(0, size,
                        (offset, length, isZero) -> extents.add(List.of(offset, length, isZero ? 0L : 1L)));
                long block = BLOCK;
                long third = 15_000_000 * block;
                assertEquals(List.of(List.of(0L, block, 0L), List.of(block, 3 * block, 1L),
                        List.of(4 * block, third - 4 * block, 0L), List.of(third, block, 1L),
                        List.of(third + block, size - 512 - third - block, 0L),
                        List.of(size - 512, 512L, 1L)), extents);
                ByteBuffer end = ByteBuffer.allocate(1000);
                reader.read(size - 1000, end);
                byte[] expected = new byte[1000];
                System.arraycopy(c[1], 0, expected, 488, 512);
                assertArrayEquals(expected, end.array());
            }
            long took = memory.getCurrentThreadAllocatedBytes() - before;
            assertTrue(took < 64 << 20, took + " bytes");
            assertTrue(store.verify(Progress.NONE).isSound());
            store.delete(CheckpointName.of("large", 1));
            assertTrue(store.verify(Progress.NONE).isSound());
            assertTrue(store.sizeBytes() < 4 << 20);
        }
    }

    @Test
    void aDiskMayGetAnotherSize() throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            DiskGuest guest = new DiskGuest(store, dedup, "resized", 8, 600 * BLOCK + 10);
            for (int bytes : new int[]{600 * BLOCK + 11, 700 * BLOCK, 513 * BLOCK, 300 * BLOCK + 1, 600 * BLOCK}) {
                guest.step(200);
                guest.step(20);
                guest.resize(0, bytes);
            }
            guest.step(20);
            guest.assertIntact(store);
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    @Test
    void damageToADiskIsNamedWithItsCheckpointAndCostsNoOther() throws Exception {
        long damaged;
        DiskGuest guest;
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            guest = new DiskGuest(store, dedup, "run", 9, 50 * BLOCK + 5, 40 * BLOCK);
            for (int i = 0; i < 3; i++) {
                guest.step(30);
            }
            damaged = guest.checkpoints.get(1).id();
            store.finishExperiment(guest.experimentId, "done");
        }
        long pack = packBornOnDiskIn(damaged);
        String image = "(SELECT id FROM image WHERE checkpoint_id = " + damaged + " AND name = 'disk/disk0')";
        Map<String, Boolean> damages = Map.of("UPDATE pack SET content = X'0001' WHERE id = " + pack, true,
                "DELETE FROM pack WHERE id = " + pack, true,
                "UPDATE page_map SET content = X'00' WHERE image_id = " + image, true,
                "DELETE FROM page_map WHERE image_id = " + image, true,
                "UPDATE image SET length_bytes = length_bytes - 4096 WHERE id = " + image, true,
                "DELETE FROM image WHERE id = " + image, true,
                "UPDATE checkpoint_disk SET zero_blocks = zero_blocks + 1 WHERE checkpoint_id = " + damaged, false,
                "DELETE FROM checkpoint_disk WHERE checkpoint_id = " + damaged, false);
        byte[] sound = Files.readAllBytes(directory.resolve("store.mv.db"));
        for (Map.Entry<String, Boolean> damage : damages.entrySet()) {
            sql(damage.getKey());
            try (Store store = Store.open(directory)) {
                VerifyReport report = store.verify(Progress.NONE);
                CheckpointRecord checkpoint = store.checkpoint(damaged).orElseThrow();
                if (damage.getValue()) {
                    assertTrue(report.damages().stream().anyMatch(each -> each.checkpoint().equals("run/2")
                            && each.image().equals("disk/disk0")), damage.getKey() + report);
                    assertFalse(report.damages().stream().anyMatch(each -> each.checkpoint().equals("run/1")),
                            damage.getKey() + report);
                    StoreException refused = assertThrows(StoreException.class,
                            () -> DiskGuest.read(store, checkpoint, "disk/disk0"), damage.getKey());
                    assertEquals(Reason.DAMAGED, refused.reason(), damage.getKey());
                    assertEquals(1, refused.getMessage().lines().count());
                    assertTrue(store.checkpointsInUse().isEmpty());
                } else {
                    assertTrue(report.isSound(), damage.getKey() + report);
                    assertEquals(1, report.remarks().size(), damage.getKey() + report);
                    assertTrue(report.remarks().getFirst().startsWith("run/2: "), report.toString());
                    assertArrayEquals(guest.remembered.get(2).getFirst(),
                            DiskGuest.read(store, checkpoint, "disk/disk0"));
                }
                assertArrayEquals(guest.remembered.get(1).getFirst(),
                        DiskGuest.read(store, guest.checkpoints.getFirst(), "disk/disk0"));
            }
            Files.write(directory.resolve("store.mv.db"), sound);
            Files.delete(directory.resolve("store.version"));
        }
    }

    /// A pack that disk0 brought in with this checkpoint.
    private long packBornOnDiskIn(long checkpointId) throws Exception {
        try (Store store = Store.open(directory)) {
            PageMap map = store.pageMap(checkpointId, "disk/disk0");
            PageMap before = store.pageMap(checkpointId - 1, "disk/disk0");
            long[] found = {0};
            map.forEachDifference(before, (_, chunk) -> {
                boolean[] earlier = {false};
                before.forEachNonZero(
                        (_, other) -> earlier[0] |= ChunkId.packId(other) == ChunkId.packId(chunk));
                if (chunk != ChunkId.ZERO && store.origin(chunk) == ChunkOrigin.DISK && !earlier[0]) {
                    found[0] = ChunkId.packId(chunk);
                }
            });
            assertTrue(found[0] > 0);
            return found[0];
        }
    }

    @Test
    void whatIsStoredForDisksIsCountedAndGoesWithTheirCheckpoint() throws Exception {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            DiskGuest guest = new DiskGuest(store, dedup, "run", 10, 64 * BLOCK, 64 * BLOCK);
            for (int i = 0; i < 5; i++) {
                guest.step(20);
            }
            ExperimentTotals totals = store.totals().getFirst();
            List<CheckpointMetrics> metrics = guest.checkpoints.stream().map(CheckpointRecord::metrics).toList();
            assertEquals(metrics.stream().mapToLong(CheckpointMetrics::dirtyBlocks).sum(), totals.dirtyBlocks());
            assertEquals(metrics.stream().mapToLong(CheckpointMetrics::newBlocks).sum(), totals.newBlocks());
            assertEquals(5L * (64 + 64 + 64) * BLOCK, totals.imageBytes());
            for (CheckpointMetrics each : metrics) {
                long ofDisks = each.disks().stream().mapToLong(DiskMetrics::storedBytes).sum();
                assertTrue(ofDisks > 0 && ofDisks < each.storedBytes(), each.toString());
            }
            store.finishExperiment(guest.experimentId, "done");
        }
        try (Connection connection = connection();
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT (SELECT SUM(stored_bytes) FROM checkpoint),"
                        + " (SELECT SUM(OCTET_LENGTH(content)) FROM pack)"
                        + " + (SELECT SUM(OCTET_LENGTH(live) + OCTET_LENGTH(hashes)) FROM pack_chunks)"
                        + " + (SELECT SUM(OCTET_LENGTH(content)) FROM page_map)"
                        + " + (SELECT SUM(OCTET_LENGTH(content)) FROM page_class),"
                        + " (SELECT SUM(stored_bytes) FROM checkpoint_disk),"
                        + " (SELECT SUM(OCTET_LENGTH(content)) FROM pack WHERE id IN (SELECT pack_id FROM disk_pack))"
                        + " + (SELECT SUM(OCTET_LENGTH(live) + OCTET_LENGTH(hashes)) FROM pack_chunks"
                        + " WHERE pack_id IN (SELECT pack_id FROM disk_pack))"
                        + " + (SELECT SUM(OCTET_LENGTH(p.content)) FROM page_map p JOIN image i ON i.id = p.image_id"
                        + " WHERE i.name LIKE 'disk/%')")) {
            assertTrue(row.next());
            assertEquals(row.getLong(2), row.getLong(1));
            assertEquals(row.getLong(4), row.getLong(3));
        }
        try (Store store = Store.open(directory)) {
            store.delete(CheckpointName.of("run", 2));
            assertEquals(4, store.checkpoints(1).size());
        }
        assertEquals(8, count("checkpoint_disk"));
        try (Store store = Store.open(directory)) {
            store.deleteExperiment("run");
            store.gc(Progress.NONE);
        }
        for (String table : List.of("checkpoint_disk", "disk_pack", "pack", "image", "page_map")) {
            assertEquals(0, count(table), table);
        }
    }

    @Test
    void anAbortedCheckpointLeavesNoDiskBehind() throws Exception {
        byte[][] c = contents(1, 11);
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            DiskGuest guest = new DiskGuest(store, dedup, "run", 12, 64 * BLOCK);
            guest.step(20);
            long known = dedup.index().size();
            try (CheckpointWriter writer = dedup.begin(guest.experimentId, 2, Optional.empty(), guest.ram.length,
                    List.of(disk("disk0", 64, guest.previousDisk(0))))) {
                writer.addBlocks(0, new int[]{1}, 1, buffer(c[0]));
            }
            assertEquals(known, dedup.index().size());
            guest.step(20);
            guest.assertIntact(store);
        }
    }

    @Test
    void aWrongDiskIsRefused() throws Exception {
        for (String id : List.of("", "a b", "disk/0", "x".repeat(101), "disk\n0")) {
            String message = assertThrows(IllegalArgumentException.class,
                    () -> new DiskToStore(id, 4096, Optional.empty())).getMessage();
            assertEquals(1, message.lines().count());
        }
        for (long size : new long[]{0, -1, (1L << 42) + 1, Long.MAX_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> new DiskToStore("disk0", size, Optional.empty()));
        }
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = experiment(store, "wrong", 16);
            DiskToStore disk = disk("disk0", 10, Optional.empty());
            assertThrows(IllegalArgumentException.class,
                    () -> dedup.begin(id, 1, Optional.empty(), 16 * BLOCK, List.of(disk, disk)));
            try (CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), 16 * BLOCK, List.of(disk))) {
                assertThrows(IndexOutOfBoundsException.class,
                        () -> writer.addBlocks(0, new int[]{10}, 1, buffer(new byte[BLOCK])));
                assertThrows(IndexOutOfBoundsException.class, () -> writer.addZeroBlocks(0, 8, 3));
                assertThrows(IndexOutOfBoundsException.class, () -> writer.addZeroBlocks(0, -1, 3));
                assertThrows(IndexOutOfBoundsException.class,
                        () -> writer.addBlocks(1, new int[]{0}, 1, buffer(new byte[BLOCK])));
                assertThrows(IllegalArgumentException.class, () -> writer.addImage("disk/disk0", new byte[1]));
            }
            // a lease that a refused writer kept would hold this up for ever
            store.finishExperiment(id, "done");
            store.deleteExperiment("wrong");
        }
    }

    private static DiskToStore disk(String id, int blocks, Optional<PageMap> previous) {
        return new DiskToStore(id, (long) blocks * BLOCK, previous);
    }

    private static long experiment(Store store, String name, int pages) throws StoreException {
        return store.createExperiment(ExperimentRecord.starting(name, "array", "{}", (long) pages * BLOCK,
                Optional.empty(), Instant.now()));
    }

    private static byte[][] contents(int count, long seed) {
        Random random = new Random(seed);
        byte[][] contents = new byte[count][BLOCK];
        for (byte[] each : contents) {
            random.nextBytes(each);
        }
        return contents;
    }

    private static ByteBuffer buffer(byte[]... blocks) {
        ByteBuffer contents = ByteBuffer.allocateDirect(blocks.length * BLOCK);
        for (byte[] block : blocks) {
            contents.put(block);
        }
        return contents;
    }

    private long count(String table) throws Exception {
        try (Connection connection = connection();
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT COUNT(*) FROM " + table)) {
            assertTrue(row.next());
            return row.getLong(1);
        }
    }

    private void sql(String statement) throws Exception {
        try (Connection connection = connection(); Statement each = connection.createStatement()) {
            assertTrue(each.executeUpdate(statement) > 0, statement);
        }
    }

    private Connection connection() throws Exception {
        return DriverManager.getConnection("jdbc:h2:" + directory.resolve("store"), "sa", "");
    }
}
