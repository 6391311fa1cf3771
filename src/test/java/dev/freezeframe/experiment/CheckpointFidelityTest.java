package dev.freezeframe.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.DirtyTracker;
import dev.freezeframe.capture.ScanTracker;
import dev.freezeframe.capture.UserfaultTracker;
import dev.freezeframe.machine.BootSector;
import dev.freezeframe.machine.Machine;
import dev.freezeframe.machine.MachineSpec;
import dev.freezeframe.machine.Profiles;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The heart of it: what comes out of the store equals what the guest's RAM held in the pause, every byte of it, for many
/// checkpoints in a row, whatever goes wrong in between.
class CheckpointFidelityTest {

    private static final int CHECKPOINTS = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final CaptureOptions QUICKLY = CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(150));

    @TempDir
    static Path folder;

    private static Store store;
    private static Machine rounds;
    private static Machine linux;

    @BeforeAll
    static void boot() throws Exception {
        store = Store.open(folder.resolve("store"));
        linux = Machine.boot(MachineSpec.of(Profiles.standard().find("tiny-linux")).withMemoryBytes(128 << 20));
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
        recording.record(CHECKPOINTS);
        recording.assertNothingDiffered(CHECKPOINTS);
        assertEquals("all " + CHECKPOINTS + " checkpoints taken", recording.endReason);
        long dirtyLater = recording.stored.stream().skip(1).mapToLong(c -> c.metrics().dirtyPages()).sum();
        assertTrue(dirtyLater > 0, "the guest wrote nothing, so nothing was tested");
        for (CheckpointRecord each : recording.stored) {
            var m = each.metrics();
            var p = m.phaseMicros();
            assertEquals(m.pauseMicros(), p.stop() + p.deviceState() + p.harvest() + p.copy() + p.disks() + p.resume(),
                    "phases add up to the pause");
            assertTrue(p.stop() >= 0 && p.deviceState() >= 0 && p.harvest() >= 0 && p.copy() >= 0 && p.resume() >= 0,
                    p.toString());
        }
    }

    /// Pages sent ahead of the pause because the buffer is far smaller than the first checkpoint, and sent again.
    @Test
    void aBufferSmallerThanTheCheckpointOnlyMakesItSlower() throws Exception {
        var recording = new ReferenceRecording(store, linux, tracker("userfault", linux),
                new CaptureOptions(Duration.ofMillis(300), 16 << 20, 12), "small-buffer",
                ReferenceRecording.Interference.NONE);
        recording.record(6);
        recording.assertNothingDiffered(6);
        assertTrue(recording.stored.getFirst().metrics().dirtyPages() > 2 * (16 << 20) / 4096);
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

    private static DirtyTracker tracker(String name, Machine machine) throws IOException {
        return name.equals("scan")
                ? new ScanTracker(machine.memory())
                : new UserfaultTracker(machine.pid(), machine.memory());
    }
}
