package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.suite.Await;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A machine whose run is logged has disks: of one instant with its memory in each checkpoint, and after each interval that is
/// executed again as they were then, block by block.
@Tag("qemu")
@Tag("slow")
class ReplayedDisksTest {
    private static final BootProgram GUEST = BootProgram.DISK_WRITES;
    private static final CaptureOptions QUICKLY = CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(200));
    private static final int CHECKPOINTS = 5;

    @TempDir
    private Path folder;

    private MachineSpec spec(Path image, String writes) throws Exception {
        return LockstepGuests.spec(folder, GUEST, true, LockstepGuests.disk(image, "virtio", writes));
    }

    private static List<CheckpointRecord> record(Store store, Machine machine) throws Exception {
        var listener = new StoredCheckpoints();
        try (Recording recording = Recording.start(store, machine, Optional.empty(), false,
                RecordingOptions.DEFAULT.with(
                        QUICKLY).withPictures(false).stoppingAfter(CHECKPOINTS),
                listener)) {
            assertTrue(recording.awaitCaptureEnd(LockstepGuests.PATIENCE), "the recording does not end");
        }
        assertEquals(List.of(), listener.failed());
        assertEquals(CHECKPOINTS, listener.stored().size());
        return listener.stored();
    }

    private static List<SimulatedInterval> simulate(Store store, List<CheckpointRecord> checkpoints) throws Exception {
        ExperimentRecord experiment = store.experiment(checkpoints.getFirst().experimentId()).orElseThrow();
        Simulation.Outcome outcome = new Simulation(store, experiment, new Simulation.Options(2, true, Optional.empty(),
                Optional.empty(), Optional.empty())).run(Interval.between(checkpoints, 1), 1, (_, _) -> {});
        assertEquals(checkpoints.size() - 1, outcome.results().size());
        return outcome.results();
    }

    private static void assertAllSound(List<SimulatedInterval> intervals) {
        for (SimulatedInterval each : intervals) {
            assertTrue(each.state().isSound(), each::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"discard", "keep"})
    void checkpointsAreSoundAndEachIntervalEndsWithTheDiskAsItWas(String writes) throws Exception {
        Path image = LockstepGuests.image(folder.resolve("image"));
        byte[] before = Files.readAllBytes(image);
        try (Store store = Store.open(folder.resolve("store"))) {
            List<CheckpointRecord> checkpoints;
            try (Machine machine = LockstepGuests.boot(spec(image, writes))) {
                checkpoints = record(store, machine);
                LockstepGuests.awaitRounds(machine, 1);
                assertEquals("running", machine.runState());
            }
            for (CheckpointRecord each : checkpoints) {
                LockstepGuests.assertSound(store, each, GUEST);
            }
            byte[] after = Files.readAllBytes(image);
            if (writes.equals("discard")) {
                assertArrayEquals(before, after);
            } else {
                assertEquals(before.length, after.length);
                assertFalse(Arrays.equals(before, after), "nothing was kept");
            }
            Files.delete(image); // nothing needs it any more
            assertAllSound(simulate(store, checkpoints));
            assertRestoredGuestGoesOn(store, checkpoints.get(1));
        }
        LockstepGuests.awaitNoLeftovers();
    }

    /// It is recorded like the original, and independent of the store once it has copied its disk.
    private static void assertRestoredGuestGoesOn(Store store, CheckpointRecord checkpoint) throws Exception {
        try (RestoredMachines restored = new Restorer(store).restore(checkpoint,
                RestoreOptions.standard().withRecordable(
                        true))) {
            Machine machine = restored.first().machine();
            LockstepGuests.awaitRounds(machine, 1);
            List<CheckpointRecord> again = record(store, machine);
            for (CheckpointRecord each : again) {
                LockstepGuests.assertSound(store, each, GUEST);
            }
            assertAllSound(simulate(store, again));
            restored.makeIndependent(Progress.NONE);
            assertFalse(restored.needStore());
            LockstepGuests.awaitRounds(machine, 2);
            assertEquals("running", machine.runState());
        }
    }

    /// As if QEMU had written something else when that was recorded.
    @Test
    void diskThatIsOtherwiseThanRecordedIsToldWithItsBlocks() throws Exception {
        Path image = LockstepGuests.image(folder.resolve("image"));
        try (Store store = Store.open(folder.resolve("store"))) {
            var listener = new StoredCheckpoints();
            try (Machine machine = LockstepGuests.boot(spec(image, "discard"));
                    Recording recording = Recording.start(store, machine, Optional.empty(), false,
                            RecordingOptions.DEFAULT.with(QUICKLY).withPictures(false).stoppingAfter(CHECKPOINTS),
                            listener)) {
                Await.until("there are two", () -> listener.stored().size() >= 2);
                // where the guest never writes
                machine.servedDisks().get("disk0").write(0, ByteBuffer.allocateDirect(1).put(0, (byte) 1));
                assertTrue(recording.awaitCaptureEnd(LockstepGuests.PATIENCE), "the recording does not end");
            }
            List<SimulatedInterval> diverged = simulate(store, listener.stored()).stream().filter(each -> !each.state()
                    .isSound()).toList();
            assertEquals(1, diverged.size(), diverged::toString);
            assertEquals(EndState.DIVERGED, diverged.getFirst().state());
            assertTrue(diverged.getFirst().reason().contains("disk0 differs in block 0"), diverged::toString);
            assertTrue(diverged.getFirst().devicesDiffering().contains("disk0"), diverged::toString);
        }
    }
}
