package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileReader;
import dev.freezeframe.qemu.program.MachineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whoever wrote a profile that QEMU does not start is told which of its fields is wrong.
@Tag("qemu")
class StartFailureTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void makeFiles() throws IOException {
        Files.write(folder.resolve("d.img"), new byte[1 << 20]);
        // as long as a UEFI's code without its variables is, which is no multiple of 64 KiB
        Files.write(folder.resolve("OVMF_CODE_4M.fd"), new byte[3_653_632]);
        Files.writeString(folder.resolve("text"), "no kernel");
    }

    private MachineSpec spec(String fields) throws IOException {
        return MachineSpec.of(ProfileReader.parse("odd", "{\"memory\": \"16 MiB\", " + fields + "}", folder, folder))
                .withAccelerator(Accelerator.TCG).withStartPaused(true);
    }

    private String failure(MachineSpec spec) {
        MachineException e = assertThrows(MachineException.class, () -> Machine.boot(spec).close());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        return e.getMessage();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "machine": "pc-i440fx-0.1"              | correct the profile's field machine: write a type
            "machine": "pc,colour=red"              | correct the profile's field machine: take that option
            "display": "hologram"                   | correct the profile's field display
            "machine": "isapc", "cpus": 200         | correct the profile's field cpus
            "firmware": "OVMF_CODE_4M.fd"           | correct the profile's field firmware: name one whole image
            "kernel": "text"                        | correct the profile's field kernel
            "arguments": ["-device", "flux"]        | correct the profile's arguments
            "arguments": ["-machine-x"]             | correct the profile's arguments
            """)
    void theFieldThatIsWrongIsNamed(String fields, String remedy) throws IOException {
        String message = failure(spec(fields));
        assertTrue(message.startsWith("QEMU did not start for profile odd: it ended with exit status 1: "), message);
        assertTrue(message.contains("; " + remedy), message);
    }

    @Test
    void diskOnAMachineWithoutItsBusIsToldFromTheMachine() throws IOException {
        assertEquals("the machine type microvm of profile odd has no PCI bus, which disk0 with its interface virtio"
                + " needs; set machine to \"pc\" or \"q35\", or to \"microvm,pcie=on\"",
                failure(spec("\"machine\": \"microvm\", \"disks\": [{\"file\": \"d.img\"}]")));
        assertEquals("the machine type isapc of profile odd has no PCI bus, which disk1 with its interface scsi needs;"
                + " set machine to \"pc\" or \"q35\"",
                failure(spec("\"machine\": \"isapc\", \"disks\": [{\"file\": \"d.img\", \"interface\": \"ide\"},"
                        + " {\"file\": \"d.img\", \"interface\": \"scsi\"}]")));
        assertEquals("the machine type microvm of profile odd has no IDE bus, which disk0 with its interface ide needs;"
                + " set the disk's interface to \"virtio\"",
                failure(spec("\"machine\": \"microvm,pcie=on\", \"disks\": [{\"file\": \"d.img\","
                        + " \"interface\": \"ide\"}]")));
        assertEquals(
                "the machine type microvm of profile odd has no floppy drive, from which its bootSector is started;"
                        + " set machine to \"pc\" or \"q35\"",
                failure(spec("\"machine\": \"microvm\", \"bootSector\": \"rounds\"")));
        // what is said is right
        Machine.boot(spec("\"machine\": \"microvm,pcie=on\", \"disks\": [{\"file\": \"d.img\"}]")).close();
    }

    @Test
    void imageThatOnlyQemuFindsWrongIsNamed() throws Exception {
        Path image = folder.resolve("d.qcow2");
        assertEquals(0,
                new ProcessBuilder("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "8M").inheritIO()
                        .start().waitFor());
        byte[] bytes = Files.readAllBytes(image);
        bytes[47] = 1; // its first table is where none can be
        Files.write(image, bytes);
        String message = failure(spec("\"disks\": [{\"file\": \"d.qcow2\"}]"));
        assertTrue(message.endsWith("; QEMU cannot use the image of disk0; look at it: qemu-img check " + image),
                message);
    }
}
