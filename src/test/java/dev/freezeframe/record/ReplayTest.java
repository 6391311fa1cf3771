package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.suite.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The end of an interval is the next checkpoint, and a whole run is its intervals: what parallel simulation rests on.
@Tag("qemu")
@Tag("soak")
class ReplayTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final int FEWEST_REPLAYS = 3;
    private static final int MOST_REPLAYS = 3;
    private static final int ATTEMPTS = 3;
    private static final int RUNS = 12;

    @TempDir
    Path folder;

    /// What QEMU does to the clock of a restored machine, see [#assertReplays], it does to that of the original now and then,
    /// when it goes on after a checkpoint; then no replay from before that is as the original was, and another run is
    /// recorded. A fault of ours shows in every run.
    @Test
    void checkpointsOfOneRunAllReplayToTheSameEnd() throws Exception {
        for (int run = 1;; run++) {
            try {
                assertRunReplays(folder.resolve("store" + run));
                return;
            } catch (AssertionError e) {
                if (run == RUNS) {
                    throw e;
                }
            }
        }
    }

    /// The guest powers off with an instruction that nothing but a jump follows, so the end does not depend on how soon QEMU
    /// notices.
    private static void assertRunReplays(Path directory) throws Exception {
        List<CheckpointRecord> taken = Collections.synchronizedList(new ArrayList<>());
        try (Store store = Store.open(directory);
                Machine original = Machine.boot(
                        MachineSpec.of(Profiles.standard().find("deterministic-linux")).withStartPaused(true));
                PendingEvent end = original.qmp().expect("SHUTDOWN", event -> true)) {
            try (Recording _ = Recording.start(store, original, Optional.empty(), false,
                    RecordingOptions.DEFAULT.with(CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(100))),
                    new RecordingListener() {
                        @Override
                        public void checkpointStored(CheckpointRecord checkpoint) {
                            taken.add(checkpoint);
                        }

                        @Override
                        public void checkpointFailed(int number, Exception cause) {
                            // Too few would be noticed; one at the very end may fail with the guest.
                        }

                        @Override
                        public void captureEnded(String reason) {
                            // The guest's power-off is what is waited for.
                        }
                    })) {
                original.resume();
                end.await(PATIENCE);
            }
            awaitStandstill(original);
            String output = original.console().text();
            // A loaded machine takes fewer than the dozens that a quiet one does.
            int replayed = Math.min(MOST_REPLAYS, taken.size());
            assertTrue(replayed >= FEWEST_REPLAYS, "only " + taken.size() + " checkpoints");
            for (int i = 0; i < replayed; i++) {
                assertReplays(store, taken.get(i * (taken.size() - 1) / (replayed - 1)), output, original);
            }
        }
    }

    /// A restored machine has the same start every time, so a fault of ours shows in every replay. QEMU itself, on a busy
    /// host, now and then lets the virtual clock of a freshly loaded machine jump a few milliseconds, also when it was saved
    /// and loaded by a plain migration; such a replay is repeated.
    private static void assertReplays(Store store, CheckpointRecord from, String output, Machine original)
            throws Exception {
        for (int attempt = 1;; attempt++) {
            try {
                replay(store, from, output, original);
                return;
            } catch (AssertionError e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private static void replay(Store store, CheckpointRecord from, String output, Machine original) throws Exception {
        try (RestoredMachines restored = new Restorer(store).restore(from,
                RestoreOptions.standard().withRecordable(true).withVerifyRam(true).withLeavePaused(true))) {
            Machine machine = restored.first().machine();
            try (PendingEvent end = machine.qmp().expect("SHUTDOWN", event -> true)) {
                machine.resume();
                end.await(PATIENCE);
            }
            awaitStandstill(machine);
            String which = "checkpoint " + from.number();
            String rest = machine.console().text();
            assertTrue(rest.length() <= output.length(), which + " printed more than the original: " + rest);
            assertEquals(output.substring(output.length() - rest.length()), rest, "output from " + which);
            assertEquals(registers(original), registers(machine), "processor from " + which);
            var differing = new BitSet();
            original.memory().addDifferingPages(machine.memory(), differing);
            assertEquals(new BitSet(), differing, "memory from " + which);
        }
    }

    /// After the event the processor is still to be stopped, and the last line to arrive.
    private static void awaitStandstill(Machine machine) {
        Await.until("it stands", () -> machine.runState().equals("shutdown"));
        Await.untilConsolesAreRead();
    }

    private static String registers(Machine machine) throws Exception {
        return machine.qmp().execute(QmpCommand.humanMonitor("info registers")).asText();
    }
}
