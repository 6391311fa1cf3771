package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.dirty.UserfaultTracker;
import dev.freezeframe.host.Doctor;
import dev.freezeframe.host.Finding;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.machine.StateChange;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ExpectWarnings;
import dev.freezeframe.suite.Needs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What goes wrong with a disk while it is recorded is one clear line, makes no checkpoint wrong and leaves nothing behind.
@Tag("qemu")
class DiskFaultsTest {
    private static final BootProgram GUEST = BootProgram.DISK_WRITES;
    private static final CaptureOptions QUICKLY = CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(200));

    @TempDir
    private Path folder;

    /// Something that happens while a disk is read.
    private static ReferenceRecording.Interference whileReading(IntConsumer what) {
        return new ReferenceRecording.Interference() {
            @Override
            public void afterHarvest() {
                // Nothing stands in the way there.
            }

            @Override
            public void whileReading(int number) {
                what.accept(number);
            }
        };
    }

    private static ReferenceRecording recording(Store store, Machine machine, IntConsumer whileReading)
            throws IOException {
        return new ReferenceRecording(store, machine, UserfaultTracker.plant(machine.pid(), machine.memory()), QUICKLY,
                "faults", whileReading(whileReading));
    }

    private MachineSpec keeping(Path image) throws IOException {
        return LockstepGuests.spec(folder, GUEST, LockstepGuests.disk(image, "virtio", "keep"));
    }

    /// The first checkpoint reads all of the disk, the third what changed.
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aQemuThatDiesWhileItsDiskIsReadLeavesNothing(int when) throws Exception {
        Path image = LockstepGuests.image(folder.resolve("image"));
        try (Store store = Store.open(folder.resolve("store"))) {
            try (Machine machine = LockstepGuests.boot(keeping(image))) {
                ProcessHandle qemu = ProcessHandle.of(machine.pid()).orElseThrow();
                var recording = recording(store, machine, number -> {
                    if (number == when) {
                        qemu.destroyForcibly();
                        qemu.onExit().join();
                    }
                });
                recording.record(20);
                recording.assertNothingDiffered(when - 1);
                // Of the little that changed since the second, all may have been read by then.
                assertTrue(recording.stored.size() <= (when == 1 ? 0 : when), recording.stored.toString());
                assertEquals(List.of(), recording.failed, "the end of the machine tells it");
                assertTrue(recording.endFailed, recording.endReason);
                assertFalse(recording.endReason.contains("\n"), recording.endReason);
            }
            LockstepGuests.awaitNoLeftovers();
        }
    }

    @Test
    void anImageThatIsMadeReadOnlyWhileItIsWrittenChangesNothing() throws Exception {
        Path image = LockstepGuests.image(folder.resolve("image"));
        try (Store store = Store.open(folder.resolve("store")); Machine machine = LockstepGuests.boot(keeping(image))) {
            var recording = recording(store, machine, number -> {
                if (number >= 2) {
                    image.toFile().setReadOnly();
                }
            });
            recording.record(5);
            assertFalse(Files.getPosixFilePermissions(image).toString().contains("WRITE"));
            recording.assertNothingDiffered(5);
            assertEquals(List.of(), recording.failed);
            LockstepGuests.assertGoesOnSoundly(machine, GUEST, folder);
            LockstepGuests.assertNothingLeftIn(machine.qmp());
        }
    }

    @Test
    void anImageThatCannotBeWrittenIsToldBeforeQemuStarts() throws Exception {
        try (SmallFileSystem files = SmallFileSystem.mount(Files.createDirectory(folder.resolve("files")), 16 << 20)) {
            Path image = LockstepGuests.image(files.folder().resolve("image"));
            files.remount("ro");
            MachineSpec spec = keeping(image);
            MachineException e = assertThrows(MachineException.class, () -> Machine.boot(spec));
            assertEquals("the image of disk0, " + image
                    + ", cannot be written; check its permissions, or set writes to \"discard\"", e.getMessage());
            try (Machine machine = LockstepGuests.boot(LockstepGuests.spec(folder, GUEST, LockstepGuests.disk(image,
                    "virtio", "discard")))) {
                LockstepGuests.assertGoesOnSoundly(machine, GUEST, folder);
            }
        }
        LockstepGuests.awaitNoLeftovers();
    }

    /// The guest writes to its images; it is the scratch space of the checkpoint that has no room. Of the first disk all may have
    /// been asked for by then; of the second nothing has.
    @Test
    void aScratchFolderThatIsFullCostsItsCheckpointOnlyAndTheGuestNeverStops() throws Exception {
        String[] disks = {LockstepGuests.disk(LockstepGuests.image(folder.resolve("image")), "virtio", "keep"),
                LockstepGuests.disk(LockstepGuests.image(folder.resolve("other")), "virtio", "keep")};
        try (SmallFileSystem scratch = SmallFileSystem.mountForScratch(folder, 2 << 20);
                Store store = Store.open(folder.resolve("store"));
                Machine machine = LockstepGuests.boot(LockstepGuests.spec(folder, GUEST, disks))) {
            BlockingQueue<StateChange> changes = new LinkedBlockingQueue<>();
            ReferenceRecording[] itself = new ReferenceRecording[1];
            itself[0] = new ReferenceRecording(store, machine, UserfaultTracker.plant(machine.pid(), machine.memory()),
                    QUICKLY, "faults", new ReferenceRecording.Interference() {
                        private boolean roomy;

                        @Override
                        public void afterHarvest() throws IOException {
                            if (!roomy && !itself[0].failed.isEmpty()) {
                                // a quick guest would fill the little room again and again while what is owed is read
                                roomy = true;
                                scratch.remount("size=" + (32 << 20));
                            }
                        }

                        @Override
                        public void whileReading(int number) {
                            if (number == 1) {
                                Await.until("the scratch folder is full", ScratchFolder::isFull);
                                LockstepGuests.awaitRounds(machine, 8); // each writes more than one block that has no room any more
                            }
                        }
                    });
            ReferenceRecording recording = itself[0];
            try (var _ = machine.onStateChange(changes::add)) {
                recording.record(6);
            }
            assertEquals(List.of(1), recording.failed.stream().limit(1).toList(), () -> recording.reasons + " "
                    + recording.endReason);
            for (String reason : recording.reasons) {
                assertTrue(reason.matches("disk[01] could not be read: .*"), reason);
                assertTrue(reason.contains(scratch.folder() + " is full"), reason);
            }
            recording.assertNothingDiffered(6);
            assertTrue(changes.stream().noneMatch(change -> change.state() == MachineState.FAULTY), changes.toString());
            LockstepGuests.assertGoesOnSoundly(machine, GUEST, folder);
            LockstepGuests.assertNothingLeftIn(machine.qmp());
        }
        LockstepGuests.awaitNoLeftovers();
    }

    /// Somebody has taken the name that every checkpoint needs, and does not let go of it.
    @Test
    void aRecordingThatCannotTakeEvenOneCheckpointEndsWithTheReason() throws Exception {
        Path image = LockstepGuests.image(folder.resolve("image"));
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = LockstepGuests.boot(keeping(image))) {
            machine.qmp().execute(QmpCommand.of("blockdev-add").with("driver", "null-co").with("node-name",
                    "freezeframe-scratch-disk0"));
            machine.qmp().execute(QmpCommand.of("blockdev-add").with("driver", "raw").with("node-name", "holder").with(
                    "file", "freezeframe-scratch-disk0"));
            BlockingQueue<Integer> failed = new LinkedBlockingQueue<>();
            long begun = System.nanoTime();
            RecordingOptions options = RecordingOptions.DEFAULT.with(QUICKLY);
            try (Recording recording = Recording.start(store, machine, Optional.empty(), false, options,
                    new RecordingListener() {
                        @Override
                        public void checkpointStored(CheckpointRecord checkpoint) {
                            throw new IllegalStateException("stored " + checkpoint.name());
                        }

                        @Override
                        public void checkpointFailed(int number, Exception cause) {
                            failed.add(number);
                        }

                        @Override
                        public void captureEnded(String reason) {
                            // asked for below
                        }
                    })) {
                assertTrue(recording.awaitCaptureEnd(LockstepGuests.PATIENCE));
                assertTrue(recording.failed());
                assertTrue(recording.endReason().startsWith("none of the first 10 checkpoints could be taken: "),
                        recording.endReason());
                assertEquals(10, failed.size());
                // one for each tick; the first may be late by less than an interval
                assertTrue(System.nanoTime() - begun > 8 * QUICKLY.interval().toNanos());
            }
            LockstepGuests.assertGoesOnSoundly(machine, GUEST, folder);
        }
        LockstepGuests.awaitNoLeftovers();
    }

    /// Its cause is one that goes away only with another folder.
    @Test
    void aScratchFolderThatQemuCannotUseIsToldBeforeTheBoot() throws Exception {
        Needs.GOCRYPTFS.orSkip(
                Files.isExecutable(Path.of("/usr/bin/gocryptfs")) && Files.isWritable(Path.of("/dev/fuse")),
                "no gocryptfs, or no FUSE");
        Path encrypted = Files.createDirectory(folder.resolve("encrypted"));
        Path home = Files.createDirectory(folder.resolve("home"));
        Path password = Files.writeString(folder.resolve("password"), "open\n");
        require("gocryptfs", "-q", "-init", "-scryptn", "10", "-passfile", password
                .toString(), encrypted.toString());
        require("gocryptfs", "-q", "-passfile", password.toString(), encrypted.toString(),
                home.toString());
        System.setProperty("freezeframe.scratch", home.resolve("scratch").toString());
        try {
            Path image = LockstepGuests.image(folder.resolve("image"));
            for (String writes : List.of("keep", "discard")) {
                MachineException e = assertThrows(MachineException.class, () -> Machine.boot(LockstepGuests.spec(folder,
                        GUEST, LockstepGuests.disk(image, "virtio", writes))));
                assertEquals("no room for what the guest writes to its disks: the file system of " + home.resolve(
                        "scratch") + " (fuse.gocryptfs) has no files without a name that QEMU could open; set"
                        + " XDG_CACHE_HOME to a folder on another file system", e.getMessage());
            }
            Finding finding = Doctor.standard(folder.resolve("store")).examine().stream().filter(each -> each.subject()
                    .equals("scratch space")).findFirst().orElseThrow();
            assertEquals(Finding.Severity.DEGRADED, finding.severity());
        } finally {
            System.clearProperty("freezeframe.scratch");
            require("fusermount", "-u", home.toString());
        }
        assertTrue(Doctor.standard(folder.resolve("store")).examine().stream().noneMatch(each -> each.subject().equals(
                "scratch space")));
    }

    /// Here it is the guest itself that has no room.
    @Test
    @ExpectWarnings("the guest is stopped: disk0 cannot be written: No space left")
    void aGuestWhoseThrowAwayDiskHasNoRoomWaitsAndGoesOnWhenThereIsSome() throws Exception {
        Path image = LockstepGuests.image(folder.resolve("image"));
        try (SmallFileSystem scratch = SmallFileSystem.mountForScratch(folder, 2 << 20);
                Machine machine = Machine.boot(LockstepGuests.spec(folder, GUEST, LockstepGuests.disk(image, "virtio",
                        "discard")).withStartPaused(true))) {
            BlockingQueue<StateChange> changes = new LinkedBlockingQueue<>();
            machine.onStateChange(changes::add);
            machine.resume();
            assertEquals(MachineState.RUNNING, changes.poll(LockstepGuests.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .state());
            StateChange stopped = changes.poll(LockstepGuests.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertEquals(MachineState.FAULTY, stopped.state());
            assertEquals("disk0 cannot be written: No space left on device; make room in " + ScratchFolder.path()
                    + " and resume the machine, which then tries again", stopped.detail());
            scratch.remount("size=" + (32 << 20));
            machine.resume();
            LockstepGuests.awaitRounds(machine, 8);
            LockstepGuests.assertGoesOnSoundly(machine, GUEST, folder);
        }
        LockstepGuests.awaitNoLeftovers();
    }

    /// Its output goes nowhere: a file system stays behind and would keep it open.
    private static void require(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(
                ProcessBuilder.Redirect.DISCARD).start().waitFor(), String.join(" ", command));
    }

    /// The disk's image has no room; the recording waits with its guest and goes on with it.
    @Test
    @ExpectWarnings("the guest is stopped: disk0 cannot be written: No space left")
    void aRecordingOfAGuestWhoseDiskFailedWaitsAndGoesOnWhenItIsResumed() throws Exception {
        try (SmallFileSystem files = SmallFileSystem.mount(Files.createDirectory(folder.resolve("files")), 1 << 20);
                Store store = Store.open(folder.resolve("store"))) {
            Path image = files.folder().resolve("image");
            try (RandomAccessFile hole = new RandomAccessFile(image.toFile(), "rw")) {
                hole.setLength(LockstepGuests.DISK_BYTES);
            }
            try (Machine machine = Machine.boot(keeping(image))) {
                var recording = recording(store, machine, _ -> {});
                Thread recorder = Thread.ofPlatform().start(() -> {
                    try {
                        recording.record(100_000);
                    } catch (IOException | InterruptedException e) {
                        recording.faults.add(e.toString());
                    }
                });
                await("it is told", recording, () -> !recording.waits.isEmpty());
                assertEquals("disk0 cannot be written: No space left on device; make room in " + files.folder()
                        + " and resume the machine, which then tries again", recording.waits.getFirst());
                int before = recording.stored.size();
                files.remount("size=" + (32 << 20));
                machine.resume();
                await("it goes on", recording, () -> recording.stored.size() > before + 1);
                recording.stop("enough");
                recorder.join();
                assertEquals("enough", recording.endReason);
                recording.assertNothingDiffered(before + 2);
            }
        }
    }

    private static void await(String what, ReferenceRecording recording, BooleanSupplier state) {
        Await.until(what, () -> {
            assertNull(recording.endReason);
            return state.getAsBoolean();
        });
    }

    /// A file system with little room. Only root may mount one: for others the test is skipped.
    private record SmallFileSystem(Path folder) implements AutoCloseable {

        static SmallFileSystem mount(Path folder, long bytes) throws Exception {
            Needs.MOUNTING.orSkip(
                    run("mount", "-t", "tmpfs", "-o", "size=" + bytes, "freezeframe", folder.toString()).isEmpty(),
                    "a small file system cannot be mounted; root can");
            return new SmallFileSystem(folder);
        }

        /// Until it is closed, files without a name go there.
        static SmallFileSystem mountForScratch(Path parent, long bytes) throws Exception {
            SmallFileSystem mounted = mount(Files.createDirectory(parent.resolve("scratch")), bytes);
            System.setProperty("freezeframe.scratch", mounted.folder.toString());
            return mounted;
        }

        void remount(String option) throws IOException {
            assertEquals("", run("mount", "-o", "remount," + option, folder.toString()));
        }

        @Override
        public void close() throws IOException {
            System.clearProperty("freezeframe.scratch");
            assertEquals("", run("umount", folder.toString()));
        }

        /// What the command has to complain about.
        private static String run(String... command) throws IOException {
            try {
                Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                return process.waitFor() == 0 ? "" : output + " (ends with " + process.exitValue() + ")";
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }
}
