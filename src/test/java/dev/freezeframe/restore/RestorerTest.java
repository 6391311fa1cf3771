package dev.freezeframe.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.TestedQemu;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.machine.DetachedMachine;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.restore.SimpleRecorder.Taken;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a restore promises, with the guest whose memory is known at every moment. Three checkpoints are taken once.
@Tag("qemu")
class RestorerTest {
    private static final Duration PATIENCE = Await.PATIENCE;

    @TempDir
    static Path directory;

    private static Store store;
    private static Machine original;
    private static SimpleRecorder recorder;
    private static final List<Taken> taken = new ArrayList<>();

    private Set<Long> processesBefore;
    private Set<String> foldersBefore;

    @BeforeAll
    static void recordThreeCheckpoints() throws Exception {
        store = Store.open(directory.resolve("store"));
        original = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")));
        recorder = new SimpleRecorder(store, original);
        for (int i = 1; i <= 3; i++) {
            awaitRound(original, 10L * i);
            taken.add(recorder.take());
        }
    }

    @AfterAll
    static void end() throws Exception {
        taken.forEach(Taken::close);
        recorder.close();
        original.close();
        store.close();
    }

    @BeforeEach
    void lookAround() throws IOException {
        processesBefore = children();
        foldersBefore = runFolders();
    }

    @AfterEach
    void nothingIsLeftBehind() throws IOException {
        assertEquals(processesBefore, children());
        assertEquals(foldersBefore, runFolders());
    }

    @Test
    void everyByteOfRestoredMemoryEqualsCapturedMemory() throws Exception {
        RestoreOptions options = RestoreOptions.standard().withLeavePaused(true).withRecordable(true)
                .withVerifyRam(true);
        for (Taken each : taken) {
            try (RestoredMachines restored = new Restorer(store).restore(each.checkpoint(), options)) {
                assertTrue(restored.first().ramVerified());
                assertEquals("paused", restored.first().machine().runState());
                assertEquals(List.of(), SimpleRecorder.differingPages(each.ram(), restored.first().machine()
                        .memory()));
            }
        }
    }

    @Test
    void aCheckpointCannotBeDeletedUntilItsMemoryIsFilledAndVerified(@TempDir Path folder) throws Exception {
        CheckpointRecord checkpoint = taken.getFirst().checkpoint();
        Path mayLoad = folder.resolve("may-load");
        Path gate = Files.writeString(folder.resolve("qemu"), "#!/bin/sh\ncase \"$*\" in *-incoming*) until [ -e '"
                + mayLoad + "' ]; do sleep 0.01; done;; esac\nexec '" + TestedQemu.binary() + "' \"$@\"\n");
        Files.setPosixFilePermissions(gate, PosixFilePermissions.fromString("rwx------"));
        Underway<Boolean> restoring = Underway.start(() -> {
            try (RestoredMachines restored = new Restorer(store).restore(checkpoint, RestoreOptions.standard()
                    .withLeavePaused(true).withVerifyRam(true).withQemuBinary(gate))) {
                return restored.first().ramVerified();
            }
        });
        try {
            Await.until("it is being restored", () -> store.checkpointsInUse().contains(checkpoint.id()));
            assertThrows(StoreException.class, () -> store.delete(checkpoint.name()));
        } finally {
            Files.createFile(mayLoad);
        }
        assertTrue(restoring.result());
        assertTrue(store.checkpoint(checkpoint.id()).isPresent());
        assertFalse(store.checkpointsInUse().contains(checkpoint.id()), "the machine has its memory");
    }

    @Test
    void aCopyOnWriteMachineSeesTheCapturedMemory() throws Exception {
        RestoreOptions options = RestoreOptions.standard().withLeavePaused(true).withVerifyRam(true);
        try (RestoredMachines restored = new Restorer(store).restore(taken.get(1).checkpoint(), options)) {
            Machine machine = restored.first().machine();
            byte[] captured = bytes(taken.get(1).ram());
            // what the processor sees; between 640 KiB and 1 MiB that is not RAM everywhere
            assertArrayEquals(Arrays.copyOf(captured, 0xa0000), physical(machine, 0, 0xa0000));
            assertArrayEquals(Arrays.copyOfRange(captured, 0x100000, captured.length),
                    physical(machine, 0x100000, captured.length - 0x100000));
        }
    }

