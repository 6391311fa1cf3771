package dev.freezeframe.qemu.stream;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.OptionalInt;

/// How long a guest has run, by QEMU's virtual clock, which stands while the guest does: it is in the section `timer` of a
/// device state (`system/cpu-timers.c`).
public final class GuestClock {
    private static final String SECTION = "timer";
    /// Behind `cpu_ticks_offset` and a number that is not used any more: `cpu_clock_offset`, which is the clock of a machine that
    /// stands.
    private static final int CLOCK_OFFSET = 2 * Long.BYTES;
    /// Where instructions are counted, the clock is made of them: `qemu_icount_bias` and `qemu_icount`.
    private static final byte[] COUNT = "timer/icount".getBytes(StandardCharsets.US_ASCII);
    /// How many nanoseconds an instruction takes, as a power of two: `icount_time_shift`. It is there only where QEMU adapts it.
    private static final byte[] SHIFT = "timer/icount/shift".getBytes(StandardCharsets.US_ASCII);
    private static final int MOST_SHIFT = 10;

    private GuestClock() {}

    /// Nanoseconds since the machine was switched on.
    ///
    /// @param fixedShift what an instruction takes where that is always the same, as a power of two
    /// @throws DeviceStateException if the state has no such clock, or a damaged one
    public static long nanos(DeviceState state, OptionalInt fixedShift) throws DeviceStateException {
        return nanos(state.sections().stream().filter(each -> each.name().equals(SECTION)).map(DeviceSection::content)
                .findFirst().orElseThrow(() -> new DeviceStateException("the device state has no clock")), fixedShift);
    }

    /// @param timer the content of the section
    static long nanos(byte[] timer, OptionalInt fixedShift) throws DeviceStateException {
        int count = behind(timer, COUNT);
        int shift = behind(timer, SHIFT);
        try {
            ByteBuffer bytes = ByteBuffer.wrap(timer);
            if (count < 0) {
                return bytes.getLong(CLOCK_OFFSET);
            }
            int power = shift < 0
                    ? fixedShift.orElseThrow(() -> new DeviceStateException(
                            "the clock of the device state counts instructions, and nothing says how long one takes"))
                    : bytes.getShort(shift);
            if (power < 0 || power > MOST_SHIFT) {
                throw new DeviceStateException("the clock of the device state is damaged");
            }
            return bytes.getLong(count) + (bytes.getLong(count + Long.BYTES) << power);
        } catch (IndexOutOfBoundsException e) {
            throw new DeviceStateException("the clock of the device state is cut off");
        }
    }

    /// Where the content of a subsection begins: behind its name, which has its length before it, and its version; -1 where there is
    /// none.
    private static int behind(byte[] timer, byte[] name) {
        for (int i = 1; i + name.length + Integer.BYTES <= timer.length; i++) {
            if (timer[i - 1] == name.length && Arrays.equals(timer, i, i + name.length, name, 0, name.length)) {
                return i + name.length + Integer.BYTES;
            }
        }
        return -1;
    }
}
