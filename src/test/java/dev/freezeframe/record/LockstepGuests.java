package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.DiskRecords;
import dev.freezeframe.qemu.profile.DiskRecordsCheck;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.restore.RamImage;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.pack.ImageReader;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Guests that write the same number to memory and to their disks, block by block: memory tells what every block of every
/// disk must hold, of a running machine as of a checkpoint, so that both are checked whole.
final class LockstepGuests {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    static final long MEMORY_BYTES = 16 << 20;
    static final long DISK_BYTES = 8 << 20;
    static final int DISK_BLOCKS = (int) (DISK_BYTES / DiskRecords.BLOCK_BYTES);

    /// What every block of an [#image] holds before the guest writes to it.
    private static final byte[] BEFORE = new byte[DiskRecords.BLOCK_BYTES];

    static {
        Arrays.fill(BEFORE, (byte) 7);
    }

    private LockstepGuests() {}

    /// A raw image, no block of which is zero.
    static Path image(Path file) throws IOException {
        byte[] content = new byte[(int) DISK_BYTES];
        Arrays.fill(content, BEFORE[0]);
        return Files.write(file, content);
    }

    /// How a profile has such a disk.
    static String disk(Path image, String diskInterface, String writes) {
        return "{\"file\": \"" + image + "\", \"format\": \"raw\", \"interface\": \"" + diskInterface
                + "\", \"writes\": \"" + writes + "\"}";
    }

    static MachineSpec spec(Path folder, BootProgram program, String... disks) throws IOException {
        return spec(folder, program, false, disks);
    }

    /// @param replay whether its run can be executed again
    static MachineSpec spec(Path folder, BootProgram program, boolean replay, String... disks) throws IOException {
        Path profile = Files.writeString(folder.resolve("lockstep.json"), "{\"memory\": \"" + (MEMORY_BYTES >> 20)
                + " MiB\", \"replay\": " + replay + ", \"bootSector\": \"" + program.text() + "\", \"disks\": ["
                + String.join(",", disks) + "]}");
        return MachineSpec.of(Profiles.standard().find(profile.toString()));
    }

    /// Runs when this returns, and its guest is in its rounds.
    static Machine boot(MachineSpec spec) throws IOException {
        Machine machine = Machine.boot(spec);
        boolean inRounds = false;
        try {
            machine.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
            inRounds = true;
            return machine;
        } finally {
            if (!inRounds) {
                machine.close();
            }
        }
    }

    /// Waits until the guest has begun so many more rounds than it has now.
    static void awaitRounds(Machine machine, long more) {
        long now = round(machine);
        Await.until("the guest is " + more + " rounds behind " + now, () -> round(machine) >= now + more);
    }

    /// Its memory tells, where it can be seen: what the guest prints may lie unread for as long as its reader gets no processor,
    /// and would then look as if it had been done just now.
    private static long round(Machine machine) {
        if (!machine.sharesMemory()) {
            String text = machine.console().text();
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().mapToLong(line -> BootSector.round(line)
                    .orElse(0)).max().orElse(0);
        }
        ByteBuffer number = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        machine.memory().read(DiskRecords.ANNOUNCED_ADDRESS, 4, number, 0);
        return number.getInt(0);
    }

    /// Every block of every disk of the checkpoint is of the same instant as its memory.
    static void assertSound(Store store, CheckpointRecord checkpoint, BootProgram program) throws IOException {
        List<ImageReader> readers = new ArrayList<>();
        try (SharedMemory ram = SharedMemory.allocate("ram", MEMORY_BYTES)) {
            RamImage.fill(ram, store, store.pageMap(checkpoint.id(), NewCheckpoint.RAM), 2);
            for (DiskMetrics each : checkpoint.metrics().disks()) {
                readers.add(store.openImage(checkpoint, NewCheckpoint.disk(each.disk())));
            }
            assertEquals(Optional.empty(),
                    DiskRecordsCheck.of(program, ram).problem(readers.stream().map(StoredDisk::new)
                            .toList(), BEFORE),
                    checkpoint.name().toString());
        } finally {
            readers.forEach(ImageReader::close);
        }
    }

