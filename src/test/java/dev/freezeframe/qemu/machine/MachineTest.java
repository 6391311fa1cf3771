package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.profile.RamBlock;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A machine in its life, with the guest whose memory is known.
@Tag("qemu")
class MachineTest {
    private static final Duration PATIENCE = Await.PATIENCE;
    private static Machine machine;

    @BeforeAll
    static void boot() throws Exception {
        machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")));
    }

    @AfterAll
    static void close() {
        machine.close();
    }

    @BeforeEach
    void run() throws Exception {
        machine.resume();
    }

    @Test
    void bootSectorCountsItsRoundsOnTheConsole() throws Exception {
        long round = awaitRound(machine, 5);
        machine.console().awaitLine(("round " + (round + 3))::equals, PATIENCE);
    }

    @Test
    void everyPageOfTheBootSectorHoldsThisOrTheLastRound() throws Exception {
        awaitRound(machine, 2);
        machine.pause();
        assertKnownPages(machine.memory());
    }

    @Test
    void bootSectorWritesNoOtherPages() throws Exception {
        awaitRound(machine, 2);
        machine.pause();
        try (SharedMemory before = SharedMemory.allocate("before", machine.ramBytes())) {
            machine.memory().copyTo(before);
            long round = round(machine.memory());
            machine.resume();
            awaitRound(machine, round + 3);
            machine.pause();
            java.util.BitSet written = new java.util.BitSet();
            machine.memory().addDifferingPages(before, written);
            IntStream.of(BootSector.pages()).forEach(page -> {
                assertTrue(written.get(page), "page " + page);
                written.clear(page);
            });
            written.clear(BootSector.HOUSEKEEPING_PAGE);
            assertEquals(new java.util.BitSet(), written);
        }
    }

    @Test
    void pausedGuestStandsStill() throws Exception {
        awaitRound(machine, 1);
        machine.pause();
        assertEquals("paused", machine.runState());
        Await.untilConsolesAreRead();
        long printed = machine.console().printedBytes();
        long round = round(machine.memory());
        String registers = registers();
        for (int i = 0; i < 50; i++) {
            assertEquals(registers, registers(), "QEMU goes on, and its guest does not");
        }
        assertEquals(round, round(machine.memory()));
        assertEquals(printed, machine.console().printedBytes());
        machine.resume();
        assertEquals("running", machine.runState());
        awaitRound(machine, round + 2);
    }

    private static String registers() throws Exception {
        return machine.qmp().execute(QmpCommand.humanMonitor("info registers")).asText();
    }

    @Test
    void oneInTheBackgroundLetsAllOthersGoFirst() throws Exception {
        try (Machine background = Machine
                .boot(MachineSpec.of(Profiles.standard().find("boot-sector")).withBackground(true))) {
            Path process = Path.of("/proc", Long.toString(background.pid()));
            try (Stream<Path> threads = Files.list(process.resolve("task"))) {
                assertEquals(List.of("19"), threads.map(MachineTest::niceness).distinct().toList());
            }
            Path sessions = process.resolve("autogroup");
            if (Files.exists(sessions)) { // only where the kernel groups by sessions
                assertTrue(Files.readString(sessions).strip().endsWith(" nice 19"), Files.readString(sessions));
            }
        }
    }

