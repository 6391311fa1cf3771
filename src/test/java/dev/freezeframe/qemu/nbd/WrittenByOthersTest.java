package dev.freezeframe.qemu.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.ImageFile;
import dev.freezeframe.suite.ExpectWarnings;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The clients that there are, QEMU's and libnbd's tools, write to an image behind the server.
class WrittenByOthersTest {
    private static final int SIZE_BYTES = 64 << 20;

    @TempDir
    Path folder;
    private Path file;
    private ImageFile image;
    private NbdServer server;

    @BeforeEach
    void start() throws Exception {
        file = folder.resolve("image");
        try (RandomAccessFile empty = new RandomAccessFile(file.toFile(), "rw")) {
            empty.setLength(SIZE_BYTES);
        }
        image = ImageFile.open(file);
        server = NbdServer.start(folder.resolve("nbd"), Map.of("disk0", new ServedImage(image)));
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        image.close();
        assertEquals(SIZE_BYTES, Files.size(file));
    }

    private String uri() {
        return "nbd+unix:///disk0?socket=" + server.path();
    }

    private byte[] content(int offset, int length) throws Exception {
        try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "r")) {
            byte[] content = new byte[length];
            raw.seek(offset);
            raw.readFully(content);
            return content;
        }
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void nbdinfoTellsWhatCanBeDone() throws Exception {
        String disk = Tool.output(folder, "nbdinfo", uri());
        for (String expected : new String[]{"export-size: " + SIZE_BYTES, "is_read_only: false",
                "can_multi_conn: false", "can_cache: true", "can_df: true", "can_flush: true", "can_fua: true",
                "can_trim: true", "can_zero: true", "can_fast_zero: false", "block_size_maximum: 33554432"})
            assertTrue(disk.contains(expected), expected + " is not in " + disk);
        assertTrue(Tool.output(folder, "nbdinfo", "--map", uri()).contains("hole,zero"));
    }

    @Test
    void nbdcopyFillsIt() throws Exception {
        byte[] content = new byte[SIZE_BYTES];
        new Random(4).nextBytes(content);
        Arrays.fill(content, 10 << 20, 20 << 20, (byte) 0);
        Path raw = Files.write(folder.resolve("raw"), content);
        Tool.output(folder, "nbdcopy", "--flush", raw.toString(), uri());
        assertArrayEquals(content, Files.readAllBytes(file));
    }

    @Test
    @Tag("qemu")
    void qemuIoWritesZeroesDiscardsAndFlushes() throws Exception {
        String said = Tool.output(folder, "qemu-io", "-d", "unmap", "-f", "raw", "-c", "write -P 17 1M 3M", "-c",
                "write -f -P 18 512 1k", "-c", "write -z 2M 64k", "-c", "write -z -u 3M 512k", "-c",
                "discard 1M 512k", "-c", "aio_write -P 19 8M 4M", "-c", "aio_write -P 20 12M 4M", "-c", "aio_flush",
                "-c", "flush", "-c", "read -P 19 8M 4M", "-c", "read -P 0 2M 64k", "-c", "read -P 17 3584k 512k",
                "-c", "writev -P 21 20M 33M", "-c", "read -P 21 20M 33M", uri());
        assertFalse(said.contains("failed") || said.contains("error"), said);
        assertArrayEquals(filled(1024, 18), content(512, 1024));
        assertArrayEquals(new byte[512 << 10], content(1 << 20, 512 << 10), "discarded");
        assertArrayEquals(filled(512 << 10, 17), content(1536 << 10, 512 << 10));
        assertArrayEquals(new byte[64 << 10], content(2 << 20, 64 << 10));
        assertArrayEquals(new byte[512 << 10], content(3 << 20, 512 << 10));
        assertArrayEquals(filled(4 << 20, 20), content(12 << 20, 4 << 20));
        assertArrayEquals(filled(33 << 20, 21), content(20 << 20, 33 << 20));
        long before = image.allocatedBytes();
        Tool.output(folder, "qemu-io", "-f", "raw", "-d", "unmap", "-c", "discard 20M 33M", uri());
        assertTrue(image.allocatedBytes() <= before - (32 << 20), "a discard gives room back");
    }

    @Test
    @Tag("qemu")
    void qemuImgWritesWithManyRequestsInFlightAndFlushesBetween() throws Exception {
        String said = Tool.output(folder, "qemu-img", "bench", "-f", "raw", "-w", "-c", "3000", "-d", "32", "-s",
                "4096",
                "-S", "8192", "--pattern=165", "--flush-interval=64", "-t", "none", uri());
        assertTrue(said.contains("Run completed"), said);
        byte[] all = content(0, 3000 * 8192);
        for (int at = 0; at < all.length; at += 8192) {
            assertArrayEquals(filled(4096, 165), Arrays.copyOfRange(all, at, at + 4096));
            assertArrayEquals(new byte[4096], Arrays.copyOfRange(all, at + 4096, at + 8192));
        }
    }

    @Test
    @Tag("qemu")
    void qemuImgConvertsToItAndFindsItEqual() throws Exception {
        byte[] content = new byte[SIZE_BYTES];
        new Random(5).nextBytes(content);
        Arrays.fill(content, 30 << 20, 50 << 20, (byte) 0);
        Path raw = Files.write(folder.resolve("raw"), content);
        Tool.output(folder, "qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", "-W", raw.toString(), uri());
        Tool.output(folder, "qemu-img", "compare", "-f", "raw", "-F", "raw", raw.toString(), uri());
        assertArrayEquals(content, Files.readAllBytes(file));
    }

    @Test
    @Tag("qemu")
    void aFormatWithinIsWrittenAndSound() throws Exception {
        Tool.output(folder, "qemu-img", "create", "-f", "qcow2", uri(), "32M");
        Tool.output(folder, "qemu-io", "-f", "qcow2", "-c", "write -P 5 1M 8M", "-c", "discard 2M 1M", uri());
        Tool.output(folder, "qemu-img", "check", "-f", "qcow2", uri());
        String said = Tool.output(folder, "qemu-io", "-f", "qcow2", "-c", "read -P 5 3M 6M", uri());
        assertFalse(said.contains("failed"), said);
    }

    @Test
    @Tag("qemu")
    @ExpectWarnings("an export could not be written: .*is closed")
    void imageThatFailsIsAnErrorToQemuWhichGoesOn() throws Exception {
        image.close();
        Tool run = Tool.run(folder, "qemu-io", "-f", "raw", "-c", "write 0 64k", "-c", "write -z 0 64k", uri());
        assertEquals(2, run.output().split("Input/output error", -1).length - 1, run.output());
    }
}
