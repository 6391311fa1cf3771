package dev.freezeframe.qemu.stream;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// QEMU's log of a run, read event by event, as far as it takes to tell between which instructions nothing came to the guest.
/// Big endian; each event is a byte that says its kind and what belongs to it (`replay/replay-internal.h`,
/// `replay-events.c`, `replay-input.c` of QEMU 7.2 and 10.0).
///
/// For one thread. What cannot be read is no error: nothing is known then.
public final class ReplayEvents {
    static final int INSTRUCTIONS = 0x00;
    /// Of the event above: its kind and a number.
    static final int RUN_BYTES = 5;
    private static final int BOTTOM_HALF = 0x03;
    private static final int BOTTOM_HALF_ONCE = 0x04;
    private static final int INPUT = 0x05;
    private static final int CHARACTERS = 0x07;
    private static final int BLOCK = 0x08;
    private static final int PACKET = 0x09;
    private static final int CHARACTERS_WRITTEN = 0x16;
    private static final int ALL_CHARACTERS = 0x17;
    private static final int ALL_CHARACTERS_FAILED = 0x18;
    private static final int SOUND_OUT = 0x19;
    private static final int SOUND_IN = 0x1a;
    private static final int RANDOM = 0x1b;
    private static final int HOST_CLOCK = 0x1c;
    private static final int REAL_TIME_CLOCK = 0x1d;
    private static final int END = 0x27;

    /// A key by its number, or by QEMU's name of it; a button; a way or a place of the pointer.
    private static final int[] INPUT_BYTES = {-1, 5, 12, 12};
    private static final int KEY = 0;
    private static final int[] KEY_BYTES = {9, 5};

    /// So many events between two instructions are no run, but a log that is damaged.
    private static final int MOST_EVENTS = 100_000;
    private static final int MOST_BYTES = 1 << 24;

    private final FileChannel log;
    private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
    private long position;

    private ReplayEvents(FileChannel log, long position) {
        this.log = log;
        this.position = position;
    }

    /// The next instruction behind a position before which, and behind which, the guest executes another without anything
    /// from outside: two replays that stop there stop in the same state, whatever was between events where they began.
    ///
    /// @param log  of which the events behind the position are there
    /// @param from of a state that was saved while the run was recorded
    /// @return an instruction count; empty where the log ends before, or has what we do not know
    public static OptionalLong quietInstruction(FileChannel log, ReplayPosition from) throws IOException {
        if (from.eventRead()) {
            return OptionalLong.empty();
        }
        ReplayEvents events = new ReplayEvents(log, from.logOffset());
        long instruction = from.logged();
        try {
            for (int i = 0; i < MOST_EVENTS; i++) {
                int kind = events.unsignedByte();
                if (kind == INSTRUCTIONS) {
                    long run = events.unsignedInt();
                    long quiet = Math.max(instruction, from.instructions()) + 1;
                    if (quiet < instruction + run) {
                        return OptionalLong.of(quiet);
                    }
                    instruction += run;
                } else if (!events.skip(kind)) {
                    return OptionalLong.empty();
                }
            }
        } catch (EOFException e) {
            // it ends before
        }
        return OptionalLong.empty();
    }

    /// The run of instructions that is next in the log; empty where it is something else, or the log ends.
    static OptionalInt nextRun(FileChannel log, long offset) throws IOException {
        ReplayEvents events = new ReplayEvents(log, offset);
        try {
            if (events.unsignedByte() == INSTRUCTIONS) {
                long run = events.unsignedInt();
                return run <= Integer.MAX_VALUE ? OptionalInt.of((int) run) : OptionalInt.empty();
            }
        } catch (EOFException e) {
            // it ends before
        }
        return OptionalInt.empty();
    }

    /// Goes behind what belongs to an event of this kind, if we know how long that is.
    private boolean skip(int kind) throws IOException {
        return switch (kind) {
            case BOTTOM_HALF, BOTTOM_HALF_ONCE, BLOCK, CHARACTERS_WRITTEN, SOUND_OUT, HOST_CLOCK, REAL_TIME_CLOCK ->
                skipBytes(
                        8);
            case ALL_CHARACTERS_FAILED -> skipBytes(4);
            case CHARACTERS -> skipBytes(1) && skipArray();
            case ALL_CHARACTERS -> skipArray();
            case PACKET -> skipBytes(5) && skipArray();
            case RANDOM -> skipBytes(4) && skipArray();
            case INPUT -> skipInput();
            case SOUND_IN, END -> false;
            default -> kind < END;
        };
    }

    private boolean skipInput() throws IOException {
        long type = unsignedInt();
        if (type == KEY) {
            long form = unsignedInt();
            return form < KEY_BYTES.length && skipBytes(KEY_BYTES[(int) form]);
        }
        return type < INPUT_BYTES.length && skipBytes(INPUT_BYTES[(int) type]);
    }

    private boolean skipArray() throws IOException {
        long length = unsignedInt();
        return length <= MOST_BYTES && skipBytes(length);
    }

    private boolean skipBytes(long bytes) {
        position += bytes;
        return true;
    }

    private int unsignedByte() throws IOException {
        read(1);
        return number.get() & 0xff;
    }

    private long unsignedInt() throws IOException {
        read(Integer.BYTES);
        return number.getInt() & 0xffff_ffffL;
    }

    private void read(int bytes) throws IOException {
        number.clear().limit(bytes);
        while (number.hasRemaining()) {
            int read = log.read(number, position);
            if (read < 0) {
                throw new EOFException();
            }
            position += read;
        }
        number.flip();
    }
}