    @Test
    void theGuestGoesOnCountingFromWhereItStood() throws Exception {
        for (Taken each : taken) {
            long round = round(bytes(each.ram()), (int) BootSector.ROUND_ADDRESS);
            try (RestoredMachines restored = new Restorer(store).restore(each.checkpoint(),
                    RestoreOptions.standard())) {
                assertFalse(restored.first().ramVerified());
                Machine machine = restored.first().machine();
                machine.console().awaitLine(line -> line.equals("round " + (round + 1)), PATIENCE);
                machine.console().awaitLine(line -> line.equals("round " + (round + 2)), PATIENCE);
                String text = machine.console().text();
                assertTrue(text.substring(0, text.lastIndexOf('\n') + 1).lines().noneMatch("round 1"::equals),
                        "it must not have booted");
                assertEquals("", machine.qemuLog(), "nothing for QEMU to warn about");
            }
        }
    }

    @Test
    void machinesFromOneImageAreIndependentOfEachOtherAndOfTheImage() throws Exception {
        CheckpointRecord checkpoint = taken.get(2).checkpoint();
        RestoreOptions options = RestoreOptions.standard().withCount(3).withLeavePaused(true);
        try (RestoredMachines restored = new Restorer(store).restore(checkpoint, options)) {
            assertEquals(3, restored.machines().size());
            List<Long> rounds = new ArrayList<>();
            long captured = round(bytes(taken.get(2).ram()), (int) BootSector.ROUND_ADDRESS);
            for (int i = 0; i < 3; i++) {
                Machine machine = restored.machines().get(i).machine();
                machine.resume();
                // from where the one before stands, however far that came before it was stopped
                awaitRound(machine, (rounds.isEmpty() ? captured : rounds.getLast()) + 7);
                machine.pause();
                rounds.add(round(physical(machine, BootSector.ROUND_ADDRESS, 4), 0));
            }
            assertEquals(3, new HashSet<>(rounds).size(), "each stands elsewhere: " + rounds);
            for (int i = 0; i < 3; i++) {
                Machine machine = restored.machines().get(i).machine();
                int page = BootSector.pages()[0];
                byte[] first = physical(machine, (long) page * GuestPage.BYTES, GuestPage.BYTES);
                long round = rounds.get(i);
                byte[] before = BootSector.content(round - 1, 0);
                int written = Arrays.mismatch(BootSector.content(round, 0), first); // it may stand in the middle of it
                assertTrue(written < 0 || Arrays.equals(before, written, before.length, first, written, first.length),
                        "machine " + i + " lost its page");
            }
            // a fresh machine from the same checkpoint finds everything as captured
            try (RestoredMachines again = new Restorer(store).restore(checkpoint,
                    RestoreOptions.standard().withVerifyRam(true).withLeavePaused(true))) {
                assertTrue(again.first().ramVerified());
            }
        }
    }

    @Test
    void aRestoredMachineCanBeRecordedAndRestoredAgain() throws Exception {
        try (RestoredMachines restored = new Restorer(store).restore(taken.get(0).checkpoint(), RestoreOptions
                .standard().withRecordable(true));
                SimpleRecorder child = new SimpleRecorder(store, restored.first()
                        .machine())) {
            awaitRound(restored.first().machine(), 40);
            try (Taken grown = child.take();
                    RestoredMachines grandchild = new Restorer(store).restore(grown.checkpoint(), RestoreOptions
                            .standard().withRecordable(true).withLeavePaused(true))) {
                Machine machine = grandchild.first().machine();
                assertEquals(List.of(), SimpleRecorder.differingPages(grown.ram(), machine.memory()));
                machine.resume();
                awaitRound(machine, 45);
                machine.reset();
                machine.console().awaitLine(line -> line.equals("round 1"), PATIENCE);
            }
        }
    }