    /// The 19th field of a thread's `stat`; the second is a name in brackets.
    private static String niceness(Path thread) {
        try {
            String stat = Files.readString(thread.resolve("stat"));
            return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[16];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void tellsWhatQemuMadeOfItsProfile() {
        assertTrue(machine.machineType().matches("pc-i440fx-\\d+\\.\\d+"), machine.machineType());
        assertTrue(machine.qemuVersion().matches("\\d+\\.\\d+\\.\\d+"), machine.qemuVersion());
        assertEquals(16 << 20, machine.ramBytes());
        assertTrue(machine.accelerator() != Accelerator.AUTO);
        assertTrue(machine.sharesMemory());
    }

    @Test
    void romsAreNoOtherWritableRam() {
        assertFalse(machine.hasOtherWritableRam(), machine.ramBlocks()::toString);
        assertTrue(machine.ramBlocks().stream().anyMatch(block -> block.name().equals("pc.bios")));
    }

    @Test
    void memoryOfAGraphicsCardIsOtherWritableRam() throws Exception {
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("boot-sector-vga")).withStartPaused(true);
        try (Machine vga = Machine.boot(spec)) {
            assertTrue(vga.hasOtherWritableRam());
            assertEquals(List.of("0000:00:02.0/vga.vram"), vga.ramBlocks().stream().filter(block -> block.writable()
                    && !block.name().equals(RamBlock.MAIN)).map(RamBlock::name).toList());
        }
    }

    @Test
    void machinesStartedFromOneImageGoOnCountingAndLeaveItAlone() throws Exception {
        awaitRound(machine, 3);
        machine.pause();
        long round = round(machine.memory());
        SavedState state = SavedState.of(machine);
        try (SharedMemory image = SharedMemory.allocate("image", machine.ramBytes())) {
            machine.memory().copyTo(image);
            machine.resume();
            MachineSpec spec = MachineSpec.fromRecord(new ObjectMapper().readTree(machine.toRecord().toString()));
            try (Machine first = Machine.incoming(spec, image, true);
                    Machine second = Machine.incoming(spec, image, true)) {
                for (Machine restored : List.of(first, second)) {
                    state.load(restored);
                    restored.resume();
                    // A line may have been half printed; the next whole one tells.
                    assertTrue(awaitRound(restored, 1) <= round + 2, restored.console()::text);
                    awaitRound(restored, round + 5);
                    assertFalse(restored.sharesMemory());
                    assertThrows(IllegalStateException.class, restored::memory);
                }
            }
            assertEquals(round, round(image));
            assertKnownPages(image);
        }
    }

    @Test
    void restoredMachineThatSharesItsImageOwnsAndClosesIt() throws Exception {
        awaitRound(machine, 3);
        machine.pause();
        SavedState state = SavedState.of(machine);
        SharedMemory image = SharedMemory.allocate("image", machine.ramBytes());
        machine.memory().copyTo(image);
        long round = round(image);
        try (Machine restored = Machine.incoming(MachineSpec.fromRecord(machine.toRecord()), image, false)) {
            state.load(restored);
            restored.resume();
            awaitRound(restored, round + 3);
            restored.pause();
            assertTrue(round(restored.memory()) >= round + 3);
            assertKnownPages(restored.memory());
            assertEquals(machine.toRecord(), restored.toRecord());
        }
        assertThrows(IllegalStateException.class, image::fileSizeBytes);
    }

    @Test
    void resetStartsTheGuestAnew() throws Exception {
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("boot-sector"));
        try (Machine own = Machine.boot(spec)) {
            awaitRound(own, 10);
            own.reset();
            // the reset may cut a line, and the first of what follows stands behind it
            Await.until("it counts from the beginning again", () -> {
                String text = own.console().text();
                return text.indexOf("round 2\r\n") != text.lastIndexOf("round 2\r\n");
            });
        }
    }

    private static long awaitRound(Machine machine, long atLeast) throws Exception {
        return BootSector.round(machine.console().awaitLine(line -> BootSector.round(line).orElse(0) >= atLeast,
                PATIENCE)).orElseThrow();
    }

    private static long round(SharedMemory memory) {
        return Integer.toUnsignedLong(read(memory, BootSector.ROUND_ADDRESS, 4).getInt(0));
    }

    /// The processor may stop in the middle of a round, but not in two places: pages of this round, at most one that is
    /// half written, pages of the round before.
    private static void assertKnownPages(SharedMemory memory) {
        long round = round(memory);
        int[] pages = BootSector.pages();
        int i = 0;
        while (i < pages.length && Arrays.equals(BootSector.content(round, i), page(memory, pages[i]))) {
            i++;
        }
        for (i++; i < pages.length; i++) {
            assertArrayEquals(BootSector.content(round - 1, i), page(memory, pages[i]), "page " + i);
        }
    }

    private static byte[] page(SharedMemory memory, int page) {
        return read(memory, (long) page * GuestPage.BYTES, GuestPage.BYTES).array();
    }

    private static ByteBuffer read(SharedMemory memory, long address, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        memory.read(address, length, bytes, 0);
        return bytes;
    }
}
