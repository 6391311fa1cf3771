package dev.freezeframe.qemu.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.freezeframe.qemu.program.MachineException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Texts of `info ramblock` as QEMU 7.2 and 10.0 print them.
class RamBlockTest {
    private static final String OF_7_2 = """
                          Block Name    PSize              Offset               Used              Total
                                 ram    4 KiB  0x0000000000000000 0x0000000004000000 0x0000000004000000
               0000:00:01.0/vga.vram    4 KiB  0x0000000004080000 0x0000000001000000 0x0000000001000000
                /rom@etc/acpi/tables    4 KiB  0x0000000005100000 0x0000000000020000 0x0000000000200000
                             pc.bios    4 KiB  0x0000000004000000 0x0000000000040000 0x0000000000040000
              0000:00:02.0/e1000.rom    4 KiB  0x00000000050c0000 0x0000000000040000 0x0000000000040000
                              pc.rom    4 KiB  0x0000000004040000 0x0000000000020000 0x0000000000020000
            """;
    private static final String OF_10_0 = """
                        Block Name    PSize              Offset               Used              Total                HVA  RO
                               ram    4 KiB  0x0000000000000000 0x0000000010000000 0x0000000010000000 0x00007f54a3e00000  rw
                           tpm-ppi    4 KiB  0x0000000010080000 0x0000000000001000 0x0000000000001000 0x00007f54a3c00000  rw
                        odd blob 2    4 KiB  0x0000000010090000 0x0000000000001000 0x0000000000001000 0x00007f54a3c00000  ro
                           pc.bios    4 KiB  0x0000000010000000 0x0000000000040000 0x0000000000040000 0x00007f54a3a00000  ro
            """;

    private static List<String> writable(String text, String machineType) throws MachineException {
        return RamBlock.parse(text, machineType).stream().filter(RamBlock::writable).map(RamBlock::name).toList();
    }

    @Test
    void romsAreToldByNameWhereQemuDoesNotSay() throws MachineException {
        assertEquals(List.of("ram", "0000:00:01.0/vga.vram"), writable(OF_7_2, "pc-q35-7.2"));
        assertEquals(0x20000, RamBlock.parse(OF_7_2, "pc-q35-7.2").get(2).usedBytes());
        assertEquals(0x200000, RamBlock.parse(OF_7_2, "pc-q35-7.2").get(2).maxBytes());
    }

    @Test
    void withoutPciTheOptionRomAreaIsPlainRam() throws MachineException {
        assertEquals(List.of("ram", "0000:00:01.0/vga.vram", "pc.rom"), writable(OF_7_2, "isapc"));
    }

    @Test
    void qemusOwnWordCountsWhereItGivesIt() throws MachineException {
        assertEquals(List.of("ram", "tpm-ppi"), writable(OF_10_0, "pc-i440fx-10.0"));
    }

    @Test
    void textInAnUnknownFormIsRefused() {
        assertThrows(MachineException.class, () -> RamBlock.parse(OF_7_2 + "secret.ram somewhere\n", "pc"));
        assertThrows(MachineException.class, () -> RamBlock.parse("", "pc"));
    }
}
