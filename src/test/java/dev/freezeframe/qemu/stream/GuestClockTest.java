package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.freezeframe.qemu.profile.InstructionClock;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/// The guest's time is where QEMU keeps it (`vmstate_timers` in `system/cpu-timers.c`).
class GuestClockTest {
    private static final int NUMBERS = 3 * Long.BYTES;

    private static ByteBuffer timer() {
        return ByteBuffer.allocate(200).putLong(-5).putLong(0).putLong(1_234_567_890_123L);
    }

    private static ByteBuffer subsection(ByteBuffer content, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        return content.put((byte) 5).put((byte) bytes.length).put(bytes).putInt(1);
    }

    private static byte[] bytes(ByteBuffer content) {
        byte[] bytes = new byte[content.position()];
        content.get(0, bytes);
        return bytes;
    }

    private static byte[] counted(int shift) {
        ByteBuffer content = timer();
        subsection(content, "timer/icount").putLong(1_000).putLong(77);
        subsection(content, "timer/icount/warp_timer").putLong(8).putLong(9);
        subsection(content, "timer/icount/shift").putShort((short) shift);
        return bytes(content);
    }

    private static long nanos(byte[] timer) throws DeviceStateException {
        return GuestClock.nanos(timer, OptionalInt.empty());
    }

    @Test
    void itIsQemusClockOrMadeOfInstructions() throws Exception {
        assertEquals(1_234_567_890_123L, nanos(bytes(timer())));
        assertEquals(1_000 + 77 * 4, nanos(counted(2)));
        assertEquals(1_000 + 77, nanos(counted(0)));
    }

    /// QEMU keeps what an instruction takes only where it adapts that.
    @Test
    void whatAnInstructionAlwaysTakesIsNotInTheState() throws Exception {
        ByteBuffer content = timer();
        subsection(content, "timer/icount").putLong(1_000).putLong(77);
        byte[] fixed = bytes(content);
        assertEquals(1_000 + 77 * 8, GuestClock.nanos(fixed, OptionalInt.of(3)));
        assertEquals(1_234_567_890_123L, GuestClock.nanos(bytes(timer()), OptionalInt.of(3)));
        assertThrows(DeviceStateException.class, () -> nanos(fixed));
        assertThrows(DeviceStateException.class, () -> GuestClock.nanos(fixed, OptionalInt.of(11)));
        for (String settings : List.of("shift=3,sleep=off", "sleep=off,shift=3", "3", "3,align=on", "auto,shift=3")) {
            assertEquals(OptionalInt.of(3), InstructionClock.fixedShift(List.of("-s", "-icount", settings)), settings);
        }
        for (List<String> none : List.of(List.<String>of(), List.of("-icount"), List.of("-icount", "auto"),
                List.of("-icount",
                        "shift=auto,sleep=off"),
                List.of("-smp", "3"))) {
            assertEquals(OptionalInt.empty(), InstructionClock.fixedShift(none), none.toString());
        }
    }

    @Test
    void aDamagedOneIsRefused() {
        for (int length = 0; length < NUMBERS; length++) {
            byte[] cut = Arrays.copyOf(bytes(timer()), length);
            assertThrows(DeviceStateException.class, () -> nanos(cut));
        }
        assertThrows(DeviceStateException.class, () -> nanos(counted(-1)));
        assertThrows(DeviceStateException.class, () -> nanos(counted(64)));
        byte[] whole = counted(2);
        assertThrows(DeviceStateException.class, () -> nanos(Arrays.copyOf(whole, whole.length - 1)));
    }
}
