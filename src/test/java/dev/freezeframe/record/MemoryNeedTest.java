package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.Committed;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.linux.ComputerMemory;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a job needs is known before it starts: it can be done with that, and is refused in one line where there is less.
class MemoryNeedTest {
    private static final long MIB = 1 << 20;
    private static final long LARGE_GUEST = 8192 * MIB;

    @TempDir
    Path folder;

    @Test
    @Tag("slow")
    void twoCheckpointsOfALargeGuestAreStoredInAHeapAsSmallAsTheFormulaSays() throws Exception {
        long heapMib = Math.ceilDiv(MemoryNeed.ofRecording(LARGE_GUEST, List.of(), 0, false).heapBytes(), MIB);
        assertTrue(heapMib < 256, "a heap of " + heapMib + " MiB");
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapMib + "m", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
                "-cp", System.getProperty("java.class.path"), MemoryNeedTest.class.getName(),
                folder.resolve("store").toString()).redirectError(folder.resolve("err").toFile()).redirectInput(
                        new File("/dev/null"))
                .start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        child.waitFor();
        assertEquals("2 checkpoints, 2097152 pages read\n", said, () -> errors());
    }

    private String errors() {
        try {
            return Files.readString(folder.resolve("err"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /// All of RAM in turn with two contents, then with these changed places.
    public static void main(String[] arguments) throws Exception {
        try (Store store = Store.open(Path.of(arguments[0]));
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = store.createExperiment(ExperimentRecord.starting("large", "none", "{}", LARGE_GUEST,
                    Optional.empty(), Instant.now()));
            Committed first = checkpoint(dedup, id, 1, Optional.empty());
            Committed second = checkpoint(dedup, id, 2, Optional.of(first));
            long[] read = {0};
            store.pageMap(second.checkpoint().id(), NewCheckpoint.RAM).forEachNonZero((_, _) -> read[0]++);
            System.out.print("2 checkpoints, " + read[0] + " pages read\n");
        }
    }

    private static Committed checkpoint(Deduplicator dedup, long experiment, int number, Optional<Committed> before)
            throws Exception {
        int batch = 512;
        ByteBuffer contents = ByteBuffer.allocateDirect(batch * ChunkId.CHUNK_BYTES);
        for (int i = 0; i < batch; i++) {
            contents.put(i * ChunkId.CHUNK_BYTES, (byte) (1 + (i + number) % 2));
        }
        try (CheckpointWriter writer = dedup.begin(experiment, number, before.map(Committed::ram), LARGE_GUEST,
                List.of())) {
            int[] pages = new int[batch];
            for (int page = 0; page < LARGE_GUEST / ChunkId.CHUNK_BYTES; page += batch) {
                for (int i = 0; i < batch; i++) {
                    pages[i] = page + i;
                }
                writer.addRam(pages, batch, contents);
            }
            return writer.commit(GivenFigures.capture(Instant.now(), List.of(), 1000));
        }
    }

    @Test
    void aHeapThatIsTooSmallIsRefusedWithTheOptionThatMakesItLargeEnough() throws IOException {
        MemoryNeed need = MemoryNeed.ofRecording(64L << 30, List.of(), 256 * MIB, false);
        IOException refused = assertThrows(IOException.class, () -> need.require(512 * MIB, computer(1 << 20)));
        long enough = Math.ceilDiv(need.heapBytes(), MIB);
        assertTrue(refused.getMessage().startsWith("recording a guest of 65536 MiB needs a Java heap of " + enough
                + " MiB (half of it for the store; program 44 MiB, page maps 256 MiB,"), refused::getMessage);
        assertTrue(refused.getMessage().endsWith("Java may take 512 MiB: " + (enough - 512)
                + " MiB are missing; set FREEZEFRAME_JAVA_OPTS=-Xmx" + enough + "m"), refused::getMessage);
        assertEquals(Optional.empty(), need.require(enough * MIB, computer(1 << 20)));
    }

    /// Each takes memory only while a checkpoint is being read that a busy guest writes over.
    @Test
    void oldBlocksOfServedDisksAreRemarkedOn() throws IOException {
        MemoryNeed need = MemoryNeed.ofRecording(256 * MIB, List.of(), 256 * MIB, false);
        long most = need.memoryBytes(MemoryNeed.Likelihood.POSSIBLE) / MIB;
        assertEquals(Optional.empty(), need.withServedDisks(0).require(256 * MIB, computer(most)));
        String remark = need.withServedDisks(3).require(256 * MIB, computer(most)).orElseThrow();
        assertTrue(remark.contains("may come to need " + (most + 96) + " MiB") && remark.contains(
                "old blocks of 3 disks 96 MiB"), remark);
    }

    @Test
    void theDemoIsNotRefusedOnASmallComputer() throws IOException {
        // A quarter of 512 MiB.
        MemoryNeed need = MemoryNeed.ofRecording(256 * MIB, List.of(), 256 * MIB, false);
        assertEquals(Optional.empty(), need.require(128 * MIB, computer(1024)));
    }

    @Test
    void fourMachinesThatDoNotFitIntoAContainerAreRefusedWithWhatIsMissing() throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            long id = store.createExperiment(ExperimentRecord.starting("small", "none", "{}", 64 * MIB, Optional
                    .empty(), Instant.now()));
            int[] pages = {1, 2, 3};
            CheckpointWriter writer = dedup.begin(id, 1, Optional.empty(), 64 * MIB, List.of());
            ByteBuffer contents = ByteBuffer.allocateDirect(pages.length * ChunkId.CHUNK_BYTES);
            for (int i = 0; i < pages.length; i++) {
                contents.put(i * ChunkId.CHUNK_BYTES, (byte) 1);
            }
            writer.addRam(pages, pages.length, contents);
            Committed committed = writer.commit(GivenFigures.capture(Instant.now(), List.of(), 1000));
            MemoryNeed need = MemoryNeed.ofRestore(store, committed.checkpoint(), 4);
            assertEquals(Optional.empty(), need.require(512 * MIB, computer(1 << 20)));
            IOException refused = assertThrows(IOException.class, () -> need.require(512 * MIB, container(200, 100)));
            long least = Math.ceilDiv(need.memoryBytes(MemoryNeed.Likelihood.LIKELY), MIB);
            assertTrue(refused.getMessage().startsWith("restoring small/1 to 4 machines needs " + least
                    + " MiB of memory (image of RAM 1 MiB, 4 QEMUs "), refused::getMessage);
            assertTrue(
                    refused.getMessage().contains("there are 100 MiB (limit of 200 MiB by /sys/fs/cgroup/memory.max): "
                            + (least - 100) + " MiB are missing; start fewer machines (--count)"),
                    refused::getMessage);
            Optional<String> remark = need.require(512 * MIB, container(least + 110, 100));
            assertTrue(remark.orElseThrow().startsWith("restoring small/1 to 4 machines may come to need "), remark
                    .get());
            assertEquals(Optional.empty(), need.require(512 * MIB, container(4000, 100)));
        }
    }

    private ComputerMemory computer(long mebibytes) throws IOException {
        Files.createDirectories(folder.resolve("proc/self"));
        Files.writeString(folder.resolve("proc/meminfo"), "MemAvailable: " + mebibytes * 1024 + " kB\n");
        return ComputerMemory.under(folder);
    }

    private ComputerMemory container(long limitMib, long usedMib) throws IOException {
        computer(1 << 20);
        Files.createDirectories(folder.resolve("sys/fs/cgroup"));
        Files.writeString(folder.resolve("proc/self/cgroup"), "0::/\n");
        Files.writeString(folder.resolve("proc/self/mountinfo"),
                "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        Files.writeString(folder.resolve("sys/fs/cgroup/memory.max"), limitMib * MIB + "\n");
        Files.writeString(folder.resolve("sys/fs/cgroup/memory.current"), usedMib * MIB + "\n");
        return ComputerMemory.under(folder);
    }
}
