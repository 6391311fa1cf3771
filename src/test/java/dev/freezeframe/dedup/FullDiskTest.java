package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.upkeep.GcReport;
import dev.freezeframe.suite.Needs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On a disk without a byte left, checkpoints can be deleted; collecting garbage then never makes the store larger, says how
/// much room it wants, and what is recorded next lies in the room inside the file.
@Tag("slow")
class FullDiskTest {
    private static final int DISK_MIB = 144;
    private static final int PAGES = 2500;

    @TempDir
    private Path directory;

    private Path mount;
    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        mount = Files.createDirectory(directory.resolve("small"));
        mounted = run("mount", "-t", "tmpfs", "-o", "size=" + DISK_MIB + "m", "tmpfs", mount.toString()) == 0;
        Needs.MOUNTING.orSkip(mounted, "only root can mount a small file system");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertEquals(0, run("umount", mount.toString()));
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor(20, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    @Test
    void afterDeletingOnAFullDiskWhatComesUsesTheRoomInsideTheFile() throws Exception {
        try (Store store = Store.open(mount.resolve("store"));
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 61);
            fillWithCheckpoints(recording);
            store.finishExperiment(recording.experimentId, "the disk is full");
            fill();
            long before = bytesOfTheStore();
            List<CheckpointName> victims = new ArrayList<>();
            for (int number = 1; number < recording.checkpoints.size(); number++) {
                victims.add(CheckpointName.of("run", number));
            }
            store.delete(victims.removeFirst());
            assertEquals(victims, store.delete(victims));
            recording.assertIntact(store);

            GcReport report = store.gc(Progress.NONE);
            assertTrue(bytesOfTheStore() <= before, bytesOfTheStore() + " bytes instead of " + before + ": " + report);
            assertTrue(store.roomInsideBytes() > (64 << 20), store.roomInsideBytes() + " bytes of room inside");
            String wants = report.notShrunk().orElseThrow();
            assertTrue(wants.matches("to make the file shorter [0-9]+ MiB have to be free on the file system, .*"),
                    wants);

            Recording next = new Recording(store, dedup, "next", PAGES, 62);
            long stored = 0;
            while (stored < (16L << 20)) {
                stored += next.step(500).metrics().storedBytes();
            }
            assertTrue(bytesOfTheStore() <= before, "nothing else was free");
            next.assertIntact(store);
            recording.assertIntact(store);
            assertTrue(store.verify(Progress.NONE).isSound());
        }
        try (Store store = Store.open(mount.resolve("store"))) {
            assertTrue(store.verify(Progress.NONE).isSound());
            assertTrue(store.rolledBack().isEmpty());
        }
    }

    @Test
    void collectingBesideARecordingOnAFullDiskDoesNotMakeTheStoreLargerEither() throws Exception {
        try (Store store = Store.open(mount.resolve("store"));
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 63);
            fillWithCheckpoints(recording);
            fill();
            long before = bytesOfTheStore();
            for (int number = 1; number < recording.checkpoints.size(); number++) {
                store.delete(CheckpointName.of("run", number));
            }
            GcReport report = store.gc(Progress.NONE);
            assertTrue(report.notShrunk().orElseThrow().contains("recording is running"), report.toString());
            assertTrue(store.roomInsideBytes() > (64 << 20), store.roomInsideBytes() + " bytes of room inside");
            assertTrue(bytesOfTheStore() <= before, bytesOfTheStore() + " bytes instead of " + before);
            for (int i = 0; i < 5; i++) {
                recording.step(500);
            }
            assertTrue(bytesOfTheStore() <= before, bytesOfTheStore() + " bytes instead of " + before);
            recording.assertIntact(store);
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    /// Whether much or little was deleted, and whatever room there is beside.
    @Test
    void collectingNeverMakesTheStoreLarger() throws Exception {
        Path full = directory.resolve("full");
        Path here = mount.resolve("store");
        int checkpoints;
        try (Store store = Store.open(here); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 64);
            fillWithCheckpoints(recording);
            store.finishExperiment(recording.experimentId, "the disk is full");
            checkpoints = recording.checkpoints.size();
        }
        copy(here, full);
        for (int freeMib : new int[]{10, 24}) {
            for (int kept : new int[]{checkpoints - 2, checkpoints / 2, 1}) {
                copy(full, here);
                String what = "with " + freeMib + " MiB free, " + kept + " of " + checkpoints + " checkpoints kept: ";
                try (Store store = Store.open(here)) {
                    fill(freeMib);
                    List<CheckpointName> victims = new ArrayList<>();
                    for (int number = 1; number <= checkpoints - kept; number++) {
                        victims.add(CheckpointName.of("run", number));
                    }
                    assertEquals(victims, store.delete(victims));
                    long before = bytesOfTheStore();
                    GcReport report = store.gc(Progress.NONE);
                    assertTrue(bytesOfTheStore() <= before, what + bytesOfTheStore() + " bytes instead of " + before);
                    assertTrue(report.bytesAfter() <= report.bytesBefore(), what + report);
                    GcReport again = store.gc(Progress.NONE);
                    assertTrue(again.bytesAfter() <= again.bytesBefore(), what + again);
                } finally {
                    Files.deleteIfExists(mount.resolve("ballast"));
                }
                assertTrue(Files.size(here.resolve("store.reserve")) > (4 << 20),
                        what + "hardly any room is put aside");
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void fillWithCheckpoints(Recording recording) throws StoreException {
        StoreException full = assertThrows(StoreException.class, () -> {
            for (int i = 0; i < 1000; i++) {
                recording.step(2000);
            }
        });
        assertEquals(Reason.DISK_FULL, full.reason(), full.getMessage());
    }

    /// With what is somebody else's, to the last byte.
    private void fill() throws IOException {
        fill(0);
    }

    /// With what is somebody else's.
    ///
    /// @param freeMib how much stays free
    private void fill(int freeMib) throws IOException {
        try (RandomAccessFile ballast = new RandomAccessFile(mount.resolve("ballast").toFile(), "rw")) {
            ballast.seek(ballast.length());
            byte[] page = new byte[4096];
            while (mount.toFile().getUsableSpace() > (long) freeMib << 20) {
                ballast.write(page);
            }
        }
    }

    private long bytesOfTheStore() throws IOException {
        long sum = 0;
        try (var files = Files.list(mount.resolve("store"))) {
            for (Path file : files.toList()) {
                sum += Files.size(file);
            }
        }
        return sum;
    }
}
