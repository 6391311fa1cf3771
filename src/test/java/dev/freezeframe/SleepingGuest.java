package dev.freezeframe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/// A guest that puts itself to sleep (S3) a second after its boot; woken, it boots again.
public final class SleepingGuest {
    /// Printed by the guest before it goes to sleep.
    public static final String MARK = "zz";
    /// An option ROM that waits a second by the firmware (`int 15h`, function 86h), prints [#MARK] and a new line to the serial
    /// port, and writes SLP_EN with the type of S3 to the ACPI register PM1a_CNT of QEMU's `pc` (hw/acpi/core.c):
    /// ```
    /// mov ah,86h; mov cx,0fh; mov dx,4240h; int 15h
    /// mov dx,3f8h; mov al,'z'; out dx,al; out dx,al; mov al,10; out dx,al
    /// mov dx,604h; mov ax,2400h; out dx,ax; 1: jmp 1b
    /// ```
    /// Woken, the firmware finds nobody to go on with, and boots again.
    private static final String SLEEPER = "55aa01" + "b486b90f00ba4042cd15" + "baf803b07aeeeeb00aee" + "ba0406b80024ef"
            + "ebfe";
    private static final int ROM_BYTES = 512;

    private SleepingGuest() {}

    /// Writes its profile and its ROM.
    ///
    /// @return the profile's file
    public static Path write(Path folder) throws IOException {
        byte[] rom = Arrays.copyOf(HexFormat.of().parseHex(SLEEPER), ROM_BYTES);
        int sum = 0;
        for (byte each : rom) {
            sum += each;
        }
        rom[ROM_BYTES - 1] = (byte) -sum;
        Files.write(folder.resolve("sleeper.rom"), rom);
        return Files.writeString(folder.resolve("sleeper.json"), "{\"memory\": \"16 MiB\", \"machine\": \"pc\","
                + " \"bootSector\": \"rounds\", \"arguments\": [\"-option-rom\", \"${profile}/sleeper.rom\"]}");
    }
}
