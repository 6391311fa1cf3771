package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// What is the host's in a device's state makes no difference, and all else does.
class DeviceSectionTest {
    private static final int TIMER_VERSION = 2;

    /// As QEMU writes it with a virtual clock (`vmstate_timers` in `softmmu/cpu-timers.c`).
    private static DeviceSection timer(long hostOffset, long bias, long asleepSince, long wakeUp) {
        ByteBuffer content = ByteBuffer.allocate(200).putLong(hostOffset).putLong(0).putLong(hostOffset);
        subsection(content, "timer/icount").putLong(bias).putLong(77);
        subsection(content, "timer/icount/warp_timer").putLong(asleepSince).putLong(wakeUp);
        return new DeviceSection("timer", 0, TIMER_VERSION, Arrays.copyOf(content.array(), content.position()));
    }

    private static ByteBuffer subsection(ByteBuffer content, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        return content.put((byte) 5).put((byte) bytes.length).put(bytes).putInt(1);
    }

    private static boolean sameForTheGuest(DeviceSection one, DeviceSection other) {
        return one.withoutHost().isEqual(other.withoutHost());
    }

    @Test
    void theHostsTimeAndSinceWhenTheGuestSleepsMakeNoDifference() {
        assertTrue(sameForTheGuest(timer(1, 5, 100, 200), timer(2, 5, -1, -1)));
        assertFalse(sameForTheGuest(timer(1, 5, -1, -1), timer(1, 6, -1, -1)), "the guest's own clock");
        DeviceSection timer = timer(1, 5, 100, 200);
        byte[] before = timer.content().clone();
        timer.withoutHost();
        assertArrayEquals(before, timer.content());
    }

    @Test
    void aTimerThatEndsTooEarlyIsComparedAsItIs() {
        DeviceSection whole = timer(1, 5, 100, 200);
        for (int length = 0; length < whole.content().length; length++) {
            DeviceSection cut = new DeviceSection("timer", 0, TIMER_VERSION, Arrays.copyOf(whole.content(), length));
            assertEquals(Math.max(0, length - 24), cut.withoutHost().content().length);
        }
    }

    @Test
    void theOtherEndOfAUserNetworkIsTheHosts() {
        byte[] one = {1};
        byte[] two = {2, 3};
        assertTrue(sameForTheGuest(new DeviceSection("slirp", 0, 4, one), new DeviceSection("slirp", 0, 4, two)));
        assertFalse(sameForTheGuest(new DeviceSection("serial", 0, 4, one), new DeviceSection("serial", 0, 4, two)));
    }
}