    @Test
    void theScreenOfAMachineWithAGraphicsCardComesBack() throws Exception {
        try (Machine vga = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector-vga")))) {
            assertTrue(vga.hasOtherWritableRam());
            awaitRound(vga, 5);
            try (SimpleRecorder vgaRecorder = new SimpleRecorder(store, vga);
                    Taken first = vgaRecorder.take();
                    Taken second = vgaRecorder.take()) {
                byte[] screen = screen(vga);
                assertTrue(new HashSet<>(Arrays.asList(box(screen))).size() > 2, "the firmware's words are on it");
                for (Taken each : List.of(first, second)) {
                    try (RestoredMachines restored = new Restorer(store).restore(each.checkpoint(), RestoreOptions
                            .standard().withRecordable(true).withLeavePaused(true))) {
                        Machine machine = restored.first().machine();
                        assertArrayEquals(screen, screen(machine));
                        assertEquals(List.of(), SimpleRecorder.differingPages(each.ram(), machine.memory()));
                        machine.resume();
                        awaitRound(machine, 6);
                    }
                }
            }
        }
    }

    @Test
    void everyChangedByteIsFoundByTheComparison() throws Exception {
        PageMap map = store.pageMap(taken.get(0).checkpoint().id(), NewCheckpoint.RAM);
        try (SharedMemory image = SharedMemory.allocate("image", original.ramBytes())) {
            RamImage.fill(image, store, map, 2);
            RamVerifier.requireEqual(image, store, map, 2, RewrittenMemory.NONE);
            int zeroPage = 0;
            while (map.chunkId(zeroPage) != 0)
                zeroPage++;
            for (int page : new int[]{BootSector.HOUSEKEEPING_PAGE, BootSector.pages()[63], zeroPage}) {
                long address = (page + 1L) * GuestPage.BYTES - 1;
                ByteBuffer was = ByteBuffer.allocate(1);
                image.read(address, 1, was, 0);
                image.write(address, ByteBuffer.wrap(new byte[]{(byte) (was.get(0) ^ 1)}));
                String message = assertThrows(IOException.class,
                        () -> RamVerifier.requireEqual(image, store, map, 2, RewrittenMemory.NONE)).getMessage();
                assertTrue(message.contains("page " + page + " "), message);
                image.write(address, was);
            }
            RamVerifier.requireEqual(image, store, map, 2, RewrittenMemory.NONE);
            try (Machine machine = Machine.incoming(MachineSpec.fromRecord(original.toRecord()), image, true)) {
                assertEquals(0, RamVerifier.requireUnchanged(machine.pid(), image, RewrittenMemory.NONE),
                        "an incoming QEMU writes no RAM");
            }
        }
    }

    @Test
    void whatAMachineWroteItselfIsFoundByTheComparison() throws Exception {
        try (RestoredMachines restored = new Restorer(store).restore(taken.get(0).checkpoint(), RestoreOptions
                .standard())) {
            Machine machine = restored.first().machine();
            long round = round(bytes(taken.get(0).ram()), (int) BootSector.ROUND_ADDRESS);
            awaitRound(machine, round + 5);
            machine.pause();
            try (PrivatePages own = PrivatePages.of(machine.pid(), restored.image().orElseThrow())) {
                for (int page : BootSector.pages())
                    assertTrue(own.contains(page), "page " + page);
                assertTrue(own.count() < 200, own.count() + " pages");
            }
            assertThrows(IOException.class,
                    () -> RamVerifier.requireUnchanged(machine.pid(), restored.image().orElseThrow(),
                            RewrittenMemory.NONE));
        }
    }

    @Test
    void aDamagedDeviceStateIsRefusedBeforeAnyQemuStarts() throws Exception {
        byte[] state = store.readImageBytes(taken.get(0).checkpoint().id(), NewCheckpoint.DEVICE_STATE);
        CheckpointRecord cut = recorder.store(taken.get(0).ram(), Arrays.copyOf(state, state.length - 1000));
        String message = assertThrows(IOException.class, () -> new Restorer(store).restore(cut, RestoreOptions
                .standard().withQemuBinary(Path.of("/nonexistent/qemu")))).getMessage();
        assertTrue(message.contains("device state") && message.contains("cut short"), message);
    }

