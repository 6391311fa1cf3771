package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.CheckpointExport;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real Debian, recorded while it compiles, syncs, deletes, and holds its disk against its memory: a guest that is restored
/// goes on without a fault, and a disk that is exported holds a sound file system. Needs the guest that the installer builds.
@Tag("qemu")
@Tag("soak")
class DebianCheckpointTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int CHECKPOINTS = 5;
    private static final int MIDDLE = CHECKPOINTS / 2;
    private static final long MEMORY_BYTES = 128 << 20;
    /// Of the workload `build`.
    private static final Pattern STEP = Pattern.compile("step (\\d+) round .*");
    /// Of the workload `disk`.
    private static final Pattern WRITTEN = Pattern.compile("disk (\\d+) rate .*");
    private static final Pattern READ_BYTES = Pattern.compile("read (\\d+) bytes");
    /// What the workloads and the kernel say when something is wrong.
    private static final Pattern FAULT = Pattern.compile(
            "CORRUPT|failed|I/O error|Input/output error|EXT4-fs (error|warning)|Kernel panic|BUG:|Oops");

    @TempDir
    private static Path folder;

    private static List<CheckpointRecord> checkpoints;
    /// What the recorded guest printed, some steps beyond its last checkpoint.
    private static Map<Long, String> steps;

    @BeforeAll
    static void record() throws Exception {
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("debian-build")).withMemoryBytes(MEMORY_BYTES);
        var listener = new StoredCheckpoints();
        try (Store store = Store.open(folder.resolve("store")); Machine machine = Machine.boot(spec)) {
            awaitNumber(machine, STEP, 1);
            machine.console().type("workload ff.workload=disk ff.rate=4 ff.size=16 &\n");
            awaitNumber(machine, WRITTEN, 1);
            try (Recording recording = Recording.start(store, machine, Optional.empty(), false, RecordingOptions.DEFAULT
                    .withPictures(false).stoppingAfter(CHECKPOINTS), listener)) {
                assertTrue(recording.awaitCaptureEnd(PATIENCE), "the recording does not end");
            }
            awaitNumber(machine, STEP, newest(machine, STEP) + 2);
            assertNoFault(machine);
            steps = numbered(machine, STEP);
        }
        assertEquals(List.of(), listener.failed());
        checkpoints = listener.stored();
        assertEquals(CHECKPOINTS, checkpoints.size());
    }

    /// What Linux has read from its disk is in its page cache.
    @Test
    void diskBlocksThatMemoryHasTooAreStoredOnce() {
        DiskMetrics disk = checkpoints.getFirst().metrics().disks().getFirst();
        assertTrue(disk.duplicateRamBlocks() > MEMORY_BYTES / GuestPage.BYTES / 16, disk.toString());
    }

    @Test
    void restoredGuestGoesOnCompilingAndFindsItsDiskAsItsMemoryHasIt() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            for (int number : new int[]{0, MIDDLE}) {
                try (RestoredMachines restored = new Restorer(store).restore(checkpoints.get(number), RestoreOptions
                        .standard())) {
                    assertGoesOn(restored.first().machine());
                }
            }
        }
    }

    private static void assertGoesOn(Machine machine) throws Exception {
        awaitNumber(machine, STEP, 1);
        awaitNumber(machine, WRITTEN, 1);
        awaitNumber(machine, STEP, newest(machine, STEP) + 1);
        awaitNumber(machine, WRITTEN, newest(machine, WRITTEN) + 2);
        assertNoFault(machine);
        assertEquals("running", machine.runState());
        Map<Long, String> again = numbered(machine, STEP);
        long first = again.keySet().iterator().next();
        assertTrue(steps.containsKey(first) || steps.containsKey(first - 1), "goes on with " + again.get(first));
        // A step's line has the sum of what it made.
        again.forEach((number, line) -> assertEquals(steps.getOrDefault(number, line), line));
    }

    @Test
    void exportedDiskHasASoundFileSystemInEitherFormat() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            var export = new CheckpointExport(store);
            for (int number : new int[]{0, MIDDLE, CHECKPOINTS - 1}) {
                CheckpointRecord checkpoint = checkpoints.get(number);
                DiskMetrics disk = checkpoint.metrics().disks().getFirst();
                Path raw = folder.resolve("disk" + number + ".raw");
                assertEquals(disk.sizeBytes(),
                        export.writeDisk(checkpoint, "disk0", raw, CheckpointExport.DiskFormat.RAW,
                                false, Progress.NONE));
                if (number == MIDDLE) {
                    Path qcow2 = folder.resolve("disk.qcow2");
                    export.writeDisk(checkpoint, "disk0", qcow2, CheckpointExport.DiskFormat.QCOW2, false,
                            Progress.NONE);
                    run(0, "qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw.toString(), qcow2.toString());
                    Files.delete(qcow2);
                }
                // The guest had it mounted. What a mount would do is done here: its journal is replayed.
                run(1, "e2fsck", "-p", raw.toString());
                run(0, "e2fsck", "-f", "-n", raw.toString());
                Files.delete(raw);
            }
        }
    }

    @Test
    void independentGuestReadsItsWholeDiskWithoutTheStore() throws Exception {
        try (RestoredMachines restored = restoreIndependent()) {
            Machine machine = restored.first().machine();
            machine.console().type("echo 3 >/proc/sys/vm/drop_caches; find /usr -xdev -type f -exec cat {} + | wc -c"
                    + " | sed 's/.*/read & bytes/'\n");
            awaitNumber(machine, READ_BYTES, 100 << 20);
            assertNoFault(machine);
            assertEquals("running", machine.runState());
        }
    }

    @Test
    void guestThatDiesWhileItsDiskIsCopiedIsToldInOneLine() throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                RestoredMachines restored = new Restorer(store).restore(checkpoints.get(MIDDLE), RestoreOptions
                        .standard())) {
            ProcessHandle qemu = ProcessHandle.of(restored.first().machine().pid()).orElseThrow();
            IOException e = assertThrows(IOException.class, () -> restored.makeIndependent((_, _, _) -> qemu
                    .destroyForcibly()));
            assertTrue(e.getMessage().startsWith("disk0 could not be copied: ") && !e.getMessage().contains("\n"), e
                    .getMessage());
            assertTrue(e.getMessage().contains("was killed by signal 9"), e.getMessage());
        }
        LockstepGuests.awaitNoLeftovers();
    }

    /// The store is closed when this returns.
    private static RestoredMachines restoreIndependent() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            RestoredMachines restored = new Restorer(store).restore(checkpoints.getLast(), RestoreOptions.standard());
            boolean done = false;
            try {
                // Who changed their mind may change it again.
                assertThrows(CancellationException.class, () -> restored.makeIndependent((_, _, _) -> {
                    throw new CancellationException();
                }));
                restored.makeIndependent(Progress.NONE);
                done = true;
                return restored;
            } finally {
                if (!done) {
                    restored.close();
                }
            }
        }
    }

    private static void awaitNumber(Machine machine, Pattern kind, long atLeast) throws Exception {
        machine.console().awaitLine(line -> number(kind, line).orElse(-1L) >= atLeast, PATIENCE);
    }

    private static Optional<Long> number(Pattern kind, String line) {
        Matcher matcher = kind.matcher(line);
        return matcher.matches() ? Optional.of(Long.valueOf(matcher.group(1))) : Optional.empty();
    }

    private static Map<Long, String> numbered(Machine machine, Pattern kind) {
        Map<Long, String> found = new TreeMap<>();
        String text = machine.console().text();
        text.substring(0, text.lastIndexOf('\n') + 1).lines().forEach(line -> number(kind, line).ifPresent(
                number -> found.put(number, line)));
        return found;
    }

    private static long newest(Machine machine, Pattern kind) {
        return numbered(machine, kind).keySet().stream().mapToLong(Long::longValue).max().orElseThrow();
    }

    private static void assertNoFault(Machine machine) {
        String text = machine.console().text();
        assertFalse(FAULT.matcher(text).find(), text);
    }

    /// @param mostStatus e2fsck's 1: it did what was to be done
    private static void run(int mostStatus, String... command) throws Exception {
        // e2fsck is not everybody's to find.
        var builder = new ProcessBuilder("env", "PATH=" + System.getenv("PATH") + ":/usr/sbin:/sbin");
        builder.command().addAll(List.of(command));
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        assertTrue(status <= mostStatus, String.join(" ", command) + " ends with " + status + ": " + output);
    }
}
