package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.Sessions;
import dev.freezeframe.capture.dirty.UserfaultTracker;
import dev.freezeframe.linux.SteadyClock;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.qmp.FaultyLink;
import dev.freezeframe.qemu.qmp.FaultyLink.Fault;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.store.Store;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every command of a checkpoint fails once in every way, while a real QEMU does what it was told: the guest goes on, the
/// checkpoints after it are equal to the byte, and nothing is left behind in QEMU.
@Tag("qemu")
@Tag("slow")
class PauseFaultsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /// For answers that never come. Where a busy machine takes longer for one that does, a checkpoint more fails.
    private static final Duration ANSWERS = Duration.ofMillis(250);
    private static final CaptureOptions QUICKLY = CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(60));
    private static final List<Step> PAUSE = List.of(new Step("stop", 0), new Step("xen-save-devices-state", 0),
            new Step(
                    "cont", 0),
            new Step("query-status", 0), new Step("query-status", 1));
    private static final List<Step> DISKS = List.of(new Step("blockdev-add", 0), new Step("blockdev-add", 1), new Step(
            "block-dirty-bitmap-add", 0), new Step("qom-set", 0), new Step("block-dirty-bitmap-disable", 0),
            new Step(
                    "blockdev-add", 2),
            new Step("block-export-add", 0), new Step("query-block-exports", 0), new Step("block-export-del", 0),
            new Step("blockdev-del", 0), new Step("qom-get", 0), new Step("qom-set", 1), new Step("blockdev-del", 1),
            new Step("blockdev-del", 2), new Step("block-dirty-bitmap-remove", 0));

    /// Of disks that we serve.
    private static final List<Step> SERVED = List.of(new Step("stop", 0), new Step("x-query-virtio-queue-status", 0),
            new Step("xen-save-devices-state", 0), new Step("cont", 0));

    /// A command of a checkpoint, and how many of its name come before it.
    private record Step(String command, int before) {}

    @TempDir
    private Path folder;
    private Store store;
    private Machine machine;

    @BeforeEach
    void openStore() throws Exception {
        store = Store.open(folder.resolve("store"));
    }

    @AfterEach
    void close() throws Exception {
        if (machine != null) {
            machine.close();
        }
        store.close();
    }

    /// A QEMU that listens for more sessions than the machine's own.
    private MachineSpec listening(MachineSpec spec) throws IOException {
        StringBuilder script = new StringBuilder("#!/bin/sh\nexec ").append(TestedQemu.binary()).append(" \"$@\"");
        for (String each : List.of("main", "capture", "disks")) {
            script.append(" -qmp 'unix:").append(folder.resolve(each)).append(",server=on,wait=off'");
        }
        Path file = Files.writeString(folder.resolve("qemu"), script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return spec.withQemuBinary(file);
    }

    private void boot() throws Exception {
        machine = Machine.boot(listening(MachineSpec.of(Profiles.standard().find("boot-sector"))));
        machine.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
    }

    private void bootWithDisk(boolean served) throws Exception {
        Path image = LockstepGuests.image(folder.resolve("image"));
        machine = LockstepGuests
                .boot(listening(LockstepGuests.spec(folder, BootProgram.DISK_WRITES, served, LockstepGuests
                        .disk(image, "virtio", "keep"))));
    }

    /// The three sessions, each with a link in between.
    private final class Links implements AutoCloseable {
        final FaultyLink main = new FaultyLink(folder.resolve("main"));
        final FaultyLink capture = new FaultyLink(folder.resolve("capture"));
        final FaultyLink disks = new FaultyLink(folder.resolve("disks"));

        Links() throws IOException {}

        Sessions sessions() {
            return new Sessions(main.client(), capture.client(), machine.disks().isEmpty()
                    ? Optional.empty()
                    : Optional.of(disks.client()), ANSWERS);
        }

        FaultyLink of(Step step) {
            return switch (step.command) {
                case "stop", "cont", "query-status", "x-query-virtio-queue-status" -> main;
                case "xen-save-devices-state" -> capture;
                default -> disks;
            };
        }

        @Override
        public void close() {
            main.close();
            capture.close();
            disks.close();
        }
    }

    private ReferenceRecording recording(Links links, String name, ReferenceRecording.Interference interference)
            throws IOException {
        return new ReferenceRecording(store, machine, links.sessions(), SteadyClock.start(), UserfaultTracker.plant(
                machine.pid(), machine.memory()), QUICKLY, name, interference, UnaryOperator.identity());
    }

    /// Has one step after the other fail, each after a checkpoint that reached the store.
    private ReferenceRecording recordWhileFailing(List<Step> all, Fault fault) throws Exception {
        try (Links links = new Links()) {
            Queue<Step> steps = new ArrayDeque<>(all);
            ReferenceRecording[] itself = new ReferenceRecording[1];
            FaultyLink[] failing = new FaultyLink[1];
            int[] stored = {0};
            boolean[] due = {false};
            itself[0] = recording(links, "failing " + all.getFirst(), () -> {
                if (itself[0].guestStands()) {
                    due[0] = itself[0].stored.size() > stored[0] && (failing[0] == null || failing[0].hasFailed());
                    return;
                }
                if (!due[0]) {
                    return;
                }
                // the first harvest after a pause, so that the commands that come next are always the same
                due[0] = false;
                stored[0] = itself[0].stored.size();
                if (!steps.isEmpty()) {
                    Step step = steps.remove();
                    failing[0] = links.of(step);
                    failing[0].fail(step.command, step.before, fault);
                } else if (!fault.endsSession()) {
                    // a session that has ended ends the recording by itself, as soon as somebody notices
                    itself[0].stop("enough");
                }
            });
            itself[0].record(100_000);
            return itself[0];
        }
    }

    private void assertGoesOn(ReferenceRecording recording, List<Step> steps) throws IOException {
        assertEquals("enough", recording.endReason, () -> recording.reasons.toString());
        recording.assertNothingDiffered(steps.size());
        for (String reason : recording.reasons) {
            assertFalse(reason.contains("\n"), reason);
        }
        assertEquals("running", machine.runState());
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "DONE_BUT_REFUSED", "ANSWER_LOST", "ANSWER_LATE"})
    void aStepOfThePauseThatFailsCostsItsCheckpointOnly(Fault fault) throws Exception {
        boot();
        ReferenceRecording recording = recordWhileFailing(PAUSE, fault);
        assertGoesOn(recording, PAUSE);
        if (fault == Fault.ANSWER_LOST) {
            assertTrue(recording.waits.getFirst().contains("did not answer"), recording.waits.toString());
        }
    }

    private void signal(String name) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(machine.pid())).start().waitFor());
    }

    @Test
    void aQemuThatStandsStillForAWhileIsLateAndNoEnd() throws Exception {
        boot();
        // Long enough for a busy machine: one that is late of itself is told of, too.
        var sessions = new Sessions(machine.qmp(), machine.captureQmp(), Optional.empty(), Duration.ofSeconds(5));
        ReferenceRecording[] itself = new ReferenceRecording[1];
        int[] storedBefore = {Integer.MAX_VALUE};
        itself[0] = new ReferenceRecording(store, machine, sessions, SteadyClock.start(), UserfaultTracker.plant(machine
                .pid(), machine.memory()), QUICKLY, "late", () -> {
                    if (itself[0].stored.size() > storedBefore[0]) {
                        itself[0].stop("enough");
                    }
                }, UnaryOperator.identity());
        Thread stalling = Thread.ofPlatform().start(() -> {
            try {
                Await.until("two checkpoints are stored", () -> itself[0].stored.size() >= 2);
                signal("STOP");
                Await.until("it is told that they wait", () -> !itself[0].waits.isEmpty());
                storedBefore[0] = itself[0].stored.size() + 1;
                signal("CONT");
            } catch (Exception e) {
                itself[0].faults.add(e.toString());
            }
        });
        itself[0].record(100_000);
        stalling.join();
        assertEquals("enough", itself[0].endReason);
        assertEquals(1, itself[0].waits.size(), itself[0].waits.toString());
        assertFalse(itself[0].waits.getFirst().contains("\n"), itself[0].waits.getFirst());
        long late = itself[0].stored.stream().mapToLong(each -> each.metrics().late()).sum();
        assertTrue(late > 0 && late <= itself[0].lateTicks(), late + " of " + itself[0].lateTicks() + " late ticks");
        itself[0].assertNothingDiffered(4);
    }

    /// Finds the guest paused at three ticks, lets it go on, and wants two checkpoints more.
    private Thread resumeOnceTicksPassed(ReferenceRecording[] itself, AtomicInteger enough) {
        return Thread.ofPlatform().start(() -> {
            try {
                Await.until("ticks pass while it stands", () -> itself[0].standingTicks() >= 3);
                assertEquals("paused", machine.runState());
                enough.set(itself[0].stored.size() + 2);
                machine.resume();
            } catch (Exception | AssertionError e) {
                itself[0].faults.add(e.toString());
                itself[0].stop("not as it should be");
            }
        });
    }

    /// Whoever else stops the guest is either told before our stop, or comes behind our cont; never in between, where our cont
    /// would undo it.
    @Test
    void aStopThatSomebodySendsWhileAPauseIsPreparedIsNotUndoneByIt() throws Exception {
        boot();
        try (Links links = new Links()) {
            ReferenceRecording[] itself = new ReferenceRecording[1];
            AtomicInteger enough = new AtomicInteger(Integer.MAX_VALUE);
            boolean[] due = {false};
            boolean[] interposed = {false};
            Thread[] checkpointing = new Thread[1];
            Thread stopping = Thread.ofPlatform().name("other-stop").unstarted(() -> {
                try {
                    links.main.client().execute(QmpCommand.of("stop"));
                } catch (QmpException e) {
                    itself[0].faults.add(e.toString());
                }
            });
            itself[0] = recording(links, "interposed", () -> {
                if (itself[0].stored.size() >= enough.get()) {
                    itself[0].stop("enough");
                } else if (itself[0].guestStands()) {
                    due[0] = itself[0].stored.size() >= 2;
                } else if (due[0] && !interposed[0]) {
                    interposed[0] = true;
                    checkpointing[0] = Thread.currentThread();
                    // the question that wakes QEMU up for the next pause
                    links.main.interpose("query-status", () -> {
                        // then it holds no lock but what it holds on purpose
                        Await.until("the checkpointer waits for the answer", () -> checkpointing[0]
                                .getState() == Thread.State.TIMED_WAITING);
                        stopping.start();
                        Await.until("the other stop is on its way, or waits for its turn", () -> links.main
                                .hasStopPassed()
                                || (stopping.getState() == Thread.State.WAITING && Await.isInside(
                                        stopping, ReentrantLock.class, "lock")));
                    });
                }
            });
            Thread resuming = resumeOnceTicksPassed(itself, enough);
            itself[0].record(100_000);
            stopping.join();
            resuming.join();
            assertEquals("enough", itself[0].endReason, itself[0].faults.toString());
            itself[0].assertNothingDiffered(4);
        }
    }

    /// Our stop finds it standing, so it is not ours to let it go on.
    @Test
    void aGuestThatSomebodyElseStopsJustBeforeThePauseIsLeftAloneAndNothingFails() throws Exception {
        boot();
        ReferenceRecording[] itself = new ReferenceRecording[1];
        AtomicInteger enough = new AtomicInteger(Integer.MAX_VALUE);
        boolean[] due = {false};
        boolean[] stopped = {false};
        itself[0] = new ReferenceRecording(store, machine, UserfaultTracker.plant(machine.pid(), machine.memory()),
                QUICKLY, "standing", () -> {
                    if (itself[0].stored.size() >= enough.get()) {
                        itself[0].stop("enough");
                    } else if (itself[0].guestStands()) {
                        due[0] = itself[0].stored.size() >= 2;
                    } else if (due[0] && !stopped[0]) {
                        // the first harvest after a pause: once the next one is prepared the session is taken
                        stopped[0] = true;
                        machine.pause();
                    }
                });
        Thread resuming = resumeOnceTicksPassed(itself, enough);
        itself[0].record(100_000);
        resuming.join();
        assertEquals("enough", itself[0].endReason);
        assertEquals(List.of(), itself[0].reasons);
        itself[0].assertNothingDiffered(4);
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "ANSWER_LOST"})
    void aStepOfADiskThatFailsCostsItsCheckpointOnlyAndLeavesNothing(Fault fault) throws Exception {
        bootWithDisk(false);
        assertGoesOn(recordWhileFailing(DISKS, fault), DISKS);
        LockstepGuests.assertNothingLeftIn(machine.qmp());
        LockstepGuests.assertGoesOnSoundly(machine, BootProgram.DISK_WRITES, folder);
    }

    @ParameterizedTest
    @EnumSource(names = {"DONE_BUT_REFUSED", "ANSWER_LATE"})
    @Tag("soak")
    void aStepOfADiskThatIsDoneAndReportedWronglyCostsItsCheckpointOnly(Fault fault) throws Exception {
        aStepOfADiskThatFailsCostsItsCheckpointOnlyAndLeavesNothing(fault);
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "DONE_BUT_REFUSED", "ANSWER_LOST", "ANSWER_LATE"})
    void aStepOfThePauseWithADiskThatWeServeThatFailsCostsItsCheckpointOnly(Fault fault) throws Exception {
        bootWithDisk(true);
        assertGoesOn(recordWhileFailing(SERVED, fault), SERVED);
    }

    /// A session that ends is the end of the recording, and not of the guest: it goes on, also when it is the session by which
    /// it was stopped. The next recording is as good as any.
    @ParameterizedTest
    @EnumSource(names = {"ANSWER_TWICE", "CLOSED_AFTER", "CLOSED_BEFORE"})
    void aSessionThatEndsInThePauseLeavesTheGuestRunning(Fault fault) throws Exception {
        bootWithDisk(false);
        for (Step step : List.of(PAUSE.get(0), PAUSE.get(1), PAUSE.get(2), DISKS.get(3))) {
            ReferenceRecording recording = recordWhileFailing(List.of(step), fault);
            assertTrue(recording.endFailed, step + ": " + recording.endReason);
            assertFalse(recording.endReason.contains("\n"), recording.endReason);
            recording.assertNothingDiffered(1);
            LockstepGuests.awaitRounds(machine, 1);
            assertEquals("running", machine.runState());
        }
    }

    /// What could not be begun is taken down, so that the next attempt finds nothing in its way.
    @Test
    void aRecordingThatDoesNotBeginLeavesNothing() throws Exception {
        bootWithDisk(false);
        for (Fault fault : List.of(Fault.REFUSED, Fault.DONE_BUT_REFUSED, Fault.ANSWER_LOST)) {
            for (String command : List.of("nbd-server-start", "block-dirty-bitmap-add")) {
                try (Links links = new Links();
                        ReferenceRecording recording = recording(links, command + fault,
                                ReferenceRecording.Interference.NONE)) {
                    links.disks.fail(command, 0, fault);
                    assertThrows(IOException.class, () -> recording.record(1), command + " " + fault);
                }
                LockstepGuests.assertNothingLeftIn(machine.qmp());
            }
        }
        try (Links links = new Links()) {
            var recording = recording(links, "then", ReferenceRecording.Interference.NONE);
            recording.record(3);
            recording.assertNothingDiffered(3);
        }
    }
}
