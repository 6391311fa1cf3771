package dev.freezeframe.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.outside.MovedFile;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.KvmClock;
import dev.freezeframe.restore.SimpleRecorder.Taken;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.suite.Needs;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a restored machine takes from this computer is what was recorded, and what it writes is its own. The original lives on
/// beside it.
@Tag("qemu")
class OutsideOfTheGuestTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /// Where `env.pat` lies before `env.system_time_msr` in a processor's section, and its value in every machine.
    private static final int PAT_TO_SYSTEM_TIME = 1529 - 868;
    private static final byte[] PAT = {0, 7, 4, 6, 0, 7, 4, 6};

    @TempDir
    static Path folder;

    private static Path log;
    private static Path socket;
    private static Path cd;
    private static Path image;
    private static byte[] content;
    private static Store store;
    private static Machine original;
    private static SimpleRecorder recorder;
    private static Taken taken;

    @BeforeAll
    static void record() throws Exception {
        log = folder.resolve("bios.log");
        socket = folder.resolve("s");
        cd = folder.resolve("cd.iso");
        image = folder.resolve("data.img");
        content = new byte[1 << 20];
        Arrays.fill(content, (byte) 7);
        // relative, as QEMU would take it from where we are
        Path relative = Path.of("").toAbsolutePath().relativize(cd);
        Path profile = folder.resolve("outside.json");
        Files.writeString(profile, """
                {"memory": "16 MiB", "bootSector": "rounds", "disks": [{"file": "data.img", "readOnly": true}],
                 "arguments": ["-debugcon", "file:%s", "-global", "isa-debugcon.iobase=0x402",
                   "-chardev", "socket,id=line,path=%s,server=on,wait=off", "-device", "isa-serial,chardev=line",
                   "-cdrom", "%s"]}""".formatted(log, socket, relative));
        putBack();
        store = Store.open(folder.resolve("store"));
        original = Machine.boot(MachineSpec.of(Profiles.standard().find(profile.toString())).withAccelerator(
                Accelerator.TCG));
        original.console().awaitLine(line -> line.startsWith("round "), PATIENCE);
        recorder = new SimpleRecorder(store, original);
        taken = recorder.take();
    }

    @BeforeEach
    void filesAreAsRecorded() throws IOException {
        putBack();
    }

    private static void putBack() throws IOException {
        Files.write(cd, content);
        Files.write(image, content);
    }

    @AfterAll
    static void end() throws Exception {
        taken.close();
        recorder.close();
        original.close();
        store.close();
    }

    private static RestoredMachines restore(OutsideWishes wishes) throws IOException {
        return new Restorer(store).restore(taken.checkpoint(), RestoreOptions.standard().withLeavePaused(true)
                .withOutside(wishes));
    }

    private static OutsideWishes with(String role, Path file) {
        return new OutsideWishes(Map.of(role, file), Set.of(), Set.of(), false);
    }

    private static String refusal(OutsideWishes wishes) {
        String message = assertThrows(IOException.class, () -> restore(wishes).close()).getMessage();
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @Test
    void whatTheOriginalWritesAndListensAtStaysItsOwn() throws Exception {
        byte[] written = Files.readAllBytes(log);
        assertTrue(written.length > 0, "SeaBIOS writes there");
        try (RestoredMachines two = new Restorer(store).restore(taken.checkpoint(), RestoreOptions.standard().withCount(
                2))) {
            Set<Path> used = two.machines().stream().flatMap(each -> each.machine().movedFiles().stream()).map(
                    MovedFile::used).collect(Collectors.toSet());
            assertEquals(
                    Set.of(folder.resolve("bios.log.2"), folder.resolve("bios.log.3"), folder.resolve("s.2"), folder
                            .resolve("s.3")),
                    used);
            for (Path each : List.of(socket, folder.resolve("s.2"), folder.resolve("s.3"))) {
                try (SocketChannel call = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                    assertTrue(call.connect(UnixDomainSocketAddress.of(each)), each.toString());
                }
            }
        }
        assertArrayEquals(written, Files.readAllBytes(log));
        assertEquals(List.of("bios.log"), names("bios.log"), "nobody wrote to the others");
        assertEquals(List.of("s"), names("s"));
    }

    private static List<String> names(String prefix) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.matches(prefix + "(\\.\\d+)?"))
                    .toList();
        }
    }

    @Test
    void aSecondMachineOfTheProfileLeavesTheFirstAlone() throws Exception {
        byte[] written = Files.readAllBytes(log);
        try (Machine second = Machine.boot(original.spec().withStartPaused(true))) {
            assertEquals(Set.of("debugcon", "line"), second.movedFiles().stream().map(MovedFile::argument).collect(
                    Collectors.toSet()));
        }
        assertArrayEquals(written, Files.readAllBytes(log));
        assertEquals(List.of(), original.movedFiles());
    }

    @Test
    void aFileThatWasTouchedOrCopiedIsTheSame() throws Exception {
        Files.setLastModifiedTime(cd, FileTime.fromMillis(0));
        Files.copy(image, folder.resolve("copy"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(folder.resolve("copy"), image, StandardCopyOption.REPLACE_EXISTING);
        restore(OutsideWishes.NONE).close();
    }

    @Test
    void aFileWithAnotherContentIsRefusedUnlessThatIsAccepted() throws Exception {
        byte[] other = content.clone();
        other[other.length / 2] ^= 1;
        for (Path file : List.of(cd, image)) {
            String role = file.equals(cd) ? "cdrom" : "disk0";
            Files.write(file, other);
            String message = refusal(OutsideWishes.NONE);
            assertTrue(
                    message.contains(role + ", " + file + ", has changed since the machine was recorded: its content is"
                            + " another") && message.contains("--with " + role + "=PATH") && message.contains(
                                    "--accept-changed-media"),
                    message);
            restore(new OutsideWishes(Map.of(), Set.of(), Set.of(), true)).close();
            Files.write(file, Arrays.copyOf(content, 4096));
            assertTrue(refusal(OutsideWishes.NONE).contains("it has 4096 bytes instead of 1048576"));
            putBack();
        }
    }

    @Test
    void aFileThatWasMovedIsNamedAndChecked() throws Exception {
        Path moved = folder.resolve("elsewhere.img");
        Files.move(image, moved, StandardCopyOption.REPLACE_EXISTING);
        String message = refusal(OutsideWishes.NONE);
        assertTrue(
                message.contains("the image of disk0, " + image + ", is not there; put it back, or name the same file"
                        + " elsewhere with --with disk0=PATH"),
                message);
        try (RestoredMachines restored = restore(with("disk0", moved))) {
            assertEquals(moved, restored.first().machine().spec().profile().disks().getFirst().file());
        }
        Files.write(moved, new byte[content.length]);
        assertTrue(refusal(with("disk0", moved)).contains(moved + ", has changed"));
        assertTrue(refusal(with("disk7", moved)).endsWith("no file called disk7; it reads disk0, cdrom"));
    }

    @Test
    void whatAnArgumentHasOutsideCanBeLeftOut() throws Exception {
        try (RestoredMachines restored = restore(new OutsideWishes(Map.of(), Set.of("debugcon", "line"), Set.of(),
                false))) {
            assertEquals(List.of(), restored.first().machine().movedFiles());
        }
    }

    @Test
    void kvmsClockIsFoundInTheStateOfTheProcessor() throws Exception {
        byte[] state = store.readImageBytes(taken.checkpoint().id(), NewCheckpoint.DEVICE_STATE);
        assertEquals(List.of(), DeviceState.of(state).kvmClockAreas(), "TCG has none");
        int pat = indexOf(state, PAT);
        ByteBuffer.wrap(state).putLong(pat + PAT_TO_SYSTEM_TIME, 0xe8001).putLong(pat + PAT_TO_SYSTEM_TIME + 8,
                0xe9000);
        assertEquals(List.of(new KvmClock.Area(0xe8000, 32), new KvmClock.Area(0xe9000, 12)), DeviceState.of(state)
                .kvmClockAreas());
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        for (int i = 0; i + wanted.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        throw new AssertionError("not there");
    }

    @Test
    void everyByteIsVerifiedUnderKvmToo() throws Exception {
        Needs.KVM.orSkip(Accelerator.kvmDeviceProblem().isEmpty(), "KVM is not there");
        try (Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")).withAccelerator(
                Accelerator.KVM)); SimpleRecorder kvm = new SimpleRecorder(store, machine)) {
            machine.console().awaitLine(line -> line.startsWith("round "), PATIENCE);
            try (Taken checkpoint = kvm.take();
                    RestoredMachines restored = new Restorer(store).restore(checkpoint.checkpoint(), RestoreOptions
                            .standard().withVerifyRam(true))) {
                assertTrue(restored.first().ramVerified());
                assertTrue(assertThrows(IOException.class, () -> new Restorer(store).restore(checkpoint.checkpoint(),
                        RestoreOptions.standard().withAccelerator(Accelerator.TCG))).getMessage().contains(
                                "recorded under KVM"));
            }
        }
    }
}
