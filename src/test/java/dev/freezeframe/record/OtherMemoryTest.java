package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.profile.RamBlock;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Memory that is not the guest's RAM is named where it keeps a machine from being recorded, with what to do about it.
class OtherMemoryTest {
    private static RamBlock block(String name, boolean writable) {
        return new RamBlock(name, 1 << 20, 1 << 20, writable);
    }

    @Test
    void aFirmwareInFlashIsNoGraphicsCard() {
        assertEquals(
                "a machine that has other memory than its RAM (system.flash0, system.flash1) and a disk that the guest"
                        + " can write cannot be recorded: QEMU saves such memory by a migration only, and refuses that while a disk"
                        + " is frozen; instead of a firmware on if=pflash set the profile's firmware to one image that has code and"
                        + " variables, such as /usr/share/ovmf/OVMF.fd, or the disk to \"readOnly\": true",
                Recording.besideDisks(List.of(block(RamBlock.MAIN, true), block("system.flash0", true), block("pc.rom",
                        false), block("system.flash1", true))));
    }

    @Test
    void aGraphicsCardIsTakenOut() {
        String line = Recording.besideDisks(List.of(block("0000:00:02.0/vga.vram", true), block(RamBlock.MAIN, true)));
        assertTrue(line.contains("(0000:00:02.0/vga.vram)"), line);
        assertTrue(line.contains("set the profile's display to \"none\""), line);
    }
}
