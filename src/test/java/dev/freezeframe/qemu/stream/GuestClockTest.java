package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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

    @Test
    void itIsQemusClockOrMadeOfInstructions() throws Exception {
        assertEquals(1_234_567_890_123L, GuestClock.nanos(bytes(timer())));
        assertEquals(1_000 + 77 * 4, GuestClock.nanos(counted(2)));
        assertEquals(1_000 + 77, GuestClock.nanos(counted(0)));
    }

    @Test
    void aDamagedOneIsRefused() {
        for (int length = 0; length < NUMBERS; length++) {
            byte[] cut = Arrays.copyOf(bytes(timer()), length);
            assertThrows(DeviceStateException.class, () -> GuestClock.nanos(cut));
        }
        assertThrows(DeviceStateException.class, () -> GuestClock.nanos(counted(-1)));
        assertThrows(DeviceStateException.class, () -> GuestClock.nanos(counted(64)));
        byte[] whole = counted(2);
        assertThrows(DeviceStateException.class, () -> GuestClock.nanos(Arrays.copyOf(whole, whole.length - 1)));
    }
}
