package dev.freezeframe.qemu.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.program.MachineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A profile whose run can be executed again: what QEMU is told for it, and what cannot be.
class ReplayRulesTest {
    @TempDir
    private Path folder;

    private Profile read(String fields) throws IOException {
        return ProfileReader
                .read(Files.writeString(folder.resolve("p.json"), "{\"memory\": \"16 MiB\", \"replay\": true"
                        + fields + "}"), Path.of("/guest"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "display": "std"                                    | graphics card
            "machine": "microvm"                                | pc and q35
            "arguments": ["-vga", "std"]                        | graphics card
            "arguments": ["-netdev", "{\\"type\\":\\"user\\"}"]       | network
            "cpus": 2                                           | one processor
            "accelerator": "kvm"                                | KVM logs nothing
            "machine": "q35,hpet=on"                            | HPET
            "disks": [{"file": "a.img", "interface": "ide"}]    | set its interface to "virtio"
            "disks": [{"file": "a.img", "interface": "scsi"}]   | set its interface to "virtio"
            "disks": [{"file": "a.img", "readOnly": true}]      | leave readOnly out
            "disks": [{"file": "a.qcow2"}]                      | qemu-img convert -O raw
            "arguments": ["-device", "e1000,netdev=n"]          | e1000
            "arguments": ["-device", "driver=E1000e,netdev=n"]  | E1000e
            "arguments": ["-device", "{\\"driver\\":\\"e1000\\"}"]  | e1000
            "arguments": ["--device", "e1000"]                  | e1000
            "arguments": ["-device", "virtio-net-pci,netdev=n"] | tx=timer
            "arguments": ["-device", "virtio-net,tx=bh"]        | tx=timer
            "arguments": ["-device", "virtio-net,tx=timer,packed=on"] | leave packed=on out
            "arguments": ["-device", "{\\"driver\\":\\"virtio-net-pci-non-transitional\\"}"]  | tx=timer
            "arguments": ["-icount", "shift=3"]                 | -icount
            "arguments": ["-rtc", "base=utc"]                   | -rtc
            "arguments": ["-seed", "5"]                         | -seed
            "arguments": ["-cdrom", "a.iso"]                    | medium
            "arguments": ["-nic", "user"]                       | network
            "arguments": ["-smp", "2"]                          | one processor
            "arguments": ["-plugin", "x.so"]                    | plugin
            """)
    void whatBreaksAReplayIsRefusedWithTheReason(String fields, String reason) {
        ProfileException e = assertThrows(ProfileException.class, () -> read(", " + fields.strip()));
        assertTrue(e.getMessage().contains(reason.strip()), e::getMessage);
        assertFalse(e.getMessage().contains("\n"), e::getMessage);
    }

    @Test
    void qemuLogsTheRunAndEachNetwork() throws IOException {
        List<String> line = CommandLinePreview.of(read(
                ", \"arguments\": [\"-netdev\", \"user,id=lan\", \"-device\", \"virtio-net-pci,netdev=lan,tx=timer\"]"));
        String text = String.join(" ", line);
        assertTrue(text.contains("-icount shift=2,rr=record,rrfile="), text);
        assertTrue(text.contains("-accel tcg"), text);
        assertTrue(text.contains("hpet=off"), text);
        assertTrue(text.contains("-rtc base=2020-01-01,clock=vm -seed 1"), text);
        assertTrue(text.contains("-object filter-replay,id=ff-replay-lan,netdev=lan"), text);
        assertTrue(text.indexOf("filter-replay") > text.indexOf("user,id=lan"), "QEMU wants the network first");
    }

    @Test
    void itsDisksAreServedBelowTheDriverThatLogsThem() throws IOException {
        List<String> line = CommandLinePreview.of(read(", \"disks\": [{\"file\": \"a.img\"}, {\"file\": \"b.img\","
                + " \"writes\": \"keep\"}]"));
        for (int i = 0; i < 2; i++) {
            int replayed = line.indexOf("{\"driver\":\"blkreplay\",\"node-name\":\"disk" + i + "\",\"image\":\"disk" + i
                    + "-served\",\"discard\":\"unmap\"}");
            assertTrue(replayed > 0, line::toString);
            assertTrue(line.get(replayed - 2).startsWith("{\"driver\":\"nbd\",\"node-name\":\"disk" + i
                    + "-served\",\"export\":\"disk" + i + "\""), line::toString);
            assertTrue(line.get(replayed + 2).startsWith("virtio-blk-pci,id=disk" + i), line::toString);
        }
        String text = String.join(" ", line);
        assertFalse(text.contains(".img"), "QEMU opens no image: " + text);
        assertFalse(text.contains("sleep=off"), text);
    }

    @Test
    void aMachineForItIsRecordedAsOne() throws IOException, MachineException {
        MachineSpec spec = MachineSpec.of(read(""));
        assertTrue(
                MachineSpec.fromRecord(spec.toRecord("pc-i440fx-7.2", "7.2.22", Accelerator.TCG, List.of(), List.of()))
                        .profile().replay());
        assertEquals(Accelerator.TCG, spec.decidedAccelerator());
    }
}
