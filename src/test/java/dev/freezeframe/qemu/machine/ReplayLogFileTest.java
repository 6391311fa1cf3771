package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// The log that QEMU writes gives its room back as far as nobody is to read it, and QEMU notices nothing.
class ReplayLogFileTest {
    private static final int BYTES = 1 << 20;
    private static final int BLOCK_BYTES = 4096;

    private static byte[] written(int bytes) {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) 7);
        return content;
    }

    /// As for a file system that has no holes in the middle of files.
    @Test
    void whoeverWritesGoesOnBehindWhatWasCutAway() throws Exception {
        try (ReplayLogFile log = ReplayLogFile.create();
                FileChannel qemu = FileChannel.open(log.path(), StandardOpenOption.WRITE)) {
            qemu.write(ByteBuffer.wrap(written(BYTES)));
            log.cut();
            assertEquals(BYTES, Files.size(log.path()));
            qemu.write(ByteBuffer.wrap(written(100)));
            byte[] content = Files.readAllBytes(log.path());
            assertEquals(BYTES + 100, content.length);
            assertEquals(7, content[BLOCK_BYTES - 1], "QEMU's header is kept");
            assertArrayEquals(new byte[BYTES - BLOCK_BYTES], Arrays.copyOfRange(content, BLOCK_BYTES, BYTES));
            assertArrayEquals(written(100), Arrays.copyOfRange(content, BYTES, BYTES + 100));
        }
    }
}
