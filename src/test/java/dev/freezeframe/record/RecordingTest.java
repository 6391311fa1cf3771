package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Progress;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.Slab;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.suite.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The life of a recording: begin, change, end, go on from a restored machine, survive a QEMU that dies.
@Tag("qemu")
class RecordingTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private Store store;
    private final Heard heard = new Heard();

    @BeforeEach
    void open() throws Exception {
        store = Store.open(folder.resolve("store"));
    }

    @AfterEach
    void close() throws Exception {
        store.close();
    }

    private static final class Heard implements RecordingListener {
        private final List<CheckpointRecord> stored = new ArrayList<>();
        private final List<Exception> failures = new ArrayList<>();
        private final CountDownLatch three = new CountDownLatch(3);

        @Override
        public synchronized void checkpointStored(CheckpointRecord checkpoint) {
            stored.add(checkpoint);
            three.countDown();
        }

        @Override
        public synchronized void checkpointFailed(int number, Exception cause) {
            failures.add(cause);
        }

        @Override
        public void captureEnded(String reason) {
            // Asked of the recording.
        }

        synchronized List<CheckpointRecord> stored() {
            return List.copyOf(stored);
        }
    }

    private static Machine bootRounds() throws Exception {
        Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")));
        machine.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
        return machine;
    }

    private static RecordingOptions every(int millis) {
        return RecordingOptions.DEFAULT.with(CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(millis)));
    }

    @Test
    void aRestoredMachineIsRecordedAsAChildThatBeginsWithADifference() throws Exception {
        try (Machine machine = bootRounds();
                Recording first = Recording.start(store, machine, Optional.empty(), false,
                        every(100).stoppingAfter(4), heard)) {
            assertTrue(first.awaitCaptureEnd(PATIENCE));
        }
        CheckpointRecord parent = heard.stored().get(1);
        var child = new Heard();
        try (RestoredMachines restored = new Restorer(store).restore(parent,
                RestoreOptions.standard().withRecordable(true).withLeavePaused(true))) {
            Machine machine = restored.first().machine();
            long childId;
            try (Recording second = Recording.start(store, machine, Optional.of(parent), true,
                    every(100).stoppingAfter(3), child)) {
                childId = second.experiment().id();
                machine.resume();
                assertTrue(second.awaitCaptureEnd(PATIENCE));
            }
            assertEquals(Optional.of(parent.id()), store.experiment(childId).orElseThrow().parentCheckpointId());
        }
        assertEquals(3, child.stored().size());
        long first = child.stored().getFirst().metrics().dirtyPages();
        assertTrue(first < 3 * BootSector.PAGES_PER_ROUND,
                "the first checkpoint of the child has " + first + " pages instead of a difference");
        // The child's checkpoints are whole all the same: they restore, and the guest counts on.
        try (RestoredMachines again = new Restorer(store).restore(child.stored().getLast(),
                RestoreOptions.standard().withVerifyRam(true))) {
            assertNotNull(again.first().machine().console().awaitLine(line -> BootSector.round(line).isPresent(),
                    PATIENCE));
        }
        assertTrue(store.verify(Progress.NONE).isSound());
    }

    @Test
    void whatKeepsARecordingFromBeginningLeavesNoExperimentThatSeemsToBeRecorded() throws Exception {
        CaptureOptions boundless = new CaptureOptions(Duration.ofMillis(50), (long) Integer.MAX_VALUE * Slab.CAPACITY
                * GuestPage.BYTES, 1 << 30, 12);
        try (Machine machine = bootRounds()) {
            assertThrows(OutOfMemoryError.class, () -> Recording.start(store, machine, Optional.empty(), false,
                    RecordingOptions.DEFAULT.with(boundless), heard));
            ExperimentRecord left = store.experiments().getFirst();
            assertTrue(left.endedAt().isPresent() && left.endReason().orElseThrow().contains("could not start"), left
                    .toString());
            store.deleteExperiment(left.name());
            try (Recording recording = Recording.start(store, machine, Optional.empty(), false, every(50).stoppingAfter(
                    2), heard)) {
                assertTrue(recording.awaitCaptureEnd(PATIENCE));
            }
        }
        assertEquals(2, heard.stored().size());
    }

    @Test
    void recordingsThatBeginInTheSameSecondGetNamesOfTheirOwn() throws Exception {
        int recordings = 8;
        var together = new CyclicBarrier(recordings);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> names = new ArrayList<>();
            for (int i = 0; i < recordings; i++) {
                names.add(threads.submit(() -> {
                    together.await();
                    return Recording.createExperiment(store, "twin-20261127-080000", name -> ExperimentRecord.starting(
                            name, "twin", "{}", 1 << 20, Optional.empty(), Instant.now())).name();
                }));
            }
            Set<String> different = new TreeSet<>();
            for (Future<String> name : names) {
                different.add(name.get());
            }
            assertEquals(recordings, different.size(), different.toString());
            assertTrue(different.contains("twin-20261127-080000") && different.contains("twin-20261127-080000-8"),
                    different
                            .toString());
        }
    }

    @Test
    void theIntervalChangesWhileRecordingAndACheckpointCanBeHadAtOnce() throws Exception {
        try (Machine machine = bootRounds();
                Recording recording = Recording.start(store, machine, Optional.empty(), false, every(3_600_000),
                        heard)) {
            Await.until("the first one is stored", () -> heard.stored().size() == 1);
            recording.checkpointNow();
            Await.until("the next one is stored", () -> heard.stored().size() == 2);
            // both have to be woken: the next tick is an hour away
            recording.changeInterval(Duration.ofMillis(50));
            assertEquals(Duration.ofMillis(50), recording.interval());
            assertTrue(heard.three.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        }
        assertEquals(50, heard.stored().getLast().metrics().intervalMillis());
    }

    /// Returns once the recording has let at least so many ticks pass.
    private static void awaitTicks(Recording recording, int ticks) {
        AtomicReference<Duration> last = new AtomicReference<>(Duration.ZERO);
        AtomicInteger passed = new AtomicInteger();
        Await.until("ticks pass", () -> {
            Duration left = recording.live().timeToNextTick();
            return left.compareTo(last.getAndSet(left)) > 0 && passed.incrementAndGet() > ticks;
        });
    }

    @Test
    void aPausedMachineIsLeftPausedAndRecordingGoesOnWithIt() throws Exception {
        try (Machine machine = bootRounds();
                Recording recording = Recording.start(store, machine, Optional.empty(), false, every(50), heard)) {
            assertTrue(heard.three.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            machine.pause();
            awaitTicks(recording, 2); // a checkpoint that was under way is over
            long atPause = recording.live().taken();
            long late = recording.live().late();
            awaitTicks(recording, 8);
            assertEquals("paused", machine.runState());
            assertEquals(atPause, recording.live().taken());
            assertEquals(late, recording.live().late(), "a paused machine makes nothing late");
            machine.resume();
            Await.until("recording goes on", () -> heard.stored().size() > atPause);
        }
    }

    @Test
    void aQemuThatDiesEndsTheRecordingAndEverythingStoredStays() throws Exception {
        String reason;
        try (Machine machine = bootRounds();
                Recording recording = Recording.start(store, machine, Optional.empty(), false, every(20), heard)) {
            assertTrue(heard.three.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            ProcessHandle.of(machine.pid()).orElseThrow().destroyForcibly();
            assertTrue(recording.awaitCaptureEnd(PATIENCE));
            reason = recording.endReason();
        }
        assertTrue(reason.contains("QEMU") && !reason.contains("\n"), reason);
        assertEquals(List.of(), heard.failures);
        var experiment = store.experiments().getFirst();
        assertEquals(Optional.of(reason), experiment.endReason());
        assertEquals(heard.stored().size(), store.checkpoints(experiment.id()).size());
        assertTrue(store.verify(Progress.NONE).isSound());
    }
}
