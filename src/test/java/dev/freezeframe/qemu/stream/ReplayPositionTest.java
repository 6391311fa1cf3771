package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
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
        DeviceState state = DeviceState.of(ReplayStates.state(version, LOGGED, LOGGED + 20, 0x22, true, 6, 1_234));
        assertEquals(Optional.of(new ReplayPosition(LOGGED + 20, LOGGED, 0x22, true, 6, 1_234)),
                state.replayPosition());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void whatIsLoggedStaysAsItIs(int version) throws IOException {
        DeviceState state = DeviceState.of(ReplayStates.state(version, LOGGED, LOGGED, 0x22, false, 0, HEADER_BYTES));
        try (FileChannel log = log(500)) {
            assertArrayEquals(state.toBytes(), state.forReplay(log).toBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void theRestOfTheRunIsLeftToAReplayThatBeginsInIt(int version) throws IOException {
        int run = HEADER_BYTES + CLOCK_EVENT_BYTES;
        DeviceState state = DeviceState.of(ReplayStates.state(version, LOGGED, LOGGED + 20, CLOCK, false, 0, run));
        try (FileChannel log = log(500)) {
            assertArrayEquals(ReplayStates.state(version, LOGGED + 20, LOGGED + 20, 0, true, 480, run + 5),
                    state.forReplay(log)
                            .toBytes());
        }
        DeviceState read = DeviceState.of(ReplayStates.state(version, LOGGED, LOGGED + 20, 0, true, 500, run + 5));
        try (FileChannel log = log(500)) {
            assertArrayEquals(ReplayStates.state(version, LOGGED + 20, LOGGED + 20, 0, true, 480, run + 5),
                    read.forReplay(log).toBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void aRunThatIsOverIsFollowedByWhatComesNext(int version) throws IOException {
        int run = HEADER_BYTES + CLOCK_EVENT_BYTES;
        DeviceState state = DeviceState.of(ReplayStates.state(version, LOGGED, LOGGED + 500, CLOCK, false, 0, run));
        try (FileChannel log = log(500)) {
            assertArrayEquals(ReplayStates.state(version, LOGGED + 500, LOGGED + 500, 0, false, 0, run + 5),
                    state.forReplay(log)
                            .toBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void aLogThatDoesNotReachTheCheckpointIsRefused(int version) throws IOException {
        int run = HEADER_BYTES + CLOCK_EVENT_BYTES;
        try (FileChannel log = log(19)) {
            for (long offset : new long[]{run, HEADER_BYTES, run + 5}) {
                DeviceState state = DeviceState
                        .of(ReplayStates.state(version, LOGGED, LOGGED + 20, CLOCK, false, 0, offset));
                assertThrows(DeviceStateException.class, () -> state.forReplay(log), () -> "at byte " + offset);
            }
        }
    }
}
