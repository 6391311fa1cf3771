package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.CheckpointExport;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.dirty.UserfaultTracker;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.DiskRecords;
import dev.freezeframe.qemu.profile.DiskRecordsCheck;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.restore.RamImage;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ImageReader;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What comes out of the store equals what every disk held in the pause, every byte of it, for many checkpoints in a row,
/// whatever goes wrong in between; and RAM and disks are of the same instant.
@Tag("qemu")
class DiskFidelityTest {
    private static final int CHECKPOINTS = 12;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long DISK_BYTES = 16 << 20;
    /// Ends within a block.
    private static final long ODD_BYTES = (4 << 20) + 512;
    private static final CaptureOptions QUICKLY = CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(150));

    @TempDir
    private Path folder;

    private String disk(String format, String diskInterface, long bytes) throws Exception {
        Path file = Files.createTempFile(folder, "disk", "." + format);
        run("qemu-img", "create", "-q", "-f", format, file.toString(), Long.toString(bytes));
        if (format.equals("raw")) {
            byte[] content = new byte[(int) bytes];
            // Content that cannot be told from what the guest writes by being zero; the second half is a hole.
            new Random(bytes).nextBytes(content);
            try (FileChannel image = FileChannel.open(file, StandardOpenOption.WRITE)) {
                image.write(ByteBuffer.wrap(content, 0, content.length / 2));
            }
        }
        return "{\"file\": \"" + file + "\", \"format\": \"" + format + "\", \"interface\": \"" + diskInterface
                + "\", \"writes\": \"keep\"}";
    }

    private static void run(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(TestOutput.ofChildren())
                .start().waitFor(), String.join(" ", command));
    }

    private Machine boot(BootProgram program, String... disks) throws Exception {
        return boot(program, "", disks);
    }

    private Machine bootWithDisplay(BootProgram program, String display, String... disks) throws Exception {
        return boot(program, "\"display\": \"" + display + "\", ", disks);
    }

    /// @param fields of the profile, each with a comma behind it
    private Machine boot(BootProgram program, String fields, String[] disks) throws Exception {
        Path profile = Files.writeString(folder.resolve("disks.json"), "{\"memory\": \"16 MiB\", \"bootSector\": \""
                + program.text() + "\", " + fields + "\"disks\": [" + String.join(",", disks) + "]}");
        Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find(profile.toString())));
        machine.console().awaitLine(line -> BootSector.round(line).orElse(0) > 0, PATIENCE);
        return machine;
    }

    private static ReferenceRecording recording(Store store, Machine machine, CaptureOptions options,
            ReferenceRecording.Interference interference) throws IOException {
        return new ReferenceRecording(store, machine, UserfaultTracker.plant(machine.pid(), machine.memory()), options,
                "disks", interference);
    }

    @ParameterizedTest
    @CsvSource({"raw, virtio, false", "qcow2, scsi, false", "raw, ide, false", "raw, virtio, true"})
    void restoredDiskEqualsCapturedDisk(String format, String diskInterface, boolean replay) throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = boot(BootProgram.DISK_WRITES, "\"replay\": " + replay + ", ",
                        new String[]{disk(format,
                                diskInterface, DISK_BYTES)})) {
            var recording = recording(store, machine, QUICKLY, ReferenceRecording.Interference.NONE);
            recording.record(CHECKPOINTS);
            recording.assertNothingDiffered(CHECKPOINTS);
            assertEquals(List.of(), recording.failed);
            assertDiskFiguresAddUp(recording.stored);
            assertNothingLeft(machine);
        }
    }

    private static void assertDiskFiguresAddUp(List<CheckpointRecord> stored) {
        DiskMetrics first = stored.getFirst().metrics().disks().getFirst();
        assertEquals(DISK_BYTES / GuestPage.BYTES, first.dirtyBlocks(), "the first checkpoint has all of the disk");
        for (CheckpointRecord each : stored.subList(1, stored.size())) {
            DiskMetrics disk = each.metrics().disks().getFirst();
            assertEquals(disk.dirtyBlocks(), disk.unchangedBlocks() + disk.zeroBlocks() + disk.duplicateDiskBlocks()
                    + disk.duplicateRamBlocks() + disk.newBlocks(), disk.toString());
            assertTrue(disk.readMicros() > 0, disk.toString());
            // How much of it changes meanwhile depends on who is quicker, but the guest never writes the first block.
            assertTrue(disk.dirtyBlocks() < DISK_BYTES / GuestPage.BYTES, disk.toString());
        }
        // on a busy machine the guest may have written none between two of them
        assertTrue(stored.stream().skip(1).mapToLong(each -> each.metrics().disks().getFirst().dirtyBlocks()).sum() > 0,
                "no block was written");
        // The guest makes each block in a page of memory and writes it from there.
        assertTrue(stored.stream().mapToLong(each -> each.metrics().disks().getFirst().duplicateRamBlocks()).sum() > 0,
                "no block was found in RAM");
    }

    @Test
    void severalDisksAreOfOneInstantAndEveryBlockOfThemIsRight() throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = boot(BootProgram.DISK_WRITES, disk("raw", "virtio", ODD_BYTES), disk("qcow2", "scsi",
                        4 << 20), disk("raw", "ide", 4 << 20))) {
            var recording = recording(store, machine, QUICKLY, ReferenceRecording.Interference.NONE);
            recording.record(8);
            recording.assertNothingDiffered(8);
            assertEquals(List.of(), recording.failed);
            assertEquals(3, recording.stored.getFirst().metrics().disks().size());
        }
    }

    /// The guest writes the same number to memory and to its disks; no checkpoint may ever show it torn. Restored guests go on
    /// from there with disks of their own, and those that come from one checkpoint do not disturb each other.
    @Test
    void memoryAndDisksAreNeverTorn() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            List<CheckpointRecord> stored;
            try (Machine machine = boot(BootProgram.DISK_RECORDS, disk("qcow2", "virtio", 4 << 20),
                    disk("qcow2", "scsi",
                            4 << 20))) {
                var recording = recording(store, machine, QUICKLY, ReferenceRecording.Interference.NONE);
                recording.record(CHECKPOINTS);
                recording.assertNothingDiffered(CHECKPOINTS);
                stored = recording.stored;
            }
            for (CheckpointRecord each : stored) {
                try (SharedMemory ram = SharedMemory.allocate("ram", 16 << 20); Disks disks = new Disks(store, each)) {
                    RamImage.fill(ram, store, store.pageMap(each.id(), NewCheckpoint.RAM), 2);
                    assertEquals(Optional.empty(),
                            DiskRecordsCheck.of(BootProgram.DISK_RECORDS, ram).problem(disks.contents,
                                    new byte[DiskRecords.BLOCK_BYTES]),
                            each.name().toString());
                }
            }
            CheckpointRecord from = stored.get(CHECKPOINTS / 2);
            try (RestoredMachines restored = new Restorer(store).restore(from,
                    RestoreOptions.standard().withCount(2))) {
                for (var each : restored.machines()) {
                    assertGoesOnSoundly(each.machine());
                }
            }
        }
    }

    private void assertGoesOnSoundly(Machine machine) throws Exception {
        long now = BootSector.round(machine.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE))
                .orElseThrow();
        machine.console().awaitLine(line -> BootSector.round(line).orElse(0) > now, PATIENCE);
        machine.pause();
        // It runs on a copy of the image that is QEMU's own, so QEMU has to tell.
        Path memory = folder.resolve("memory-" + machine.pid());
        machine.qmp().execute(QmpCommand.of("pmemsave").with("val", DiskRecords.ANNOUNCED_ADDRESS).with("size", 8).with(
                "filename", memory));
        ByteBuffer numbers = ByteBuffer.wrap(Files.readAllBytes(memory)).order(ByteOrder.LITTLE_ENDIAN);
        DiskRecordsCheck check = DiskRecordsCheck.of(BootProgram.DISK_RECORDS, numbers.getInt(0), numbers.getInt(4));
        List<DiskRecordsCheck.RawImage> images = new ArrayList<>();
        Path socket = folder.resolve("look-" + machine.pid());
        machine.qmp().execute(QmpCommand.of("nbd-server-start").with("addr", Map.of("type", "unix", "data",
                Map.of("path", socket.toString()))));
        for (var disk : machine.disks()) {
            machine.qmp().execute(QmpCommand.of("block-export-add").with("type", "nbd").with("id", disk.id()).with(
                    "node-name", disk.node()).with("name", disk.id()));
            Path image = folder.resolve(machine.pid() + disk.id() + ".raw");
            run("qemu-img", "convert", "-f", "raw", "-O", "raw", "nbd+unix:///" + disk.id() + "?socket=" + socket, image
                    .toString());
            images.add(new DiskRecordsCheck.RawImage(image));
        }
        assertEquals(Optional.empty(), check.problem(images, new byte[DiskRecords.BLOCK_BYTES]));
    }

    /// The disks of a checkpoint as [DiskRecordsCheck] wants them.
    private static final class Disks implements AutoCloseable {
        final List<DiskRecordsCheck.Content> contents = new ArrayList<>();
        private final List<ImageReader> readers = new ArrayList<>();

        Disks(Store store, CheckpointRecord checkpoint) throws StoreException {
            for (DiskMetrics each : checkpoint.metrics().disks()) {
                ImageReader reader = store.openImage(checkpoint, NewCheckpoint.disk(each.disk()));
                readers.add(reader);
                contents.add(new DiskRecordsCheck.Content() {
                    @Override
                    public long sizeBytes() {
                        return reader.sizeBytes();
                    }

                    @Override
                    public void read(long offset, ByteBuffer target) throws IOException {
                        reader.read(offset, target.duplicate());
                    }
                });
            }
        }

        @Override
        public void close() {
            readers.forEach(ImageReader::close);
        }
    }

    @Test
    void noBlockIsLostWhenTheStoreFails() throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = boot(BootProgram.DISK_WRITES, disk("raw", "virtio", DISK_BYTES))) {
            ReferenceRecording[] itself = new ReferenceRecording[1];
            var recording = new ReferenceRecording(store, machine, UserfaultTracker.plant(machine.pid(), machine
                    .memory()), QUICKLY, "failing", () -> {
                        if (itself[0].stored.size() >= 5 && itself[0].failed.contains(4)) {
                            itself[0].stop("enough");
                        }
                    },
                    source -> (experiment, number, ram, ramBytes, disks) -> {
                        if (number == 1 || number == 4) {
                            throw new StoreException(StoreException.Reason.FAILED, "made to fail");
                        }
                        return source.begin(experiment, number, ram, ramBytes, disks);
                    });
            itself[0] = recording;
            recording.record(100_000); // with each that fails go those that wait behind it
            recording.assertNothingDiffered(5);
            assertTrue(recording.failed.containsAll(List.of(1, 4)), "failed: " + recording.failed);
        }
    }

    /// QEMU takes the view away in the middle of a read.
    @Test
    void aReadThatBreaksCostsItsCheckpointOnly() throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = boot(BootProgram.DISK_WRITES, disk("raw", "virtio", DISK_BYTES))) {
            var broken = new AtomicBoolean();
            var recording = recording(store, machine, QUICKLY, new ReferenceRecording.Interference() {
                @Override
                public void afterHarvest() {
                    // Nothing stands in the way there.
                }

                @Override
                public void whileReading(int number) {
                    if (number == 1 && broken.compareAndSet(false, true)) {
                        endExport(machine);
                    }
                }
            });
            recording.record(6);
            assertEquals(List.of(1), recording.failed, recording.reasons.toString());
            recording.assertNothingDiffered(6);
            assertNothingLeft(machine);
        }
    }

    /// QEMU has ended our connection when this returns: nothing but what lies in the socket can be read any more.
    private static void endExport(Machine machine) {
        try {
            machine.qmp().execute(QmpCommand.of("block-export-del").with("id", "freezeframe-export-disk0").with("mode",
                    "hard"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The reader is held up until the guest has overwritten more than there is room for.
    @Test
    void scratchSpaceThatIsUsedUpCostsItsCheckpointOnlyAndTheGuestNeverStops() throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = boot(BootProgram.DISK_WRITES, disk("raw", "virtio", DISK_BYTES))) {
            CaptureOptions little = new CaptureOptions(Duration.ofMillis(300), 64 << 20, 4 << 20, 12);
            var recording = recording(store, machine, little, new ReferenceRecording.Interference() {
                @Override
                public void afterHarvest() {
                    // Nothing stands in the way there.
                }

                @Override
                public void whileReading(int number) {
                    if (number == 3) {
                        LockstepGuests.awaitRounds(machine, 12);
                    }
                }
            });
            recording.record(6);
            // A quick guest may use the space up before, too, while all of its disk is read, and once more after it:
            // what a failure leaves makes the next one larger.
            assertTrue(recording.failed.contains(3), recording.failed.toString());
            assertTrue(recording.reasons.stream().allMatch(reason -> reason.contains("the scratch space of 4 MiB")),
                    recording.reasons.toString());
            recording.assertNothingDiffered(6);
            assertEquals("running", machine.runState());
            assertNothingLeft(machine);
        }
    }

    @Test
    void aQemuThatDiesInThePauseLeavesNothing() throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            Machine machine = boot(BootProgram.DISK_WRITES, disk("raw", "virtio", DISK_BYTES));
            var holder = new ReferenceRecording[1];
            var recording = recording(store, machine, QUICKLY, () -> {
                if (holder[0] != null && holder[0].guestStands() && holder[0].stored.size() >= 3) {
                    ProcessHandle.of(machine.pid()).ifPresent(ProcessHandle::destroyForcibly);
                }
            });
            holder[0] = recording;
            recording.record(CHECKPOINTS);
            machine.close();
            recording.assertNothingDiffered(3);
            assertTrue(recording.endFailed);
            assertFalse(recording.endReason.contains("\n"), recording.endReason);
            Await.untilAsserted(() -> assertEquals(List.of(), ownScratchFiles()));
        }
    }

    @Test
    void aDiskBesidesAGraphicsCardIsRefusedWithTheReason() throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = bootWithDisplay(BootProgram.DISK_RECORDS, "std", disk("raw", "virtio", ODD_BYTES))) {
            String message = assertThrows(IOException.class,
                    () -> Recording.start(store, machine, Optional.empty(), false,
                            RecordingOptions.DEFAULT, new RecordingListener() {
                                @Override
                                public void checkpointStored(CheckpointRecord checkpoint) {
                                    throw new AssertionError(checkpoint);
                                }

                                @Override
                                public void checkpointFailed(int number, Exception cause) {
                                    throw new AssertionError(cause);
                                }

                                @Override
                                public void captureEnded(String reason) {
                                    throw new AssertionError(reason);
                                }
                            }))
                    .getMessage();
            assertTrue(message.contains("graphics card") && !message.contains("\n"), message);
            assertEquals("running", machine.runState());
        }
    }

    @Test
    void whatIsExportedIsTheDisk() throws Exception {
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = boot(BootProgram.DISK_WRITES, disk("raw", "virtio", ODD_BYTES))) {
            var recording = recording(store, machine, QUICKLY, ReferenceRecording.Interference.NONE);
            recording.record(3);
            recording.assertNothingDiffered(3);
            CheckpointRecord checkpoint = recording.stored.get(1);
            Path raw = folder.resolve("export.raw");
            Path qcow2 = folder.resolve("export.qcow2");
            var export = new CheckpointExport(store);
            assertEquals(ODD_BYTES, export.writeDisk(checkpoint, "disk0", raw, CheckpointExport.DiskFormat.RAW, false,
                    Progress.NONE));
            export.writeDisk(checkpoint, "disk0", qcow2, CheckpointExport.DiskFormat.QCOW2, false, Progress.NONE);
            byte[] exported = Files.readAllBytes(raw);
            try (ImageReader image = store.openImage(checkpoint, NewCheckpoint.disk("disk0"))) {
                var content = ByteBuffer.allocate(exported.length);
                image.read(0, content);
                assertEquals(ByteBuffer.wrap(exported), content.flip());
            }
            run("qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", raw.toString(), qcow2.toString());
            run("qemu-img", "check", "-q", "-f", "qcow2", qcow2.toString());
        }
    }

    /// Neither a block node nor a bitmap nor an export in QEMU, and no scratch file of ours but the log of a run.
    private static void assertNothingLeft(Machine machine) throws Exception {
        for (JsonNode node : machine.qmp().execute(QmpCommand.of("query-named-block-nodes").with("flat", true))) {
            assertFalse(node.path("node-name").asText().startsWith("freezeframe-"), node.toString());
            assertEquals(0, node.path("dirty-bitmaps").size(), node.toString());
        }
        assertEquals(0, machine.qmp().execute(QmpCommand.of("query-block-exports")).size());
        assertEquals("disk0", machine.qmp().execute(QmpCommand.of("qom-get").with("path", machine.disks().getFirst()
                .qomPath()).with("property", "drive")).asText());
        int logs = machine.replayLog().isPresent() ? 1 : 0;
        Await.untilAsserted(() -> assertEquals(logs, ownScratchFiles().size(), ownScratchFiles().toString()));
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }

    /// Files without a name in the scratch folder that this process has open.
    private static List<String> ownScratchFiles() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.map(DiskFidelityTest::target).filter(file -> file.contains("/freezeframe/scratch/"))
                    .toList();
        }
    }
}