    private record StoredDisk(ImageReader image) implements DiskRecordsCheck.Content {
        @Override
        public long sizeBytes() {
            return image.sizeBytes();
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            image.read(offset, target.duplicate());
        }
    }

    /// The guest makes progress, and every block of its disks is what its memory says.
    static void assertGoesOnSoundly(Machine machine, BootProgram program, Path folder) throws Exception {
        awaitRounds(machine, 1);
        machine.pause();
        assertSound(machine.qmp(), machine.disks(), program, folder);
        machine.resume();
        awaitRounds(machine, 1);
        assertEquals("running", machine.runState());
    }

    /// Asks QEMU itself for memory and disks of a guest that is stopped; what it runs on may be nobody else's to see.
    static void assertSound(QmpClient qmp, List<MachineDisk> disks, BootProgram program, Path folder)
            throws Exception {
        Path memory = Files.createTempFile(folder, "memory", "");
        qmp.execute(
                QmpCommand.of("pmemsave").with("val", DiskRecords.ANNOUNCED_ADDRESS).with("size", 8).with("filename",
                        memory));
        ByteBuffer numbers = ByteBuffer.wrap(Files.readAllBytes(memory)).order(ByteOrder.LITTLE_ENDIAN);
        Path socket = folder.resolve("look");
        qmp.execute(QmpCommand.of("nbd-server-start").with("addr", Map.of("type", "unix", "data", Map.of("path", socket
                .toString()))));
        List<DiskRecordsCheck.RawImage> images = new ArrayList<>();
        for (MachineDisk disk : disks) {
            qmp.execute(QmpCommand.of("block-export-add").with("type", "nbd").with("id", "look-" + disk.id()).with(
                    "node-name", disk.node()).with("name", disk.id()));
            Path image = Files.createTempFile(folder, disk.id(), ".raw");
            Process convert = new ProcessBuilder("qemu-img", "convert", "-f", "raw", "-O", "raw", "nbd+unix:///" + disk
                    .id() + "?socket=" + socket, image.toString()).redirectErrorStream(true)
                    .redirectOutput(TestOutput.ofChildren()).start();
            assertEquals(0, convert.waitFor(), disk + " cannot be read");
            images.add(new DiskRecordsCheck.RawImage(image));
        }
        qmp.execute(QmpCommand.of("nbd-server-stop"));
        Files.deleteIfExists(socket);
        assertEquals(Optional.empty(),
                DiskRecordsCheck.of(program, numbers.getInt(0), numbers.getInt(4)).problem(images,
                        BEFORE));
    }

    /// Neither a block node nor a bitmap nor an export of ours in QEMU.
    static void assertNothingLeftIn(QmpClient qmp) throws IOException {
        for (JsonNode node : qmp.execute(QmpCommand.of("query-named-block-nodes").with("flat", true))) {
            assertFalse(node.path("node-name").asText().startsWith("freezeframe-"), node.toString());
            assertEquals(0, node.path("dirty-bitmaps").size(), node.toString());
        }
        assertEquals(0, qmp.execute(QmpCommand.of("query-block-exports")).size());
    }

    /// Waits until this process has neither a folder with sockets any more nor a file without a name in the scratch folder.
    static void awaitNoLeftovers() {
        Await.untilAsserted(() -> assertEquals(List.of(), ownLeftovers()));
    }

    /// Folders with sockets, and files without a name in the scratch folder, that this process has now.
    static List<String> ownLeftovers() throws IOException {
        List<String> left = new ArrayList<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            descriptors.map(LockstepGuests::target).filter(file -> file.startsWith(ScratchFolder.path() + "/"))
                    .forEach(left::add);
        }
        String[] own = RunDirectory.parent().toFile().list((_, name) -> name.startsWith("freezeframe-"
                + ProcessHandle.current().pid() + "-"));
        left.addAll(own == null ? List.of() : List.of(own));
        return left;
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }
}
