package dev.freezeframe.qemu.stream;

import java.nio.ByteBuffer;
import java.util.Optional;

/// Where in a run a machine stands whose run QEMU records or executes again: the section `replay` of its device state
/// (`replay/replay-snapshot.c`), and what the section `timer` knows of it (`system/cpu-timers.c`).
///
/// While QEMU records, instructions come to the log with the next event, not at once. So a machine can have executed more than is
/// logged.
///
/// @param instructions that the guest had executed since it was booted
/// @param logged       how many of them the log up to here has
/// @param event        what the log has next, QEMU's number of it, where `eventRead` says that it was read already
/// @param eventRead    whether the log was read one event ahead
/// @param runLeft      where that event is a run of instructions, how many of these are behind `logged`
/// @param logOffset    bytes of the log up to here
public record ReplayPosition(long instructions, long logged, int event, boolean eventRead, int runLeft,
        long logOffset) {
    static final String SECTION = "replay";
    /// From here on there is one more number, and a truth value has one byte.
    private static final int WITH_CURRENT_EVENT = 3;
    private static final int CLOCK_BYTES = 16;
    private static final int OLDER_BYTES = 60;
    private static final int NEWER_BYTES = 61;
    private static final String TIMERS = "timer";
    /// Three numbers of the section, then the subsection with the count.
    private static final int TIMERS_BYTES = 24;
    /// The subsection: its mark, its name, its version, two numbers.
    private static final int COUNT_BYTES = 1 + 1 + "timer/icount".length() + 4 + 16;
    private static final int SUBSECTION = 5;
    private static final String COUNT = "timer/icount";

    /// Whether a log leads a replay up to here: QEMU reads the next event before it executes what is before that.
    ///
    /// @param logEnd the byte behind the last one of the log
    public boolean isReachedBy(long logEnd) {
        return logOffset <= logEnd - ReplayEvents.RUN_BYTES;
    }

    /// The position in a state; empty where the run is not recorded.
    static Optional<ReplayPosition> in(byte[] stream, StreamLayout layout) throws DeviceStateException {
        Optional<StreamLayout.Device> section = device(layout, SECTION);
        if (section.isEmpty()) {
            return Optional.empty();
        }
        StreamLayout.Device device = section.get();
        boolean newer = device.version() >= WITH_CURRENT_EVENT;
        if (device.contentEnd() - device.contentStart() != (newer ? NEWER_BYTES : OLDER_BYTES)) {
            throw new DeviceStateException(
                    "the section " + SECTION + " of the device state has another length than it should"
                            + " have; it is damaged");
        }
        StreamCursor cursor = new StreamCursor(stream, device.contentStart());
        cursor.skip(CLOCK_BYTES, "the clocks of " + SECTION);
        long logged = cursor.be64("current_icount");
        int run = cursor.be32("instruction_count");
        if (newer) {
            cursor.be32("current_event");
        }
        int event = cursor.be32("data_kind");
        boolean read = (newer ? cursor.u8("has_unread_data") : cursor.be32("has_unread_data")) != 0;
        long offset = cursor.be64("file_offset");
        long executed = Math.max(logged, executed(stream, layout).orElse(logged));
        if (logged < 0 || offset < 0 || executed - logged > Integer.MAX_VALUE) {
            throw new DeviceStateException("device state has the position " + logged + " in a log at byte " + offset
                    + "; it is damaged");
        }
        return Optional.of(new ReplayPosition(executed, logged, event, read, run, offset));
    }

    private static Optional<Long> executed(byte[] stream, StreamLayout layout) throws DeviceStateException {
        Optional<StreamLayout.Device> timers = device(layout, TIMERS);
        if (timers.isEmpty() || timers.get().contentEnd() - timers.get().contentStart() < TIMERS_BYTES + COUNT_BYTES) {
            return Optional.empty();
        }
        StreamCursor cursor = new StreamCursor(stream, timers.get().contentStart());
        cursor.skip(TIMERS_BYTES, "the clocks of " + TIMERS);
        if (cursor.u8("subsection") != SUBSECTION || !cursor.name("name of a subsection").equals(COUNT)) {
            return Optional.empty();
        }
        cursor.be32("version of " + COUNT);
        cursor.be64("qemu_icount_bias");
        return Optional.of(cursor.be64("qemu_icount"));
    }

    private static Optional<StreamLayout.Device> device(StreamLayout layout, String name) {
        return layout.devices().stream().filter(device -> device.name().equals(name)).findFirst();
    }

    /// The section as it is in a state of the same moment in which the log has all that was executed.
    ///
    /// @param next the run of instructions that is next in the log
    static byte[] withAllLogged(byte[] content, int version, ReplayPosition position, int next) {
        long ahead = position.instructions - position.logged;
        boolean newer = version >= WITH_CURRENT_EVENT;
        byte[] written = content.clone();
        ByteBuffer bytes = ByteBuffer.wrap(written);
        int left = (int) (next - ahead);
        bytes.putLong(CLOCK_BYTES, position.instructions).putInt(CLOCK_BYTES + 8, left);
        int kind = CLOCK_BYTES + 12 + (newer ? 4 : 0);
        bytes.putInt(kind, ReplayEvents.INSTRUCTIONS);
        int read = kind + 4;
        // a run of none is over: QEMU then reads what comes behind it
        if (newer) {
            bytes.put(read, (byte) (left > 0 ? 1 : 0));
        } else {
            bytes.putInt(read, left > 0 ? 1 : 0);
        }
        bytes.putLong(read + (newer ? 1 : 4), position.eventRead
                ? position.logOffset
                : position.logOffset
                        + ReplayEvents.RUN_BYTES);
        return written;
    }
}
