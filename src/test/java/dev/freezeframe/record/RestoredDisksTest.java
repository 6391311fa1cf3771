package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.base.Progress;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.machine.DetachedMachine;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachine;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Machines that were restored have whole disks of their own: beside each other, without the store once they are independent,
/// and through recordings of their own.
@Tag("qemu")
@Tag("qemu")
class RestoredDisksTest {
    private static final BootProgram GUEST = BootProgram.DISK_RECORDS;
    private static final CaptureOptions QUICKLY = CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(200));
    private static final int CHECKPOINTS = 4;

    @TempDir
    private static Path recorded;

    private static List<CheckpointRecord> checkpoints;

    @TempDir
    private Path folder;

    @BeforeAll
    static void record() throws Exception {
        Path image = LockstepGuests.image(recorded.resolve("image"));
        try (Store store = open();
                Machine machine = LockstepGuests.boot(LockstepGuests.spec(recorded, GUEST, LockstepGuests.disk(image,
                        "virtio", "discard"), LockstepGuests.disk(image, "scsi", "discard")))) {
            checkpoints = record(store, machine, Optional.empty(), false);
        }
        // Nothing needs it any more.
        Files.delete(image);
    }

    private static Store open() throws StoreException {
        return Store.open(recorded.resolve("store"));
    }

    /// @param untouched whether the machine is paused since it was restored
    private static List<CheckpointRecord> record(Store store, Machine machine, Optional<CheckpointRecord> parent,
            boolean untouched) throws Exception {
        var listener = new StoredCheckpoints();
        try (Recording recording = Recording.start(store, machine, parent, untouched, RecordingOptions.DEFAULT.with(
                QUICKLY).withPictures(false).stoppingAfter(CHECKPOINTS), listener)) {
            if (untouched) {
                machine.resume();
            }
            assertTrue(recording.awaitCaptureEnd(LockstepGuests.PATIENCE), "the recording does not end");
        }
        assertEquals(List.of(), listener.failed());
        assertEquals(CHECKPOINTS, listener.stored().size());
        for (CheckpointRecord each : listener.stored()) {
            LockstepGuests.assertSound(store, each, GUEST);
        }
        LockstepGuests.assertNothingLeftIn(machine.qmp());
        return listener.stored();
    }

    @Test
    void machinesOfOneCheckpointHaveDisksOfTheirOwnAlsoWithoutTheStore() throws Exception {
        try (RestoredMachines restored = restoreIndependent(RestoreOptions.standard().withCount(3))) {
            assertFalse(restored.needStore());
            // The server of the disks is gone with its socket.
            Await.untilAsserted(() -> assertEquals(List.of(), sockets()));
            for (RestoredMachine each : restored.machines()) {
                assertNoBase(each.machine().qmp());
                LockstepGuests.assertGoesOnSoundly(each.machine(), GUEST, folder);
            }
        }
        LockstepGuests.awaitNoLeftovers();
    }

    /// The store is closed when this returns.
    private RestoredMachines restoreIndependent(RestoreOptions options) throws Exception {
        try (Store store = open()) {
            RestoredMachines restored = new Restorer(store).restore(checkpoints.get(1), options);
            boolean done = false;
            try {
                for (RestoredMachine each : restored.machines()) {
                    LockstepGuests.assertGoesOnSoundly(each.machine(), GUEST, folder);
                }
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

    @Test
    void independenceThatFailedHalfWayCanBeHadLater() throws Exception {
        try (Store store = open();
                RestoredMachines restored = new Restorer(store).restore(checkpoints.get(1),
                        RestoreOptions.standard())) {
            Machine machine = restored.first().machine();
            // The first disk can be copied and the second, at work already, cannot.
            machine.qmp().execute(QmpCommand.of("block-stream").with("job-id", "other").with("device", "disk1").with(
                    "speed", 4096));
            IOException e = assertThrows(IOException.class, () -> restored.makeIndependent(Progress.NONE));
            assertTrue(e.getMessage().startsWith("disk1 could not be copied: ") && !e.getMessage().contains("\n"), e
                    .getMessage());
            assertTrue(restored.needStore());
            LockstepGuests.assertGoesOnSoundly(machine, GUEST, folder);
            try (PendingEvent cancelled = machine.qmp().expect("BLOCK_JOB_CANCELLED", _ -> true)) {
                machine.qmp().execute(QmpCommand.of("block-job-cancel").with("device", "other").with("force", true));
                cancelled.await(LockstepGuests.PATIENCE);
            }
            restored.makeIndependent(Progress.NONE);
            assertFalse(restored.needStore());
            assertNoBase(machine.qmp());
            LockstepGuests.assertGoesOnSoundly(machine, GUEST, folder);
        }
    }

    private static List<String> sockets() throws Exception {
        return LockstepGuests.ownLeftovers().stream().filter(left -> left.startsWith("freezeframe-")).toList();
    }

    private static void assertNoBase(QmpClient qmp) throws IOException {
        for (JsonNode node : qmp.execute(QmpCommand.of("query-named-block-nodes").with("flat", true))) {
            assertFalse(node.path("drv").asText().equals("nbd"), node.toString());
            assertFalse(node.path("image").has("backing-image"), node.toString());
        }
    }

    @Test
    void detachedMachineKeepsItsDisksWhenTheStoreIsClosed() throws Exception {
        DetachedMachine detached;
        List<MachineDisk> disks;
        try (RestoredMachines restored = restoreIndependent(RestoreOptions.standard().withDetachable(true))) {
            disks = restored.first().machine().disks();
            detached = restored.first().machine().detach();
        }
        ProcessHandle qemu = ProcessHandle.of(detached.pid()).orElseThrow();
        try {
            LockstepGuests.awaitNoLeftovers();
            try (QmpClient qmp = QmpClient.open(UnixConnection.connect(detached.qmpSocket()), _ -> "it ended",
                    LockstepGuests.PATIENCE)) {
                assertEquals("running", qmp.execute(QmpCommand.of("query-status")).path("status").asText());
                long before = writes(qmp);
                Await.until("the guest goes on", () -> writes(qmp) >= before + 100);
                qmp.execute(QmpCommand.of("stop"));
                LockstepGuests.assertSound(qmp, disks, GUEST, folder);
                qmp.execute(QmpCommand.of("quit"));
            }
            qemu.onExit().get(LockstepGuests.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } finally {
            qemu.destroyForcibly();
            String[] files = detached.directory().toFile().list();
            for (String each : files == null ? new String[0] : files) {
                Files.deleteIfExists(detached.directory().resolve(each));
            }
            Files.deleteIfExists(detached.directory());
        }
    }

    private static long writes(QmpClient qmp) throws IOException {
        return qmp.execute(QmpCommand.of("query-blockstats")).findValues("wr_operations").stream().mapToLong(
                JsonNode::asLong).sum();
    }

    @Test
    void recordingOfAnUntouchedMachineBeginsWithADifference() throws Exception {
        try (Store store = open();
                RestoredMachines restored = new Restorer(store).restore(checkpoints.get(1), RestoreOptions.standard()
                        .withRecordable(true).withLeavePaused(true))) {
            List<CheckpointRecord> stored = record(store, restored.first().machine(), Optional.of(checkpoints.get(1)),
                    true);
            for (DiskMetrics each : stored.getFirst().metrics().disks()) {
                // How much changes until then depends on who is quicker, but the guest never writes the first block.
                assertTrue(each.dirtyBlocks() < LockstepGuests.DISK_BLOCKS, each.toString());
            }
            assertRestores(store, stored.getLast());
        }
        LockstepGuests.awaitNoLeftovers();
    }

    @Test
    void recordingOfAMachineThatRanBeginsWithAllOfItsDisks() throws Exception {
        try (Store store = open();
                RestoredMachines restored = new Restorer(store).restore(checkpoints.get(1), RestoreOptions.standard()
                        .withRecordable(true))) {
            Machine machine = restored.first().machine();
            LockstepGuests.awaitRounds(machine, 64);
            List<CheckpointRecord> stored = record(store, machine, Optional.of(checkpoints.get(1)), false);
            for (DiskMetrics each : stored.getFirst().metrics().disks()) {
                assertEquals(LockstepGuests.DISK_BLOCKS, each.dirtyBlocks(), each.toString());
            }
            assertRestores(store, stored.getLast());
        }
        LockstepGuests.awaitNoLeftovers();
    }

    @Test
    void recordingGoesOnAcrossIndependence() throws Exception {
        try (Store store = open();
                RestoredMachines restored = new Restorer(store).restore(checkpoints.get(1), RestoreOptions.standard()
                        .withRecordable(true).withLeavePaused(true))) {
            Machine machine = restored.first().machine();
            var listener = new StoredCheckpoints();
            try (Recording recording = Recording.start(store, machine, Optional.of(checkpoints.get(1)), true,
                    RecordingOptions.DEFAULT.with(QUICKLY).withPictures(false).stoppingAfter(8), listener)) {
                machine.resume();
                LockstepGuests.awaitRounds(machine, 64);
                restored.makeIndependent(Progress.NONE);
                assertTrue(recording.awaitCaptureEnd(LockstepGuests.PATIENCE), "the recording does not end");
            }
            assertEquals(List.of(), listener.failed());
            for (CheckpointRecord each : listener.stored()) {
                LockstepGuests.assertSound(store, each, GUEST);
            }
        }
    }

    /// As a checkpoint that is under way may hold it.
    @Test
    void aBaseThatIsHeldWhenTheCopyIsDoneIsLetGoOfLater() throws Exception {
        try (Store store = open();
                RestoredMachines restored = new Restorer(store).restore(checkpoints.get(1), RestoreOptions
                        .standard())) {
            Machine machine = restored.first().machine();
            machine.qmp().execute(QmpCommand.of("blockdev-add").with("driver", "raw").with("node-name", "holder").with(
                    "read-only", true).with("file", "disk0-base"));
            Underway<Boolean> copying = Underway.start(() -> {
                restored.makeIndependent(Progress.NONE);
                return true;
            }).awaitInside(Class.forName(Restorer.class.getPackageName() + ".DiskStream"), "forget");
            machine.qmp().execute(QmpCommand.of("blockdev-del").with("node-name", "holder"));
            assertTrue(copying.result());
            LockstepGuests.assertGoesOnSoundly(machine, GUEST, folder);
        }
    }

    private void assertRestores(Store store, CheckpointRecord checkpoint) throws Exception {
        try (RestoredMachines again = new Restorer(store).restore(checkpoint, RestoreOptions.standard())) {
            LockstepGuests.assertGoesOnSoundly(again.first().machine(), GUEST, folder);
        }
    }

    @Test
    void checkpointThatAMachineReadsIsNotDeleted() throws Exception {
        CheckpointRecord used = checkpoints.getLast();
        try (Store store = open()) {
            List<String> refusals = new ArrayList<>();
            try (RestoredMachines restored = new Restorer(store).restore(used, RestoreOptions.standard())) {
                refusals.add(assertThrows(StoreException.class, () -> store.delete(used.name())).getMessage());
                refusals.add(assertThrows(StoreException.class, () -> store.deleteExperiment(used.experimentName()))
                        .getMessage());
                LockstepGuests.assertGoesOnSoundly(restored.first().machine(), GUEST, folder);
                // Those beside it may go, and what only they had.
                store.delete(checkpoints.get(0).name());
                store.delete(checkpoints.get(2).name());
                store.gc(Progress.NONE);
                LockstepGuests.assertGoesOnSoundly(restored.first().machine(), GUEST, folder);
                restored.makeIndependent(Progress.NONE);
                store.delete(used.name());
                LockstepGuests.assertGoesOnSoundly(restored.first().machine(), GUEST, folder);
            }
            String why = " cannot be deleted: checkpoint " + used.name()
                    + " is in use by a machine or an export; end it first";
            assertEquals(List.of("checkpoint " + used.name() + why, "experiment " + used.experimentName() + why),
                    refusals);
        }
    }
}
