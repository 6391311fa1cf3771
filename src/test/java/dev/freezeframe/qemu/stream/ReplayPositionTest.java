package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Where in a run a state is, and that a replay begins at that very instruction also where the log was behind.
class ReplayPositionTest {
    private static final int HEADER_BYTES = 12;
    private static final int CLOCK = 0x1c;
    private static final int CLOCK_EVENT_BYTES = 9;
    private static final long LOGGED = 5_000;

    @TempDir
    private Path folder;

    /// A state as QEMU 7.2 (section version 2) or a later one (3) saves it.
    private static byte[] state(int version, long logged, long executed, int event, boolean read, int run,
            long offset) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(new byte[]{'Q', 'E', 'V', 'M', 0, 0, 0, 3});
            begin(out, 0, "timer", 2);
            out.write(new byte[24]);
            out.writeByte(5);
            text(out, "timer/icount");
            out.writeInt(1);
            out.writeLong(77);
            out.writeLong(executed);
            end(out, 0);
            begin(out, 1, "replay", version);
            out.write(new byte[16]);
            out.writeLong(logged);
            out.writeInt(run);
            if (version == 3) {
                out.writeInt(9);
            }
            out.writeInt(event);
            if (version == 3) {
                out.writeByte(read ? 1 : 0);
            } else {
                out.writeInt(read ? 1 : 0);
            }
            out.writeLong(offset);
            out.writeLong(3);
            out.writeLong(-1);
            end(out, 1);
            out.writeByte(0);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    private static void begin(DataOutputStream out, int id, String name, int version) throws IOException {
        out.writeByte(4);
        out.writeInt(id);
        text(out, name);
        out.writeInt(0);
        out.writeInt(version);
    }

    private static void end(DataOutputStream out, int id) throws IOException {
        out.writeByte(0x7e);
        out.writeInt(id);
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        out.writeByte(text.length());
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /// A log with a clock and then a run of instructions.
    private FileChannel log(int run) throws IOException {
        Path file = folder.resolve("log");
        try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
            out.write(new byte[HEADER_BYTES]);
            out.writeByte(CLOCK);
            out.writeLong(0);
            out.writeByte(0);
            out.writeInt(run);
        }
        return FileChannel.open(file, StandardOpenOption.READ);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void itIsReadAsEachQemuWritesIt(int version) throws IOException {
        DeviceState state = DeviceState.of(state(version, LOGGED, LOGGED + 20, 0x22, true, 6, 1_234));
        assertEquals(Optional.of(new ReplayPosition(LOGGED + 20, LOGGED, 0x22, true, 6, 1_234)),
                state.replayPosition());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void whatIsLoggedStaysAsItIs(int version) throws IOException {
        DeviceState state = DeviceState.of(state(version, LOGGED, LOGGED, 0x22, false, 0, HEADER_BYTES));
        try (FileChannel log = log(500)) {
            assertArrayEquals(state.toBytes(), state.forReplay(log).toBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void theRestOfTheRunIsLeftToAReplayThatBeginsInIt(int version) throws IOException {
        int run = HEADER_BYTES + CLOCK_EVENT_BYTES;
        DeviceState state = DeviceState.of(state(version, LOGGED, LOGGED + 20, CLOCK, false, 0, run));
        try (FileChannel log = log(500)) {
            assertArrayEquals(state(version, LOGGED + 20, LOGGED + 20, 0, true, 480, run + 5), state.forReplay(log)
                    .toBytes());
        }
        DeviceState read = DeviceState.of(state(version, LOGGED, LOGGED + 20, 0, true, 500, run + 5));
        try (FileChannel log = log(500)) {
            assertArrayEquals(state(version, LOGGED + 20, LOGGED + 20, 0, true, 480, run + 5),
                    read.forReplay(log).toBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void aRunThatIsOverIsFollowedByWhatComesNext(int version) throws IOException {
        int run = HEADER_BYTES + CLOCK_EVENT_BYTES;
        DeviceState state = DeviceState.of(state(version, LOGGED, LOGGED + 500, CLOCK, false, 0, run));
        try (FileChannel log = log(500)) {
            assertArrayEquals(state(version, LOGGED + 500, LOGGED + 500, 0, false, 0, run + 5), state.forReplay(log)
                    .toBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void aLogThatDoesNotReachTheCheckpointIsRefused(int version) throws IOException {
        int run = HEADER_BYTES + CLOCK_EVENT_BYTES;
        try (FileChannel log = log(19)) {
            for (long offset : new long[]{run, HEADER_BYTES, run + 5}) {
                DeviceState state = DeviceState.of(state(version, LOGGED, LOGGED + 20, CLOCK, false, 0, offset));
                assertThrows(DeviceStateException.class, () -> state.forReplay(log), () -> "at byte " + offset);
            }
        }
    }
}