    @Test
    void whatQemuDoesNotLoadFailsWithItsReasonAndLeavesNothing() throws Exception {
        byte[] state = store.readImageBytes(taken.get(0).checkpoint().id(), NewCheckpoint.DEVICE_STATE);
        byte[] strange = new String(state, StandardCharsets.ISO_8859_1).replace("\u0005i8254", "\u0005x8254")
                .getBytes(StandardCharsets.ISO_8859_1);
        assertFalse(Arrays.equals(state, strange));
        CheckpointRecord unknownDevice = recorder.store(taken.get(0).ram(), strange);
        String message = assertThrows(IOException.class, () -> new Restorer(store).restore(unknownDevice,
                RestoreOptions.standard().withCount(3))).getMessage();
        assertTrue(message.contains("x8254"), message);
        assertFalse(message.contains("\n"), message);
    }

    @Test
    void anUnknownMachineTypeIsRefusedWithARemedy() throws Exception {
        ObjectNode json = original.toRecord();
        assertTrue(json.path("machineType").asText().startsWith("pc-i440fx-"));
        json.put("machineType", "pc-i440fx-99.0");
        try (SimpleRecorder future = new SimpleRecorder(store, original, json.toString())) {
            byte[] state = store.readImageBytes(taken.get(0).checkpoint().id(), NewCheckpoint.DEVICE_STATE);
            CheckpointRecord checkpoint = future.store(taken.get(0).ram(), state);
            String message = assertThrows(IOException.class, () -> new Restorer(store).restore(checkpoint,
                    RestoreOptions.standard())).getMessage();
            assertTrue(message.contains("pc-i440fx-99.0") && message.contains("use the QEMU"), message);
            message = assertThrows(IOException.class, () -> new Restorer(store).restore(taken.get(0).checkpoint(),
                    RestoreOptions.standard().withQemuBinary(Path.of("qemu-of-tomorrow")))).getMessage();
            assertTrue(message.contains("qemu-of-tomorrow"), message);
        }
    }

    @Test
    void aDetachedMachineOutlivesUs() throws Exception {
        DetachedMachine detached;
        try (RestoredMachines restored = new Restorer(store).restore(taken.get(0).checkpoint(), RestoreOptions
                .standard().withDetachable(true))) {
            detached = restored.first().machine().detach();
        }
        ProcessHandle qemu = ProcessHandle.of(detached.pid()).orElseThrow();
        try {
            try (UnixConnection console = UnixConnection.connect(detached.directory().resolve("console"))) {
                assertEquals(1, console.read(ByteBuffer.allocateDirect(1)), "the guest prints on");
            }
            assertTrue(qemu.isAlive());
        } finally {
            qemu.destroyForcibly();
            qemu.onExit().join();
            try (var files = Files.list(detached.directory())) {
                for (Path file : files.toList())
                    Files.delete(file);
            }
            Files.delete(detached.directory());
        }
    }

    private static void awaitRound(Machine machine, long atLeast) throws IOException {
        machine.console().awaitLine(line -> BootSector.round(line).orElse(0) >= atLeast, PATIENCE);
    }

    private static byte[] bytes(SharedMemory memory) {
        ByteBuffer bytes = ByteBuffer.allocate((int) memory.sizeBytes());
        memory.read(0, bytes.capacity(), bytes, 0);
        return bytes.array();
    }

    private static long round(byte[] memory, int offset) {
        return ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN).getInt(offset);
    }

    private static byte[] physical(Machine machine, long address, int length) throws IOException {
        try (SharedMemory file = SharedMemory.allocate("pmemsave", 0)) {
            machine.qmp().execute(QmpCommand.of("pmemsave").with("val", address).with("size", length).with("filename",
                    file.path()));
            return file.readFile(length);
        }
    }

    private static byte[] screen(Machine machine) throws IOException {
        try (SharedMemory file = SharedMemory.allocate("screendump", 0)) {
            machine.qmp().execute(QmpCommand.of("screendump").with("filename", file.path()));
            byte[] picture = file.readFile(16 << 20);
            assertNotEquals(0, picture.length);
            return picture;
        }
    }

    private static Byte[] box(byte[] bytes) {
        Byte[] boxed = new Byte[bytes.length];
        Arrays.setAll(boxed, i -> bytes[i]);
        return boxed;
    }

    private static Set<Long> children() {
        return ProcessHandle.current().descendants().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    private static Set<String> runFolders() throws IOException {
        try (var files = Files.list(RunDirectory.parent())) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.matches(
                    "freezeframe-(detached-)?" + ProcessHandle.current().pid() + "-.*")).collect(Collectors.toSet());
        }
    }
}
