package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where in a log nothing comes to the guest.
class ReplayEventsTest {
    private static final int HEADER_BYTES = 12;
    private static final long HERE = 1_000;

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream log = new DataOutputStream(bytes);

    private OptionalLong quiet() throws IOException {
        Path file = folder.resolve("log");
        Files.write(file, bytes.toByteArray());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return ReplayEvents.quietInstruction(channel, new ReplayPosition(HERE, HERE, 0, false, 0, HEADER_BYTES));
        }
    }

    private void begin() throws IOException {
        bytes.reset();
        log.write(new byte[HEADER_BYTES]);
    }

    private void instructions(int count) throws IOException {
        log.writeByte(0);
        log.writeInt(count);
    }

    private void array(int length) throws IOException {
        log.writeInt(length);
        log.write(new byte[length]);
    }

    @Test
    void itIsInTheFirstRunOfMoreThanOneInstruction() throws IOException {
        begin();
        log.writeByte(0x22); // a timer
        log.writeByte(0x01); // its interrupt
        instructions(1);
        log.writeByte(0x02); // an exception
        instructions(2);
        assertEquals(OptionalLong.of(HERE + 2), quiet());
    }

    @Test
    void everyKindOfEventIsAsLongAsQemuWritesIt() throws IOException {
        begin();
        log.writeByte(0x03);
        log.writeLong(1);
        log.writeByte(0x04);
        log.writeLong(1);
        for (int[] key : new int[][]{{0, 9}, {1, 5}}) {
            log.writeByte(0x05);
            log.writeInt(0);
            log.writeInt(key[0]);
            log.write(new byte[key[1]]);
        }
        log.writeByte(0x05);
        log.writeInt(1);
        log.write(new byte[5]);
        log.writeByte(0x05);
        log.writeInt(3);
        log.write(new byte[12]);
        log.writeByte(0x06);
        log.writeByte(0x07);
        log.writeByte(0);
        array(7);
        log.writeByte(0x08);
        log.writeLong(1);
        log.writeByte(0x09);
        log.writeByte(0);
        log.writeInt(0);
        array(60);
        log.writeByte(0x0e);
        log.writeByte(0x16);
        log.writeLong(1);
        log.writeByte(0x17);
        array(3);
        log.writeByte(0x18);
        log.writeInt(-1);
        log.writeByte(0x19);
        log.writeLong(1);
        log.writeByte(0x1b);
        log.writeInt(0);
        array(16);
        log.writeByte(0x1c);
        log.writeLong(1);
        log.writeByte(0x1d);
        log.writeLong(1);
        log.writeByte(0x1f);
        instructions(500);
        assertEquals(OptionalLong.of(HERE + 1), quiet());
    }

    @Test
    void aLogThatEndsBeforeSaysNothing() throws IOException {
        begin();
        log.writeByte(0x22);
        log.writeByte(0x00);
        log.writeShort(1);
        assertEquals(OptionalLong.empty(), quiet());
        begin();
        log.writeByte(0x22);
        log.writeByte(0x27); // the end of the run
        instructions(5);
        assertEquals(OptionalLong.empty(), quiet());
    }

    @Test
    void anyBytesAreReadToAnEnd() {
        Seeds.check(2_000, random -> {
            begin();
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            for (int i = 0; i < noise.length; i++) {
                noise[i] = (byte) (random.nextBoolean() ? noise[i] : noise[i] & 0x2f);
            }
            log.write(noise);
            OptionalLong found = quiet();
            assertTrue(found.orElse(HERE + 1) > HERE, found::toString);
        });
    }
}
