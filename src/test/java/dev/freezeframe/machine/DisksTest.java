package dev.freezeframe.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.qmp.QmpCommand;

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
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Disks of real machines, written by the guest that says what it writes.
class DisksTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
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
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), String.join(" ", command));
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
            awaitRound(machine, 500);
            machine.pause();
            check = DiskRecordsCheck.of(BootProgram.DISK_RECORDS, machine.memory());
        }
        System.out.println(each + " " + check.announced() + " " + check.completed());
        assertEquals(Optional.empty(), check.problem(List.of(new DiskRecordsCheck.RawImage(image)), new byte[4096]));
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
            assertEquals(List.of(new MachineDisk("disk0", "disk0", "/machine/peripheral/disk0", DISK_BYTES,
                    Disk.Interface.IDE),
                    new MachineDisk("disk1", "disk1", "/machine/peripheral/disk1", DISK_BYTES,
                            Disk.Interface.SCSI),
                    new MachineDisk("disk2", "disk2", "/machine/peripheral/disk2/virtio-backend", DISK_BYTES,
                            Disk.Interface.VIRTIO),
                    new MachineDisk("disk3", "disk3", "/machine/peripheral/disk3", DISK_BYTES, Disk.Interface.SCSI)),
                    first.disks());
            awaitRound(first, 20);
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
            assertTrue(first.discardedWritesBytes() > 4 * (100 << 10), "bytes " + first.discardedWritesBytes());
        }
        assertArrayEquals(plainBytes, Files.readAllBytes(plain));
        assertArrayEquals(sparseBytes, Files.readAllBytes(sparse));
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
