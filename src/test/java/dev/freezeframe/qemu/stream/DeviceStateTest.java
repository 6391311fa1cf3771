package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Forged;
import dev.freezeframe.suite.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What a saved device state promises before any QEMU sees it. Every input here is made by hand, byte by byte.
class DeviceStateTest {
    private static final String MACHINE = "pc-i440fx-7.2";

    @Test
    void incomingStreamIsConfigurationThenDevicesAsSavedThenEnd() throws IOException {
        byte[] devices = concat(section(0, "timer", new byte[24]), section(5, "cpu", new byte[700]));
        DeviceState state = DeviceState.of(concat(header(), devices, new byte[]{0}));

        assertEquals(List.of("timer", "cpu"), state.deviceNames());
        assertFalse(state.needsIgnoreShared());
        byte[] expected = concat(header(), configuration(MACHINE), devices, new byte[]{0},
                new byte[]{6, 0, 0, 0, 2, '{', '}'});
        assertArrayEquals(expected, state.toIncomingStream(MACHINE));
    }

    @Test
    void storedBytesReadBackAsTheSameState() throws IOException {
        RomBlock rom = new RomBlock("pc.bios", random(3 * 4096, 1));
        DeviceState state = DeviceState.of(devicesOnly(), List.of(rom));
        DeviceState again = DeviceState.of(state.toBytes());

        assertArrayEquals(state.toBytes(), again.toBytes());
        assertEquals(Set.of("pc.bios"), again.ramBlocks());
        assertEquals(List.of("timer", "fifo", "cpu"), again.deviceNames());
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = DeviceState.of(devicesOnly(), List.of(new RomBlock("pc.bios", random(4096, 2)))).toBytes();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            DeviceStateException refusal = assertThrows(DeviceStateException.class, () -> DeviceState.of(cut),
                    "cut to " + length + " bytes");
            assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
        }
        byte[] padded = Arrays.copyOf(whole, whole.length + 1);
        assertThrows(DeviceStateException.class, () -> DeviceState.of(padded));
    }

    @Test
    void foreignMagicAndVersionAreRefusedByName() {
        byte[] elf = devicesOnly();
        elf[0] = 0x7f;
        assertTrue(assertThrows(DeviceStateException.class, () -> DeviceState.of(elf)).getMessage().contains("QEVM"));
        byte[] newer = devicesOnly();
        newer[7] = 4;
        assertTrue(
                assertThrows(DeviceStateException.class, () -> DeviceState.of(newer)).getMessage()
                        .contains("version 4"));
    }

    @Test
    void aLengthThatClaimsMoreThanThereIsIsRefused() {
        byte[] bomb = concat(header(), new byte[]{7, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
                MACHINE.getBytes(StandardCharsets.US_ASCII), section(0, "timer", new byte[8]), new byte[]{0});
        String message = assertThrows(DeviceStateException.class, () -> DeviceState.of(bomb)).getMessage();
        assertTrue(message.contains("4294967295"), message);

        byte[] blockBomb = concat(header(), ramSection(Long.MAX_VALUE & -4096, "pc.bios", Long.MAX_VALUE), section(1,
                "timer", new byte[8]), new byte[]{0});
        message = assertThrows(DeviceStateException.class, () -> DeviceState.of(blockBomb)).getMessage();
        assertTrue(message.contains("pc.bios"), message);
    }

    @Test
    void guestBytesThatLookLikeASectionEndDoNotMislead() throws IOException {
        // what a guest could put into a serial port's FIFO: the footer of its own section, then another section's header
        byte[] spoof = concat(footer(1), fullHeader(9, "ghost"), new byte[40]);
        byte[] ramSpoof = concat(footer(1), fullHeader(9, "ram"), new byte[40]);
        byte[] endSpoof = concat(footer(1), new byte[]{0}, new byte[9]);
        for (byte[] content : List.of(spoof, ramSpoof, endSpoof)) {
            byte[] blob = concat(header(), section(0, "timer", new byte[8]), section(1, "fifo", content),
                    section(2, "cpu", new byte[64]), new byte[]{0});
            assertEquals(List.of("timer", "fifo", "cpu"), DeviceState.of(blob).deviceNames());
        }
    }

    @Test
    @Tag("slow")
    void aMillionFakeSectionEndsAreRefusedInBoundedTime() {
        ByteArrayOutputStream tangle = new ByteArrayOutputStream();
        byte[] step = concat(footer(1), fullHeader(1, "x"));
        for (int i = 0; i < 200_000; i++)
            tangle.writeBytes(step);
        byte[] blob = concat(header(), section(1, "fifo", tangle.toByteArray()));
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        assertThrows(DeviceStateException.class, () -> DeviceState.of(blob));
        assertTrue(threads.getCurrentThreadCpuTime() - start < 10_000_000_000L, "work grows faster than the blob");
    }

    @Test
    void aMigrationStreamLoadsOnlyIntoItsOwnMachineType() throws IOException {
        DeviceState state = DeviceState.of(migrationStream(true));
        assertTrue(state.needsIgnoreShared());
        assertEquals(Set.of("vga.vram"), state.ramBlocks());
        String message = assertThrows(DeviceStateException.class, () -> state.toIncomingStream("pc-q35-7.2"))
                .getMessage();
        assertTrue(message.contains(MACHINE) && message.contains("pc-q35-7.2"), message);
        byte[] stream = state.toIncomingStream(MACHINE);
        assertEquals('}', stream[stream.length - 1]);
        assertArrayEquals(state.toBytes(), Arrays.copyOf(stream, stream.length - 7));
    }

    /// QEMU 10.0 and later write it for their own machine types.
    @Test
    void theCommandThatTellsOfTheStopIsKept() throws IOException {
        byte[] stopped = {8, 0, 11, 0, 0};
        DeviceState state = DeviceState.of(migrationStream(true, stopped));
        assertEquals(List.of("timer"), state.deviceNames());
        byte[] stream = state.toIncomingStream(MACHINE);
        int difference = Arrays.mismatch(stream, DeviceState.of(migrationStream(true)).toIncomingStream(MACHINE));
        assertArrayEquals(stopped, Arrays.copyOfRange(stream, difference, difference + stopped.length));

        byte[] unknown = {8, 0, 12, 0, 0};
        assertThrows(DeviceStateException.class, () -> DeviceState.of(migrationStream(true, unknown)));
        byte[] withContents = {8, 0, 11, 0, 1, 0};
        assertThrows(DeviceStateException.class, () -> DeviceState.of(migrationStream(true, withContents)));
    }

    /// QEMU names a block once, and goes on in it however many sections its pages come in: a slow computer needs several.
    @Test
    void ramSectionsGoOnInTheBlockThatWasNamedBefore() throws IOException {
        byte[] more = concat(new byte[]{2}, be32(2), be64(4096 | 8 | 0x20), new byte[4096], be64(16), footer(2));
        DeviceState state = DeviceState.of(migrationStream(true, concat(more, more)));
        assertEquals(List.of("timer"), state.deviceNames());
    }

    @Test
    void aStreamThatCarriesMainMemoryIsRefused() {
        assertTrue(assertThrows(DeviceStateException.class, () -> DeviceState.of(migrationStream(false))).getMessage()
                .contains("x-ignore-shared"));
    }

    @Test
    void damagedBytesAreRefusedOrAStateThatIsReadAgain() throws IOException {
        List<byte[]> whole = List.of(devicesOnly(),
                DeviceState.of(devicesOnly(), List.of(new RomBlock("pc.bios", random(
                        4096, 3)))).toBytes(),
                migrationStream(true), migrationStream(true, new byte[]{8, 0, 11, 0, 0}));
        Seeds.check(4_000, random -> {
            byte[] damaged = whole.get(random.nextInt(whole.size())).clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--)
                damaged[random.nextInt(random.nextInt(3) > 0 ? 300 : damaged.length)] = (byte) random.nextInt();
            byte[] forged = random.nextInt(4) == 0 ? Forged.bytes(random, damaged) : damaged;
            try {
                DeviceState state = DeviceState.of(forged);
                DeviceState again = DeviceState.of(state.toBytes());
                assertArrayEquals(state.toBytes(), again.toBytes());
                assertEquals(state.deviceNames(), again.deviceNames());
                assertEquals(state.ramBlocks(), again.ramBlocks());
                assertEquals(state.kvmClockAreas(), again.kvmClockAreas());
                state.toIncomingStream(MACHINE);
            } catch (DeviceStateException refused) {
                assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
            }
        });
    }

    private static byte[] devicesOnly() {
        return concat(header(), section(0, "timer", new byte[24]), section(1, "fifo", random(200, 5)),
                section(5, "cpu", new byte[700]), new byte[]{0});
    }

    private static byte[] migrationStream(boolean ignoreShared) {
        return migrationStream(ignoreShared, new byte[0]);
    }

    private static byte[] migrationStream(boolean ignoreShared, byte[] beforeDevices) {
        byte[] capabilities = ignoreShared
                ? concat(new byte[]{5}, counted("configuration/capabilities"), be32(1), be32(1),
                        counted("x-ignore-shared"))
                : new byte[0];
        byte[] ram = concat(new byte[]{1}, be32(2), counted("ram"), be32(0), be32(4), be64(8192 | 4),
                counted("vga.vram"), be64(8192), ignoreShared ? be64(0xfd000000L) : new byte[0], be64(16), footer(2));
        byte[] pages = concat(new byte[]{3}, be32(2), be64(0 | 8), counted("vga.vram"), new byte[4096],
                be64(4096 | 2 | 0x20), new byte[1], be64(16), footer(2));
        return concat(header(), configuration(MACHINE), capabilities, ram, pages, beforeDevices,
                section(0, "timer", new byte[24]),
                new byte[]{0, 6, 0, 0, 0, 4, 'j', 's', 'o', 'n'});
    }

    private static byte[] ramSection(long totalBytes, String block, long length) {
        return concat(new byte[]{1}, be32(7), counted("ram"), be32(0), be32(4), be64(totalBytes | 4), counted(block),
                be64(length), be64(16), footer(7));
    }

    private static byte[] header() {
        return new byte[]{'Q', 'E', 'V', 'M', 0, 0, 0, 3};
    }

    private static byte[] configuration(String machineType) {
        return concat(new byte[]{7}, be32(machineType.length()), machineType.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] fullHeader(int id, String name) {
        return concat(new byte[]{4}, be32(id), counted(name), be32(0), be32(1));
    }

    private static byte[] section(int id, String name, byte[] content) {
        return concat(fullHeader(id, name), content, footer(id));
    }

    private static byte[] footer(int id) {
        return concat(new byte[]{0x7e}, be32(id));
    }

    private static byte[] counted(String text) {
        return concat(new byte[]{(byte) text.length()}, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] be32(int value) {
        return new byte[]{(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value};
    }

    private static byte[] be64(long value) {
        return concat(be32((int) (value >> 32)), be32((int) value));
    }

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DataOutputStream data = new DataOutputStream(out)) {
            for (byte[] part : parts)
                data.write(part);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toByteArray();
    }
}
