package dev.freezeframe.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.FullDisk;
import dev.freezeframe.suite.Needs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFileTest {
    private static final int MIB = 1 << 20;
    private static final int SIZE_BYTES = 8 * MIB + 1000;

    @TempDir
    private Path folder;
    private Path file;

    @BeforeEach
    void makeImage() throws IOException {
        file = hole(folder, SIZE_BYTES);
    }

    private static Path hole(Path folder, long sizeBytes) throws IOException {
        Path file = folder.resolve("image");
        try (RandomAccessFile empty = new RandomAccessFile(file.toFile(), "rw")) {
            empty.setLength(sizeBytes);
        }
        return file;
    }

    private static ByteBuffer filled(int length, int value) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        while (buffer.hasRemaining()) {
            buffer.put((byte) value);
        }
        return buffer.flip();
    }

    private static byte[] read(ImageFile image, long offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        image.read(offset, buffer);
        assertEquals(0, buffer.remaining());
        byte[] bytes = new byte[length];
        buffer.flip().get(bytes);
        return bytes;
    }

    @Test
    void whatIsWrittenIsInTheFile() throws IOException {
        try (ImageFile image = ImageFile.open(file)) {
            assertEquals(SIZE_BYTES, image.sizeBytes());
            ByteBuffer source = filled(3000, 9).position(1000);
            image.write(SIZE_BYTES - 2000, source);
            assertEquals(0, source.remaining());
            image.flush();
            byte[] expected = new byte[3000];
            Arrays.fill(expected, 1000, 3000, (byte) 9);
            assertArrayEquals(expected, read(image, SIZE_BYTES - 3000, 3000));
            byte[] all = Files.readAllBytes(file);
            assertArrayEquals(expected, Arrays.copyOfRange(all, SIZE_BYTES - 3000, SIZE_BYTES));
        }
    }

    @Test
    void nothingBeyondTheEndIsTouched() throws IOException {
        try (ImageFile image = ImageFile.open(file)) {
            for (long offset : new long[]{SIZE_BYTES - 1, -1, Long.MAX_VALUE}) {
                assertThrows(IndexOutOfBoundsException.class, () -> image.write(offset, filled(2, 1)));
                assertThrows(IndexOutOfBoundsException.class, () -> image.read(offset, filled(2, 1)));
                assertThrows(IndexOutOfBoundsException.class, () -> image.writeZeroes(offset, 2, true));
                assertThrows(IndexOutOfBoundsException.class, () -> image.extents(offset, 2, (_, _, _) -> {}));
            }
            assertThrows(IllegalArgumentException.class, () -> image.write(0, ByteBuffer.allocate(1)));
            image.write(SIZE_BYTES, filled(0, 1));
            image.writeZeroes(SIZE_BYTES, 0, false);
        }
        assertEquals(SIZE_BYTES, Files.size(file));
    }

    @Test
    void zeroesThatMayTrimGiveRoomBackAndOthersKeepIt() throws IOException {
        try (ImageFile image = ImageFile.open(file)) {
            image.write(0, filled(8 * MIB, 1));
            image.flush();
            long full = image.allocatedBytes();
            image.writeZeroes(MIB, 2 * MIB, false);
            image.flush();
            assertTrue(image.allocatedBytes() >= 8 * MIB, "a later write finds room");
            image.writeZeroes(4 * MIB - 10, 2 * MIB + 20, true);
            image.flush();
            assertTrue(image.allocatedBytes() <= full - 2 * MIB, "the room is back");
            byte[] expected = new byte[8 * MIB];
            Arrays.fill(expected, (byte) 1);
            Arrays.fill(expected, MIB, 3 * MIB, (byte) 0);
            Arrays.fill(expected, 4 * MIB - 10, 6 * MIB + 10, (byte) 0);
            assertArrayEquals(expected, read(image, 0, 8 * MIB));
            assertEquals(SIZE_BYTES, Files.size(file));
        }
    }

    private static String extents(ImageFile image, long offset, long length) throws IOException {
        StringBuilder told = new StringBuilder();
        long[] next = {offset};
        image.extents(offset, length, (at, bytes, hole) -> {
            assertEquals(next[0], at);
            assertTrue(bytes > 0);
            next[0] += bytes;
            told.append(hole ? " hole " : " content ").append(bytes);
        });
        assertEquals(offset + length, next[0]);
        return told.toString();
    }

    @Test
    void holesAreTold() throws IOException {
        try (ImageFile image = ImageFile.open(file)) {
            assertEquals(" hole " + SIZE_BYTES, extents(image, 0, SIZE_BYTES));
            image.write(2 * MIB, filled(MIB, 1));
            assertEquals(" hole 2097152 content 1048576 hole " + (SIZE_BYTES - 3 * MIB), extents(image, 0, SIZE_BYTES));
            assertEquals(" hole 100 content 200", extents(image, 2 * MIB - 100, 300));
            assertEquals(" content 100 hole 1", extents(image, 3 * MIB - 100, 101));
            assertEquals("", extents(image, 5, 0));
            image.write(SIZE_BYTES - 1, filled(1, 1));
            assertTrue(extents(image, 0, SIZE_BYTES).matches(".* content \\d+"), "the last byte");
        }
    }

    private static void assertRefused(Path path, String clause) {
        for (boolean writing : new boolean[]{true, false}) {
            FileSystemException e = assertThrows(FileSystemException.class, () -> {
                try (ImageFile image = writing ? ImageFile.open(path) : ImageFile.openForReading(path)) {
                    image.sizeBytes();
                }
            });
            assertEquals(path.toString(), e.getFile());
            assertTrue(e.getReason().contains(clause), e.getMessage());
        }
    }

    @Test
    void whatIsNoRegularFileIsNotOpened() throws Exception {
        Path fifo = folder.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("/dev/zero"));
        assertRefused(fifo, "is no regular file");
        assertRefused(link, "is no regular file");
        Files.delete(link); // the suite would say that it leads out of its folder
        assertRefused(folder, "is no regular file");
        assertRefused(Path.of("/dev/null"), "is no regular file");
        assertRefused(folder.resolve("none"), "No such file");
        assertRefused(file.resolve("within"), "Not a directory");
    }

    @Test
    void linkToAnImageIsFollowed() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        try (ImageFile image = ImageFile.open(link)) {
            image.write(0, filled(1, 5));
        }
        assertEquals(5, Files.readAllBytes(file)[0]);
    }

    @Test
    void oneForReadingIsNotWritten() throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        try (ImageFile image = ImageFile.openForReading(file)) {
            assertArrayEquals(new byte[10], read(image, 0, 10));
            assertThrows(IOException.class, () -> image.write(0, filled(1, 1)));
            assertThrows(IOException.class, () -> image.writeZeroes(0, 1, true));
        }
    }

    @Test
    void closedOneSaysSo() throws IOException {
        ImageFile image = ImageFile.open(file);
        image.close();
        image.close();
        for (IOException e : new IOException[]{assertThrows(IOException.class, () -> image.write(0, filled(1, 1))),
                assertThrows(IOException.class, () -> image.read(0, filled(1, 1))), assertThrows(IOException.class,
                        image::flush)}) {
            assertEquals(file + " is closed", e.getMessage());
        }
    }

    @Test
    void fileThatWasCutIsAnErrorAndNoLoop() throws IOException {
        try (ImageFile image = ImageFile.open(file);
                RandomAccessFile other = new RandomAccessFile(file.toFile(),
                        "rw")) {
            other.setLength(1000);
            IOException e = assertThrows(IOException.class, () -> read(image, 0, 2000));
            assertTrue(e.getMessage().contains("ends at 1000"), e.getMessage());
        }
    }

    @Test
    void onlyOneWritesAndNobodyReadsMeanwhile() throws IOException {
        try (ImageFile _ = ImageFile.open(file)) {
            assertRefused(file, "is in use");
        }
        try (ImageFile first = ImageFile.openForReading(file); ImageFile second = ImageFile.openForReading(file)) {
            assertEquals(first.sizeBytes(), second.sizeBytes());
            ImageFile.InUse e = assertThrows(ImageFile.InUse.class, () -> ImageFile.open(file));
            assertEquals(1, e.getMessage().lines().count());
        }
        ImageFile.open(file).close();
    }

    // --- beside QEMU's programs

    private static String run(int expectedStatus, String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> "does not end: " + said);
        assertEquals(expectedStatus, process.exitValue(), said);
        return said;
    }

    @Test
    @Tag("qemu")
    void whatIsWrittenHereIsNotWrittenByQemu() throws Exception {
        try (ImageFile _ = ImageFile.open(file)) {
            assertTrue(run(1, "qemu-io", "-f", "raw", "-c", "write 0 512", file.toString()).contains("lock"));
        }
        run(0, "qemu-io", "-f", "raw", "-c", "write 0 512", file.toString());
    }

    /// Of raw images QEMU's tools read whatever is there, beside a QEMU as well; of others they want what holds together.
    @Test
    @Tag("qemu")
    void whatIsWrittenHereIsNotReadByQemuWhereThatMakesNoSense() throws Exception {
        run(0, "qemu-img", "create", "-f", "qcow2", file.toString(), "1M");
        try (ImageFile _ = ImageFile.open(file)) {
            assertTrue(run(1, "qemu-img", "info", file.toString()).contains("lock"));
            run(0, "qemu-img", "info", "-U", file.toString());
        }
        run(0, "qemu-img", "info", file.toString());
    }

    @Test
    @Tag("qemu")
    void whatIsReadHereIsReadByQemuButNotWritten() throws Exception {
        try (ImageFile _ = ImageFile.openForReading(file)) {
            run(0, "qemu-img", "info", "-f", "raw", file.toString());
            run(0, "qemu-io", "-r", "-f", "raw", "-c", "read 0 512", file.toString());
            assertTrue(run(1, "qemu-io", "-f", "raw", "-c", "write 0 512", file.toString()).contains("lock"));
        }
    }

    @Test
    @Tag("qemu")
    void whatQemuWritesIsRefusedHere() throws Exception {
        Process writer = new ProcessBuilder("qemu-io", "-f", "raw", file.toString()).redirectErrorStream(true).start();
        try {
            awaitPrompt(writer);
            ImageFile.InUse e = assertThrows(ImageFile.InUse.class, () -> ImageFile.open(file));
            assertTrue(e.getReason().startsWith("is in use by process " + writer.pid()), e.getMessage());
            assertThrows(ImageFile.InUse.class, () -> ImageFile.openForReading(file));
        } finally {
            writer.destroyForcibly().waitFor();
        }
        ImageFile.open(file).close();
    }

    @Test
    @Tag("qemu")
    void whatQemuReadsIsNotWrittenHere() throws Exception {
        run(0, "qemu-img", "create", "-f", "qcow2", file.toString(), "1M");
        Process reader = new ProcessBuilder("qemu-io", "-r", "-f", "qcow2", file.toString()).redirectErrorStream(true)
                .start();
        try {
            awaitPrompt(reader);
            assertThrows(ImageFile.InUse.class, () -> ImageFile.open(file));
            ImageFile.openForReading(file).close();
        } finally {
            reader.destroyForcibly().waitFor();
        }
        ImageFile.open(file).close();
    }

    /// Then it has opened the image.
    private static void awaitPrompt(Process qemuIo) throws IOException {
        StringBuilder said = new StringBuilder();
        while (said.indexOf("qemu-io> ") < 0) {
            int next = qemuIo.getInputStream().read();
            assertTrue(next >= 0, () -> "it ended: " + said);
            said.append((char) next);
        }
    }

    // --- on other file systems

    private Path mounted(String type, String options, String source) throws Exception {
        Path mount = Files.createDirectory(folder.resolve(type));
        Process process = new ProcessBuilder("mount", "-t", type, "-o", options, source, mount.toString())
                .redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        Needs.MOUNTING.orSkip(process.waitFor() == 0, "only root can mount a small file system");
        return mount;
    }

    private static void unmount(Path mount) throws Exception {
        run(0, "umount", mount.toString());
    }

    @Test
    void fullDiskIsToldAsOneAndWhatIsThereStays() throws Exception {
        Path mount = mounted("tmpfs", "size=4m", "freezeframe");
        try (ImageFile image = ImageFile.open(hole(mount, SIZE_BYTES))) {
            image.write(0, filled(2 * MIB, 3));
            IOException e = assertThrows(IOException.class, () -> image.write(3 * MIB, filled(3 * MIB, 4)));
            assertTrue(FullDisk.isCauseOf(e), e.getMessage());
            assertEquals(3, read(image, 2 * MIB - 1, 1)[0]);
            image.writeZeroes(0, SIZE_BYTES, true);
            image.write(5 * MIB, filled(2 * MIB, 5));
        } finally {
            unmount(mount);
        }
    }

    @Test
    void fileSystemThatKnowsNoHolesHasZeroesWritten() throws Exception {
        Path mount = mounted("ramfs", "mode=700", "freezeframe");
        try (ImageFile image = ImageFile.open(hole(mount, SIZE_BYTES))) {
            for (boolean mayTrim : new boolean[]{true, false}) {
                image.write(0, filled(SIZE_BYTES, 1));
                image.writeZeroes(100, 3 * MIB + 7, mayTrim);
                byte[] expected = new byte[SIZE_BYTES];
                Arrays.fill(expected, 0, 100, (byte) 1);
                Arrays.fill(expected, 100 + 3 * MIB + 7, SIZE_BYTES, (byte) 1);
                assertArrayEquals(expected, read(image, 0, SIZE_BYTES));
            }
            assertEquals(" content " + SIZE_BYTES, extents(image, 0, SIZE_BYTES));
        } finally {
            unmount(mount);
        }
    }

    /// A file system in a file whose own file system is full: what the kernel took it cannot put anywhere.
    @Test
    void flushThatFailedOnceNeverSucceedsAgain() throws Exception {
        Path small = mounted("tmpfs", "size=6m", "freezeframe");
        try {
            Path disk = hole(small, 64 * MIB);
            run(0, "mkfs.ext4", "-q", "-O", "^has_journal", "-E", "lazy_itable_init=1", disk.toString());
            Path mount = mounted("ext4", "loop", disk.toString());
            try (ImageFile image = ImageFile.open(hole(mount, 16 * MIB))) {
                image.write(0, filled(16 * MIB, 1));
                IOException first = assertThrows(IOException.class, image::flush);
                // the kernel says so once or twice and then no more
                for (int i = 0; i < 4; i++) {
                    IOException later = assertThrows(IOException.class, image::flush);
                    assertEquals(first.getMessage(), later.getMessage());
                }
            } finally {
                unmount(mount);
            }
        } finally {
            unmount(small);
        }
    }
}
