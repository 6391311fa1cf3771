package dev.freezeframe.ui.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.Committed;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.dedup.DiskToStore;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskRead;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.task.Steps;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A disk of terabytes that is mostly zero is recorded, read back, compared and looked through in a small heap: it costs what
/// it holds, not what it could hold.
class LargeDiskTest {
    private static final long DISK_BYTES = 4L << 40;
    private static final int LAST = (int) (DISK_BYTES / ChunkId.CHUNK_BYTES - 1);
    /// Not a bit for each block fits in.
    private static final String HEAP = "-Xmx96m";

    @Test
    @Tag("slow")
    void aSparseDiskOfFourTebibytesIsComparedInASmallHeap(@TempDir Path directory) throws Exception {
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), HEAP,
                "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-cp",
                System.getProperty("java.class.path"), LargeDiskTest.class.getName(), directory.toString())
                .redirectError(directory.resolve("err").toFile()).redirectInput(new File("/dev/null")).start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = child.waitFor();
        assertEquals("""
                3 of 1,073,741,824 blocks differ (12.0 KiB)
                5 CHANGED
                1000 ZERO_TO_CONTENT
                1073741823 CONTENT_TO_ZERO
                [1, 0, 0]
                1073741823 back 1000
                """, said, () -> "status " + status + ", see " + directory.resolve("err"));
    }

    /// Two checkpoints of the disk, compared.
    public static void main(String[] arguments) throws Exception {
        try (Store store = Store.open(Path.of(arguments[0], "store"));
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = store.createExperiment(ExperimentRecord.starting("large", "none", "{}", ChunkId.CHUNK_BYTES,
                    Optional.empty(), Instant.now()));
            Committed first = checkpoint(dedup, id, 1, Optional.empty(), new int[]{5, 17, LAST}, 1, 2, 3);
            Committed second = checkpoint(dedup, id, 2, Optional.of(first), new int[]{5, 1000, LAST}, 4, 5, 0);
            var result = ComparisonResult.of(store, first.checkpoint(), second.checkpoint(), new Steps() {
                @Override
                public void at(String step, long done, long total) {}

                @Override
                public void at(String step) {}

                @Override
                public void check() {}

                @Override
                public boolean cancelled() {
                    return false;
                }
            });
            ComparedImage disk = result.images().get(1);
            StringBuilder said = new StringBuilder(disk.sum()).append('\n');
            for (int at = disk.nextDifference(-1, 1).orElseThrow(); at >= 0; at = disk.nextDifference(at, 1)
                    .orElse(-1)) {
                said.append(at).append(' ').append(disk.difference(at).orElseThrow()).append('\n');
            }
            int[] counts = new int[5];
            disk.count(6, LAST - 6, counts);
            said.append(List.of(counts[0], counts[1], counts[2])).append('\n');
            said.append(LAST).append(" back ").append(disk.nextDifference(LAST, -1).orElseThrow()).append('\n');
            System.out.print(said);
        }
    }

    private static Committed checkpoint(Deduplicator dedup, long experiment, int number, Optional<Committed> before,
            int[] blocks, int... fill) throws Exception {
        DiskToStore disk = new DiskToStore("disk0", DISK_BYTES, before.map(each -> each.disks().getFirst()));
        try (CheckpointWriter writer = dedup.begin(experiment, number, before.map(Committed::ram), ChunkId.CHUNK_BYTES,
                List.of(disk))) {
            writer.addRam(new int[]{0}, 1, ByteBuffer.allocateDirect(ChunkId.CHUNK_BYTES));
            if (before.isEmpty()) {
                writer.addZeroBlocks(0, 0, LAST + 1);
            }
            ByteBuffer contents = ByteBuffer.allocateDirect(blocks.length * ChunkId.CHUNK_BYTES);
            for (int each : fill) {
                contents.put((byte) each).position(contents.position() + ChunkId.CHUNK_BYTES - 1);
            }
            writer.addBlocks(0, blocks, blocks.length, contents);
            return writer.commit(GivenFigures.capture(Instant.now(),
                    List.of(new DiskRead("disk0", DISK_BYTES, DISK_BYTES, 10)), 1000));
        }
    }
}
