package dev.freezeframe.qemu.stream;

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
    /// is what tells the host's time, the first numbers of `timer` (`cpus/icount.c`: offsets to the host's clocks) and all of
    /// `replay` but the instruction count; and the other end of a user network, which hears nothing of a guest that is led by a
    /// log (`filter_replay_receive_iov`) and says nothing to it.
    public DeviceSection withoutHost() {
        int from = switch (name) {
            case "timer" -> Math.min(TIMER_HOST_BYTES, content.length);
            case ReplayPosition.SECTION -> Math.min(REPLAY_HOST_BYTES, content.length);
            case HOST_NETWORK -> content.length;
            default -> 0;
        };
        int to = name.equals(ReplayPosition.SECTION) ? Math.min(from + Long.BYTES, content.length) : content.length;
        return new DeviceSection(name, instance, version, Arrays.copyOfRange(content, from, to));
    }

    /// Such as `timer` or `serial#1`.
    @Override
    public String toString() {
        return instance == 0 ? name : name + "#" + instance;
    }
}
