package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.dirty.DirtyTracker;
import dev.freezeframe.capture.dirty.ScanTracker;
import dev.freezeframe.capture.dirty.UserfaultTracker;
import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.Committed;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The heart of it: what comes out of the store equals what the guest's RAM held in the pause, every byte of it, for many
/// checkpoints in a row, whatever goes wrong in between.
@Tag("qemu")
class CheckpointFidelityTest {

    private static final int CHECKPOINTS = 12;
    /// Each is compared whole, a hundred megabytes.
    private static final int LARGE_CHECKPOINTS = 6;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final CaptureOptions QUICKLY = CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(150));

    @TempDir
    static Path folder;

    private static Store store;
    private static Machine rounds;
    private static Machine linux;

    @BeforeAll
    static void boot() throws Exception {
        store = Store.open(folder.resolve("store"));
        linux = Machine.boot(MachineSpec.of(Profiles.standard().find("tiny-linux")).withMemoryBytes(96 << 20));
        rounds = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")));
        rounds.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
        linux.console().awaitLine(line -> line.startsWith("tick "), PATIENCE);
    }

    @AfterAll
    static void end() throws Exception {
        rounds.close();
        linux.close();
        store.close();
    }

    @ParameterizedTest
    @CsvSource({"linux, userfault", "linux, scan", "rounds, userfault", "rounds, scan"})
    void restoredMemoryEqualsCapturedMemory(String guest, String tracker) throws Exception {
        Machine machine = guest.equals("linux") ? linux : rounds;
        var recording = new ReferenceRecording(store, machine, tracker(tracker, machine), QUICKLY,
                guest + "-" + tracker, ReferenceRecording.Interference.NONE);
        int checkpoints = guest.equals("linux") ? LARGE_CHECKPOINTS : CHECKPOINTS;
        Instant before = Instant.now();
        recording.record(checkpoints);
        recording.assertNothingDiffered(checkpoints);
        assertEquals(List.of(), recording.failed);
        assertEquals("as many checkpoints as asked for", recording.endReason);
        long dirtyLater = recording.stored.stream().skip(1).mapToLong(c -> c.metrics().dirtyPages()).sum();
        assertTrue(dirtyLater > 0, "the guest wrote nothing, so nothing was tested");
        for (CheckpointRecord each : recording.stored) {
            var m = each.metrics();
            var p = m.phaseMicros();
            assertEquals(m.pauseMicros(), p.values().stream().mapToLong(Long::longValue).sum(),
                    "phases add up to the pause");
            assertTrue(p.values().stream().allMatch(micros -> micros >= 0), p.toString());
            assertTrue(m.of(CheckpointFigure.PRE_COPY_TIME) < Duration.ofMinutes(1).toNanos() / 1000, m.toString());
            assertTrue(m.capturedAt().isAfter(before) && m.capturedAt().isBefore(Instant.now()), m.toString());
        }
    }

    /// Pages sent ahead of the pause because the buffer is far smaller than the first checkpoint, and sent again.
    @Test
    void aBufferSmallerThanTheCheckpointOnlyMakesItSlower() throws Exception {
        var recording = new ReferenceRecording(store, linux, tracker("userfault", linux),
                new CaptureOptions(Duration.ofMillis(300), 16 << 20, 1 << 30, 12), "small-buffer",
                ReferenceRecording.Interference.NONE);
        recording.record(6);
        recording.assertNothingDiffered(6);
        assertTrue(recording.stored.getFirst().metrics().dirtyPages() > 2 * (16 << 20) / GuestPage.BYTES);
    }

    /// The tracker fails after it has reset the pages, in pre-copy and in the pause, now and then.
    @Test
    void noDirtyPageIsLostWhenACheckpointFailsHalfWay() throws Exception {
        var harvests = new AtomicInteger();
        var recording = new ReferenceRecording(store, linux, tracker("userfault", linux), QUICKLY, "failing-harvest",
                () -> {
                    if (harvests.incrementAndGet() % 5 == 0) {
                        throw new IOException("made to fail");
                    }
                });
        recording.record(8);
        recording.assertNothingDiffered(8);
        assertTrue(recording.failed.size() >= 2, "only " + recording.failed + " failed");
        assertEquals("running", linux.runState());
    }

    /// The device state comes by a migration here, because the screen's memory is a second RAM block.
    @Test
    void aMachineWithAScreenIsCapturedBySecondWay() throws Exception {
        try (Machine vga = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector-vga")))) {
            vga.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
            assertTrue(vga.hasOtherWritableRam());
            var recording = new ReferenceRecording(store, vga, tracker("userfault", vga), QUICKLY, "vga",
                    ReferenceRecording.Interference.NONE);
            recording.record(CHECKPOINTS);
            recording.assertNothingDiffered(CHECKPOINTS);
            assertEquals(List.of(), recording.failed);
        }
    }

    /// Above 3 GiB a PC's RAM continues behind the hole for devices; page numbers pass 2 GiB of bytes.
    @Test
    @Tag("soak")
    void ramBeyondTwoGibibytesIsCapturedAndRestored() throws Exception {
        try (Machine large = Machine.boot(MachineSpec.of(Profiles.standard().find("tiny-linux"))
                .withMemoryBytes(4L << 30).withKernelArguments("ff.workload=random", "ff.size=64", "ff.rate=2000"))) {
            large.console().awaitLine(line -> line.startsWith("random 1 "), PATIENCE);
            var recording = new ReferenceRecording(store, large, tracker("userfault", large),
                    CaptureOptions.DEFAULT, "large", ReferenceRecording.Interference.NONE);
            recording.record(3);
            recording.assertNothingDiffered(3);
            var beyond = new AtomicInteger();
            store.pageMap(recording.stored.getLast().id(), NewCheckpoint.RAM).forEachNonZero((page, chunk) -> {
                if (page >= (2L << 30) / GuestPage.BYTES) {
                    beyond.incrementAndGet();
                }
            });
            assertTrue(beyond.get() > 1000, "only " + beyond + " pages beyond 2 GiB");
            try (RestoredMachines restored = new Restorer(store).restore(recording.stored.getLast(),
                    RestoreOptions.standard().withVerifyRam(true))) {
                restored.first().machine().console().awaitLine(line -> line.startsWith("random "), PATIENCE);
            }
        }
    }

    /// The store refuses every third checkpoint, while others wait behind it that are differences to it.
    @Test
    void noDirtyPageIsLostWhenTheStoreFails() throws Exception {
        var commits = new AtomicInteger();
        ReferenceRecording[] itself = new ReferenceRecording[1];
        var recording = new ReferenceRecording(store, linux, tracker("userfault", linux),
                CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(60)), "failing-store", () -> {
                    if (itself[0].stored.size() >= 6 && itself[0].failed.size() >= 4) {
                        itself[0].stop("enough");
                    }
                },
                source -> (experiment, number, previous, ramBytes, disks) -> new FailingWriter(
                        source.begin(experiment, number, previous, ramBytes, disks),
                        () -> commits.incrementAndGet() % 3 == 0));
        itself[0] = recording;
        recording.record(100_000); // with each that fails go those that wait behind it
        recording.assertNothingDiffered(6);
        assertTrue(recording.failed.size() >= 4, "only " + recording.failed + " failed");
        assertFalse(recording.endFailed, recording.endReason);
    }

    @Test
    void aStoreThatNeverWorksEndsTheRecordingAndTheGuestRunsOn() throws Exception {
        var recording = new ReferenceRecording(store, linux, tracker("userfault", linux), QUICKLY, "dead-store",
                ReferenceRecording.Interference.NONE,
                source -> (experiment, number, previous, ramBytes, disks) -> new FailingWriter(
                        source.begin(experiment, number, previous, ramBytes, disks), () -> true));
        recording.record(1000);
        assertTrue(recording.endFailed);
        assertTrue(recording.endReason.contains("in a row"), recording.endReason);
        assertEquals(List.of(), recording.stored);
        assertEquals("running", linux.runState());
    }

    @Test
    void aQemuThatDiesInThePauseEndsTheRecordingWithOneLine() throws Exception {
        try (Machine victim = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")))) {
            victim.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
            ProcessHandle qemu = ProcessHandle.of(victim.pid()).orElseThrow();
            ReferenceRecording[] itself = new ReferenceRecording[1];
            var recording = new ReferenceRecording(store, victim, tracker("userfault", victim), QUICKLY,
                    "dies-in-pause",
                    () -> {
                        if (itself[0].stored.size() >= 2 && itself[0].guestStands()) {
                            qemu.destroyForcibly();
                        }
                    });
            itself[0] = recording;
            recording.record(1000);
            Await.until("QEMU is gone", () -> !qemu.isAlive());
            assertTrue(recording.endFailed);
            assertTrue(recording.endReason.contains("QEMU") && !recording.endReason.contains("\n"),
                    recording.endReason);
            recording.assertNothingDiffered(2);
        }
    }

    /// Refuses to commit when it is told to; everything else is the real writer's.
    private record FailingWriter(CheckpointWriter writer, BooleanSupplier fails) implements CheckpointWriter {
        @Override
        public void addRam(int[] pages, int count, ByteBuffer contents) throws StoreException {
            writer.addRam(pages, count, contents);
        }

        @Override
        public void addBlocks(int disk, int[] blocks, int count, ByteBuffer contents) throws StoreException {
            writer.addBlocks(disk, blocks, count, contents);
        }

        @Override
        public void addZeroBlocks(int disk, int firstBlock, int count) throws StoreException {
            writer.addZeroBlocks(disk, firstBlock, count);
        }

        @Override
        public void addImage(String name, byte[] content) throws StoreException {
            writer.addImage(name, content);
        }

        @Override
        public Committed commit(CaptureMetrics metrics) throws StoreException {
            if (fails.getAsBoolean()) {
                throw new StoreException(StoreException.Reason.DISK_FULL, "made to fail");
            }
            return writer.commit(metrics);
        }

        @Override
        public void abort() {
            writer.abort();
        }
    }

    private static DirtyTracker tracker(String name, Machine machine) throws IOException {
        return name.equals("scan")
                ? new ScanTracker(machine.memory())
                : UserfaultTracker.plant(machine.pid(), machine.memory());
    }
}
