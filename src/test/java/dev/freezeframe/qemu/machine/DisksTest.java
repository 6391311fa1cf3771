package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.image.DiskBacking;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.DiskRecords;
import dev.freezeframe.qemu.profile.DiskRecordsCheck;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileReader;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ExpectWarnings;
import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Disks of real machines, written by the guest that says what it writes.
@Tag("qemu")
class DisksTest {
    private static final Duration PATIENCE = Await.PATIENCE;
    private static final long DISK_BYTES = 4 << 20;

    @TempDir
    private Path folder;

    private Path raw(String name) throws IOException {
        Path file = folder.resolve(name);
        try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
            image.setLength(DISK_BYTES);
        }
        return file;
    }

    private Path qcow2(String name) throws Exception {
        Path file = folder.resolve(name);
        run("qemu-img", "create", "-q", "-f", "qcow2", file.toString(), Long.toString(DISK_BYTES));
        return file;
    }

    private static void run(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(TestOutput.ofChildren())
                .start().waitFor(), String.join(" ", command));
    }

    private MachineSpec spec(BootProgram program, String disks) throws IOException {
        return MachineSpec.of(ProfileReader.read(Files.writeString(folder.resolve("p.json"),
                "{\"memory\": \"16 MiB\", \"bootSector\": \"" + program.text() + "\", \"disks\": [" + disks + "]}"),
                folder));
    }

    private static long awaitRound(Machine machine, long atLeast) throws Exception {
        return BootSector.round(machine.console().awaitLine(line -> BootSector.round(line).orElse(0) >= atLeast,
                PATIENCE)).orElseThrow();
    }

    @ParameterizedTest
    @EnumSource(Disk.Interface.class)
    void guestsWritesAreInTheImageWhenTheyAreKept(Disk.Interface each) throws Exception {
        Path image = raw("d.img");
        Machine machine = Machine.boot(spec(BootProgram.DISK_RECORDS,
                "{\"file\": \"d.img\", \"interface\": \"" + each.text() + "\", \"writes\": \"keep\"}"));
        DiskRecordsCheck check;
        try (machine) {
            awaitRound(machine, 192);
            machine.pause();
            check = DiskRecordsCheck.of(BootProgram.DISK_RECORDS, machine.memory());
        }
        assertEquals(Optional.empty(),
                check.problem(List.of(new DiskRecordsCheck.RawImage(image)), new byte[DiskRecords.BLOCK_BYTES]));
    }

    @Test
    void machinesThatDiscardWritesShareAnImageOfWhichNoByteChanges() throws Exception {
        Path plain = raw("a.img");
        Path sparse = qcow2("b.qcow2");
        byte[] before = new byte[DiskRecords.BLOCK_BYTES];
        Arrays.fill(before, (byte) 7);
        try (FileChannel image = FileChannel.open(plain, StandardOpenOption.WRITE)) {
            for (long at = 0; at < DISK_BYTES; at += before.length) {
                image.write(ByteBuffer.wrap(before), at);
            }
        }
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", plain.toString(), sparse.toString());
        assertTrue(plain.toFile().setReadOnly() && sparse.toFile().setReadOnly());
        byte[] plainBytes = Files.readAllBytes(plain);
        byte[] sparseBytes = Files.readAllBytes(sparse);
        MachineSpec spec = spec(BootProgram.DISK_WRITES, """
                {"file": "a.img", "interface": "ide"}, {"file": "b.qcow2", "interface": "scsi"},
                {"file": "a.img", "interface": "virtio"}, {"file": "b.qcow2", "interface": "scsi"}""");
        try (Machine first = Machine.boot(spec); Machine second = Machine.boot(spec)) {
            assertEquals(
                    List.of(new MachineDisk("disk0", "disk0", Optional.of("disk0-base"), "/machine/peripheral/disk0",
                            DISK_BYTES,
                            Disk.Interface.IDE),
                            new MachineDisk("disk1", "disk1", Optional.of("disk1-base"), "/machine/peripheral/disk1",
                                    DISK_BYTES,
                                    Disk.Interface.SCSI),
                            new MachineDisk("disk2", "disk2", Optional.of("disk2-base"),
                                    "/machine/peripheral/disk2/virtio-backend", DISK_BYTES,
                                    Disk.Interface.VIRTIO),
                            new MachineDisk("disk3", "disk3", Optional.of("disk3-base"), "/machine/peripheral/disk3",
                                    DISK_BYTES, Disk.Interface.SCSI)),
                    first.disks());
            awaitRound(first, 8);
            awaitRound(second, 3);
            for (Machine machine : List.of(first, second)) {
                machine.pause();
                DiskRecordsCheck check = DiskRecordsCheck.of(BootProgram.DISK_WRITES, machine.memory());
                assertEquals(Optional.empty(), check.problem(disks(machine), before));
                for (MachineDisk disk : machine.disks()) {
                    assertEquals(disk.node(), machine.qmp().execute(QmpCommand.of("qom-get").with("path", disk
                            .qomPath()).with("property", "drive")).asText());
                }
            }
        }
        assertArrayEquals(plainBytes, Files.readAllBytes(plain));
        assertArrayEquals(sparseBytes, Files.readAllBytes(sparse));
    }

    @Test
    void restoredDisksAreThoseOfTheMomentAndNeedNoImageFile() throws Exception {
        Path image = raw("gone.img");
        String disks = """
                {"file": "gone.img", "interface": "virtio"}, {"file": "gone.img", "interface": "scsi"},
                {"file": "gone.img", "interface": "ide"}""";
        try (Machine machine = Machine.boot(spec(BootProgram.DISK_RECORDS, disks));
                SharedMemory memory = SharedMemory.allocate("image", machine.ramBytes())) {
            awaitRound(machine, 128);
            machine.pause();
            List<DiskRecordsCheck.RawImage> moment = disks(machine);
            SavedState state = SavedState.of(machine);
            machine.memory().copyTo(memory);
            machine.resume();
            awaitRound(machine, 192); // the disks go on
            List<byte[]> contents = new ArrayList<>();
            Map<String, DiskBacking> backings = new HashMap<>();
            List<Process> servers = new ArrayList<>();
            Files.delete(image);
            try {
                for (int i = 0; i < moment.size(); i++) {
                    contents.add(Files.readAllBytes(moment.get(i).file()));
                    Path socket = folder.resolve("server" + i);
                    servers.add(new ProcessBuilder("qemu-nbd", "--read-only", "--persistent", "--shared=2", "-f", "raw",
                            "--socket=" + socket, "--export-name=moment", moment.get(i).file().toString())
                            .redirectErrorStream(true).redirectOutput(TestOutput.ofChildren())
                            .start());
                    Await.listening(servers.getLast(), socket);
                    backings.put("disk" + i, new DiskBacking(socket, "moment", DISK_BYTES));
                }
                MachineSpec recorded = MachineSpec
                        .fromRecord(new ObjectMapper().readTree(machine.toRecord().toString()));
                MachineException torn = assertThrows(MachineException.class, () -> Machine.incoming(recorded, memory,
                        true));
                assertTrue(torn.getMessage().contains("disk0 has no content of the same moment"), torn.getMessage());
                MachineSpec spec = recorded.withDiskBackings(backings);
                SharedMemory first = SharedMemory.allocate("first", machine.ramBytes());
                memory.copyTo(first);
                try (Machine restored = Machine.incoming(spec, first, false);
                        Machine second = Machine.incoming(spec, memory, true)) {
                    assertEquals(machine.disks(), restored.disks());
                    state.load(restored);
                    state.load(second);
                    assertLockstep(restored);
                    restored.resume();
                    second.resume();
                    awaitRound(restored, 192);
                    awaitRound(second, 192);
                    restored.pause();
                    assertLockstep(restored);
                }
                for (int i = 0; i < moment.size(); i++) {
                    assertArrayEquals(contents.get(i), Files.readAllBytes(moment.get(i).file()));
                }
            } finally {
                servers.forEach(Process::destroyForcibly);
            }
        }
    }

    @Test
    @ExpectWarnings("the guest is stopped: disk0 cannot be ")
    void guestWaitsWhenTheContentBelowItsDiskIsGone() throws Exception {
        raw("content");
        Path socket = folder.resolve("server");
        ProcessBuilder server = new ProcessBuilder("qemu-nbd", "--read-only", "--persistent", "-f", "raw", "--socket="
                + socket, folder.resolve("content").toString()).redirectErrorStream(true)
                .redirectOutput(TestOutput.ofChildren());
        Process running = server.start();
        try {
            Await.listening(running, socket);
            MachineSpec spec = spec(BootProgram.DISK_RECORDS, "{\"file\": \"none.img\", \"writes\": \"keep\"}")
                    .withDiskBackings(Map.of("disk0", new DiskBacking(socket, "", DISK_BYTES)));
            try (Machine machine = Machine.boot(spec.withStartPaused(true))) {
                BlockingQueue<StateChange> changes = new LinkedBlockingQueue<>();
                machine.onStateChange(changes::add);
                machine.resume();
                assertEquals(MachineState.RUNNING, changes.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS).state());
                running.destroyForcibly().waitFor();
                StateChange stopped = changes.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertEquals(MachineState.FAULTY, stopped.state());
                assertTrue(stopped.detail().startsWith("disk0 cannot be "), stopped.detail());
                Files.deleteIfExists(socket);
                long then = DiskRecordsCheck.of(BootProgram.DISK_RECORDS, machine.memory()).announced();
                running = server.start();
                Await.listening(running, socket);
                // QEMU looks for the server every few seconds, and until then every request fails at once
                Await.until("the guest writes on", () -> {
                    if (machine.state() == MachineState.FAULTY) {
                        machine.resume();
                    }
                    return machine.console().text().lines().anyMatch(line -> BootSector.round(line).orElse(0) >= then
                            + 64);
                });
                machine.pause();
                assertLockstep(machine);
            }
        } finally {
            running.destroyForcibly();
        }
    }

    private void assertLockstep(Machine paused) throws Exception {
        assertEquals(Optional.empty(), DiskRecordsCheck.of(BootProgram.DISK_RECORDS, paused.memory()).problem(disks(
                paused), new byte[DiskRecords.BLOCK_BYTES]));
    }

    /// The check itself can fail: a disk that is one write older or newer than the memory is found out.
    @Test
    void tornPairIsFoundOut() throws Exception {
        Path image = raw("d.img");
        Machine machine = Machine.boot(spec(BootProgram.DISK_RECORDS, "{\"file\": \"d.img\", \"writes\": \"keep\"}"));
        DiskRecordsCheck check;
        try (machine) {
            awaitRound(machine, 64);
            machine.pause();
            check = DiskRecordsCheck.of(BootProgram.DISK_RECORDS, machine.memory());
        }
        List<DiskRecordsCheck.RawImage> disks = List.of(new DiskRecordsCheck.RawImage(image));
        byte[] before = new byte[DiskRecords.BLOCK_BYTES];
        assertEquals(Optional.empty(), check.problem(disks, before));
        long done = check.completed();
        for (long other : new long[]{done - 2, done - 1, done + 2, done + 3}) {
            assertTrue(DiskRecordsCheck.of(BootProgram.DISK_RECORDS, other, other).problem(disks, before).isPresent(),
                    done + " passes for " + other);
        }
        assertTrue(DiskRecordsCheck.of(BootProgram.DISK_RECORDS, done + 2, done).problem(disks, before).isPresent());
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(DISK_BYTES - 1);
            file.write(1);
        }
        assertTrue(check.problem(disks, before).isPresent());
    }

    @Test
    @ExpectWarnings("the guest is stopped: disk0 cannot be written: No space left")
    void diskThatFailsStopsTheGuestWithTheReasonUntilItIsResumed() throws Exception {
        raw("d.img");
        try (Machine machine = Machine.boot(spec(BootProgram.DISK_RECORDS, "{\"file\": \"d.img\"}"))) {
            awaitRound(machine, 64);
            Await.until("it is known to run", () -> machine.state() == MachineState.RUNNING);
            BlockingQueue<StateChange> changes = new LinkedBlockingQueue<>();
            machine.onStateChange(changes::add);
            MachineDisk disk = machine.disks().getFirst();
            machine.qmp().execute(QmpCommand.of("blockdev-add").with("driver", "blkdebug").with("node-name", "full")
                    .with("image", disk.node()).with("inject-error", List.of(Map.of("event", "none", "iotype", "write",
                            "errno", 28, "once", true))));
            machine.qmp().execute(QmpCommand.of("qom-set").with("path", disk.qomPath()).with("property", "drive").with(
                    "value", "full"));
            StateChange stopped = changes.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertEquals(MachineState.FAULTY, stopped.state());
            assertEquals("disk0 cannot be written: No space left on device; make room in " + ScratchFolder.path()
                    + " and resume the machine, which then tries again", stopped.detail());
            assertEquals(stopped.detail(), machine.stateDetail());
            assertEquals("io-error", machine.runState());
            long round = DiskRecordsCheck.of(BootProgram.DISK_RECORDS, machine.memory()).announced();
            machine.resume();
            assertEquals(MachineState.RUNNING, changes.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS).state());
            awaitRound(machine, round + 128);
            machine.pause();
            assertLockstep(machine);
        }
    }

    @Test
    void detachedMachineKeepsItsThrowAwayDiskAndNothingElseIsLeft() throws Exception {
        raw("d.img");
        Set<Path> before = scratch();
        Machine machine = Machine.boot(spec(BootProgram.DISK_RECORDS, "{\"file\": \"d.img\"}").withDetachable(true));
        ProcessHandle qemu = ProcessHandle.of(machine.pid()).orElseThrow();
        Path directory = null;
        try {
            awaitRound(machine, 64);
            assertEquals(before, scratch(), "unnamed");
            DetachedMachine detached = machine.detach();
            directory = detached.directory();
            try (UnixConnection console = UnixConnection.connect(detached.consoleSocket());
                    QmpClient qmp = QmpClient.open(UnixConnection.connect(detached.qmpSocket()), _ -> "it ended",
                            PATIENCE)) {
                assertTrue(console.read(ByteBuffer.allocateDirect(1)) == 1, "the guest goes on");
                // a guest that is stopped and let go, and whose base is copied up, makes QEMU look at its files anew
                qmp.execute(QmpCommand.of("stop"));
                qmp.execute(QmpCommand.of("cont"));
                try (PendingEvent done = qmp.expect("BLOCK_JOB_COMPLETED", _ -> true)) {
                    qmp.execute(QmpCommand.of("block-stream").with("job-id", "up").with("device", "disk0"));
                    assertEquals("", done.await(PATIENCE).data().path("error").asText());
                }
                long written = writes(qmp);
                Await.until("it writes on", () -> writes(qmp) > written + 100);
                assertEquals("running", qmp.execute(QmpCommand.of("query-status")).path("status").asText());
                qmp.execute(QmpCommand.of("quit"));
            }
            Await.until("QEMU has quit", () -> !qemu.isAlive());
            assertEquals(before, scratch());
        } finally {
            qemu.destroyForcibly();
            machine.close();
            if (directory != null) {
                try (Stream<Path> files = Files.walk(directory)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        }
    }

    private static long writes(QmpClient qmp) throws IOException {
        return qmp.execute(QmpCommand.of("query-blockstats")).findValues("wr_operations").stream().mapToLong(
                JsonNode::asLong).sum();
    }

    private static Set<Path> scratch() throws IOException {
        try (Stream<Path> files = Files.list(ScratchFolder.path())) {
            return files.collect(Collectors.toSet());
        }
    }

    @Test
    void imageThatIsWrittenIsNoOtherMachines() throws Exception {
        Path image = raw("d.img");
        MachineSpec keeps = spec(BootProgram.DISK_RECORDS, "{\"file\": \"d.img\", \"writes\": \"keep\"}");
        MachineSpec discards = spec(BootProgram.DISK_RECORDS, "{\"file\": \"d.img\"}");
        try (Machine _ = Machine.boot(keeps.withStartPaused(true))) {
            for (MachineSpec other : List.of(keeps, discards)) {
                MachineException e = assertThrows(MachineException.class, () -> Machine.boot(other));
                assertEquals(
                        "the disk image " + image + " is in use by another machine or program, which writes it or must"
                                + " be its only user; end that one, or set writes to \"discard\" in both",
                        e.getMessage());
            }
        }
        try (Machine _ = Machine.boot(discards.withStartPaused(true))) {
            assertThrows(MachineException.class, () -> Machine.boot(keeps));
        }
    }

    @Test
    void imageThatCannotBeUsedIsToldInOneLineBeforeQemuStarts() throws Exception {
        raw("raw.img");
        Files.copy(qcow2("q.qcow2"), folder.resolve("q.img"));
        Files.createFile(folder.resolve("empty.img"));
        Map<String, String> wrong = Map.of("{\"file\": \"none.img\"}", "none.img, is not there; correct the profile",
                "{\"file\": \"raw.img\", \"format\": \"qcow2\"}", "is no qcow2 image; add \"format\": \"raw\"",
                "{\"file\": \"q.img\"}", "would be used as raw bytes; add \"format\": \"qcow2\"",
                "{\"file\": \"empty.img\"}", "is empty; give it a size", "{\"file\": \".\"}", "is no regular file");
        for (Map.Entry<String, String> each : wrong.entrySet()) {
            MachineSpec spec = spec(BootProgram.DISK_RECORDS, each.getKey());
            MachineException e = assertThrows(MachineException.class, () -> Machine.boot(spec));
            assertTrue(e.getMessage().startsWith("the image of disk0, " + folder), e.getMessage());
            assertTrue(e.getMessage().contains(each.getValue()), e.getMessage());
        }
    }

    @Test
    void readOnlyDiskIsReadFromItsImageAndIsNotCheckpointed() throws Exception {
        raw("d.img");
        MachineSpec spec = spec(BootProgram.ROUNDS,
                "{\"file\": \"d.img\", \"readOnly\": true, \"interface\": \"scsi\"},"
                        + "{\"file\": \"d.img\", \"readOnly\": true}");
        try (Machine machine = Machine.boot(spec)) {
            awaitRound(machine, 3);
            assertEquals(List.of(), machine.disks());
        }
    }

    @Test
    void aGuestThatWritesToAReadOnlyDiskIsToldSoAndRunsOn() throws Exception {
        raw("d.img");
        MachineSpec spec = spec(BootProgram.DISK_WRITES, "{\"file\": \"d.img\", \"readOnly\": true}");
        try (Machine machine = Machine.boot(spec)) {
            Await.until("a write is refused", () -> failedWrites(machine) > 0);
            assertEquals("running", machine.runState());
        }
    }

    private static long failedWrites(Machine machine) throws Exception {
        long failed = 0;
        for (JsonNode device : machine.qmp().execute(QmpCommand.of("query-blockstats"))) {
            failed += device.path("stats").path("failed_wr_operations").asLong();
        }
        return failed;
    }

    /// What the guest sees, read from QEMU itself.
    private List<DiskRecordsCheck.RawImage> disks(Machine machine) throws Exception {
        Path socket = folder.resolve("nbd-" + machine.pid());
        ObjectNode address = JsonNodeFactory.instance.objectNode().put("type", "unix");
        address.putObject("data").put("path", socket.toString());
        machine.qmp().execute(QmpCommand.of("nbd-server-start").with("addr", address));
        List<DiskRecordsCheck.RawImage> images = new ArrayList<>();
        for (MachineDisk disk : machine.disks()) {
            machine.qmp().execute(QmpCommand.of("block-export-add").with("type", "nbd").with("id", "look-" + disk.id())
                    .with("node-name", disk.node()));
            Path image = folder.resolve(machine.pid() + "-" + disk.id());
            run("qemu-img", "convert", "-f", "raw", "-O", "raw", "nbd+unix:///" + disk.id() + "?socket=" + socket, image
                    .toString());
            images.add(new DiskRecordsCheck.RawImage(image));
        }
        machine.qmp().execute(QmpCommand.of("nbd-server-stop"));
        return images;
    }
}
