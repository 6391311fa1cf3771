package dev.freezeframe.qemu.stream;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// What one device has in a device state.
///
/// @param name     of the kind of device
/// @param instance which of its kind
/// @param version  of the format of its content
/// @param content  its bytes. Not to be changed
@SuppressWarnings("ArrayRecordComponent") // compared by isEqual
public record DeviceSection(String name, int instance, int version, byte[] content) {
    /// `cpu_ticks_offset`, a number that is not used any more, `cpu_clock_offset`.
    private static final int TIMER_HOST_BYTES = 3 * Long.BYTES;
    /// When, by the host's clock, an idle guest went to sleep, and when it is to be woken (`icount_vmstate_warp_timer`).
    private static final byte[] SLEEP = "timer/icount/warp_timer".getBytes(StandardCharsets.US_ASCII);
    private static final int SLEEP_HOST_BYTES = 2 * Long.BYTES;
    /// Two clocks; the instruction count follows.
    private static final int REPLAY_HOST_BYTES = 2 * Long.BYTES;
    /// QEMU's user network.
    private static final String HOST_NETWORK = "slirp";

    static List<DeviceSection> of(byte[] stream, StreamLayout layout) {
        return layout.devices().stream().map(device -> new DeviceSection(device.name(), device.instance(), device
                .version(), Arrays.copyOfRange(stream, device.contentStart(), device.contentEnd()))).toList();
    }

    /// Whether both are of the same device.
    public boolean isOfSameDevice(DeviceSection other) {
        return name.equals(other.name) && instance == other.instance;
    }

    /// Whether the other one is of the same device in the same state.
    public boolean isEqual(DeviceSection other) {
        return isOfSameDevice(other) && version == other.version && Arrays.equals(content, other.content);
    }

    /// The same without what is the host's and not the guest's, so that the states of two runs of one guest can be compared. That
    /// is what tells the host's time, the first numbers of `timer` (`cpus/icount.c`: offsets to the host's clocks), in it since when
    /// an idle guest sleeps, which a machine that stands at its end forgets (`icount_warp_rt`), and all of `replay` but the
    /// instruction count; and the other end of a user network, which hears nothing of a guest that is led by a
    /// log (`filter_replay_receive_iov`) and says nothing to it.
    public DeviceSection withoutHost() {
        int from = switch (name) {
            case "timer" -> Math.min(TIMER_HOST_BYTES, content.length);
            case ReplayPosition.SECTION -> Math.min(REPLAY_HOST_BYTES, content.length);
            case HOST_NETWORK -> content.length;
            default -> 0;
        };
        int to = name.equals(ReplayPosition.SECTION) ? Math.min(from + Long.BYTES, content.length) : content.length;
        byte[] rest = Arrays.copyOfRange(content, from, to);
        if (name.equals("timer")) {
            clearSleep(rest);
        }
        return new DeviceSection(name, instance, version, rest);
    }

    /// What follows the name of a subsection, and its version.
    private static void clearSleep(byte[] timer) {
        for (int i = 0; i + SLEEP.length + Integer.BYTES + SLEEP_HOST_BYTES <= timer.length; i++) {
            if (Arrays.equals(timer, i, i + SLEEP.length, SLEEP, 0, SLEEP.length)) {
                int first = i + SLEEP.length + Integer.BYTES;
                Arrays.fill(timer, first, first + SLEEP_HOST_BYTES, (byte) 0);
                return;
            }
        }
    }

    /// Such as `timer` or `serial#1`.
    @Override
    public String toString() {
        return instance == 0 ? name : name + "#" + instance;
    }
}
