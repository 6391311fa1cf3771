package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Both ways to save device state, each on a real QEMU, and what a second QEMU makes of it.
@Tag("qemu")
class DeviceStateSourceTest {
    private static final Duration PATIENCE = Await.PATIENCE;
    private static final String[] INCOMING = {"-incoming", "defer", "-S"};

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSecondQemuGoesOnWhereTheFirstWasSavedAndCanBeReset(boolean vga) throws Exception {
        try (SharedMemory ram = SharedMemory.allocate("ram", LiveQemu.RAM_BYTES);
                SharedMemory copy = SharedMemory.allocate("copy", LiveQemu.RAM_BYTES);
                LiveQemu first = LiveQemu.start(ram, vga);
                DeviceStateSource source = DeviceStateSource.open(first.qmp(), first.process(), vga)) {
            first.awaitNumbers(3);
            DeviceState state = null;
            byte[] screen = null;
            String before = "";
            // several in a row, as a recording does, with the guest running on between them
            int rounds = 3;
            for (int round = 1; round <= rounds; round++) {
                QmpCommand save = source.arm();
                List<PendingReply> replies = first.qmp().send(QmpCommand.of("stop"), save);
                replies.getFirst().await(PATIENCE);
                source.awaitSaved(replies.getLast(), PATIENCE);
                ram.copyTo(copy);
                // once only, as of the second: whether the cursor is seen depends on when it was drawn before
                screen = vga && round == rounds ? first.save("screendump") : new byte[0];
                before = first.awaitNumbers(3).getLast();
                first.qmp().execute(QmpCommand.of("cont"));
                state = source.take();
                first.awaitNumbers(first.awaitNumbers(3).size() + 1);
            }
            assertTrue(state.ramBlocks().contains("pc.bios"), state.ramBlocks().toString());
            assertEquals(vga, state.ramBlocks().contains("0000:00:02.0/vga.vram"));
            assertTrue(state.deviceNames().containsAll(List.of("cpu", "timer", "i8254")),
                    state.deviceNames().toString());

            DeviceState stored = DeviceState.of(state.toBytes());
            try (LiveQemu second = LiveQemu.start(copy, vga, INCOMING)) {
                byte[] expected = contents(copy);
                IncomingMigration.load(second.qmp(), stored, second.machineType(), PATIENCE);
                assertArrayEquals(expected, contents(copy), "loading device state must not touch RAM");
                assertArrayEquals(bios(first), bios(second));
                if (vga)
                    assertArrayEquals(screen, second.save("screendump"));
                second.qmp().execute(QmpCommand.of("cont"));
                long next = Long.parseLong(second.awaitNumbers(2).getFirst(), 16);
                long last = Long.parseLong(before, 16);
                // one number may have been half printed at the stop
                assertTrue(next == last + 1 || next == last + 2, last + " was followed by " + next);

                int count = second.awaitNumbers(1).size();
                second.qmp().execute(QmpCommand.of("system_reset"));
                second.awaitNumbers(count + 3);
                Await.until("it has booted again", () -> hasBootedAgain(second.awaitNumbers(1)));
                assertEquals("", second.stderr(), "nothing for QEMU to warn about");
            }
        }
    }

    /// The reset may cut a number in half, to whose line the next guest's first number is added.
    private static boolean hasBootedAgain(List<String> numbers) {
        return numbers.contains("00000001") || numbers.contains("00000002");
    }

    @Test
    void aStateForAnotherMachineTypeIsRefusedWithQemusReason() throws Exception {
        try (SharedMemory ram = SharedMemory.allocate("ram", LiveQemu.RAM_BYTES);
                LiveQemu first = LiveQemu.start(ram, false);
                DeviceStateSource source = DeviceStateSource.open(first.qmp(), first.process(), false)) {
            QmpCommand save = source.arm();
            List<PendingReply> replies = first.qmp().send(QmpCommand.of("stop"), save);
            source.awaitSaved(replies.getLast(), PATIENCE);
            DeviceState state = source.take();
            try (LiveQemu second = LiveQemu.start(ram, false, INCOMING)) {
                String message = assertThrows(DeviceStateException.class,
                        () -> IncomingMigration.load(second.qmp(), state, "pc-i440fx-7.1", PATIENCE)).getMessage();
                assertTrue(message.contains("pc-i440fx-7.1"), message);
                assertFalse(message.contains("\n"), message);
            }
        }
    }

    @Test
    void aQemuThatDiesWhileSavingFailsTheSaveAtOnce() throws Exception {
        try (SharedMemory ram = SharedMemory.allocate("ram", LiveQemu.RAM_BYTES);
                LiveQemu first = LiveQemu.start(ram, true);
                DeviceStateSource source = DeviceStateSource.open(first.qmp(), first.process(), true)) {
            source.arm();
            PendingReply never = first.qmp().send(QmpCommand.of("stop")).getFirst();
            never.await(PATIENCE);
            first.process().destroyForcibly();
            Underway.start(() -> assertThrows(IOException.class, () -> source.awaitSaved(never, Duration.ofHours(1))))
                    .result();
            assertThrows(IOException.class, source::take);
        }
    }

    @Test
    void romsAreFoundByTheirWholeMappingOnly() {
        String blocks = """
                              Block Name    PSize              Offset               Used              Total
                                     ram    4 KiB  0x0000000000000000 0x0000000004000000 0x0000000004000000
                                 pc.bios    4 KiB  0x0000000004000000 0x0000000000040000 0x0000000000040000
                    /rom@etc/acpi/tables    4 KiB  0x0000000004080000 0x0000000000020000 0x0000000000200000
                """;
        String tree = """
                address-space: memory
                  0000000000000000-ffffffffffffffff (prio 0, i/o): system
                    0000000000000000-0000000003ffffff (prio 0, ram): alias ram-below-4g @ram 0000000000000000-0000000003ffffff
                      00000000000e0000-00000000000fffff (prio 1, rom): alias isa-bios @pc.bios 0000000000020000-000000000003ffff
                      00000000fffc0000-00000000ffffffff (prio 0, rom): pc.bios
                      00000000c0000000-00000000c000ffff (prio 0, rom): /rom@etc/acpi/tables
                """;
        var sizes = FirmwareRoms.blocks(blocks);
        assertEquals(Set.of("ram", "pc.bios", "/rom@etc/acpi/tables"), sizes.keySet());
        assertEquals(java.util.Map.of("pc.bios", 0xfffc0000L), FirmwareRoms.romAddresses(tree, sizes));
    }

    private static byte[] bios(LiveQemu qemu) throws IOException {
        byte[] bios = qemu.save("pmemsave", "val", "4294705152", "size", "262144");
        assertFalse(Arrays.equals(bios, new byte[bios.length]));
        return bios;
    }

    private static byte[] contents(SharedMemory memory) {
        ByteBuffer bytes = ByteBuffer.allocate(LiveQemu.RAM_BYTES);
        memory.read(0, LiveQemu.RAM_BYTES, bytes, 0);
        return bytes.array();
    }
}
