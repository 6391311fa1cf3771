package dev.freezeframe.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class SharedMemoryTest {

    private static final int PAGE = SharedMemory.PAGE_BYTES;
    private static final long GIB = 1L << 30;

    @Test
    void bytesComeBackFromEveryWindowAndAcrossTheirBorders() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("m", 3 * GIB)) {
            for (long offset : new long[]{0, GIB - 3, 2 * GIB - 5000, 2 * GIB + 17, 3 * GIB - 10_000}) {
                byte[] content = pattern(10_000, (int) offset);
                memory.write(offset, ByteBuffer.wrap(content));
                ByteBuffer heap = ByteBuffer.allocate(10_100);
                memory.read(offset, content.length, heap, 100);
                assertArrayEquals(content, slice(heap, 100, content.length));
                ByteBuffer direct = ByteBuffer.allocateDirect(10_100);
                memory.read(offset, content.length, direct, 7);
                assertArrayEquals(content, slice(direct, 7, content.length));
            }
        }
    }

    @Test
    void accessOutsideIsRefused() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("m", 10 * PAGE)) {
            ByteBuffer target = ByteBuffer.allocate(2 * PAGE);
            assertThrows(IndexOutOfBoundsException.class, () -> memory.read(9 * PAGE + 1, PAGE, target, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> memory.read(-1, 1, target, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> memory.read(0, PAGE, target, PAGE + 1));
            assertThrows(IndexOutOfBoundsException.class, () -> memory.write(10 * PAGE, ByteBuffer.allocate(1)));
            assertThrows(IndexOutOfBoundsException.class, () -> memory.copyPages(new int[]{10}, 0, 1, target, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> memory.copyPages(new int[]{-1}, 0, 1, target, 0));
            assertThrows(IndexOutOfBoundsException.class,
                    () -> memory.copyPages(new int[]{0, 1, 2}, 0, 3, target, 0));
        }
    }

    @Test
    void copiedPagesStandInTheOrderOfTheList() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("m", 2 * GIB)) {
            int border = (int) (GIB / PAGE);
            int[] pages = {-7, 5, 6, 7, 3, border - 1, border, border + 1, 9, -7};
            for (int i = 1; i < 9; i++) {
                memory.write((long) pages[i] * PAGE, ByteBuffer.wrap(pattern(PAGE, pages[i])));
            }
            ByteBuffer target = ByteBuffer.allocateDirect(9 * PAGE);
            memory.copyPages(pages, 1, 8, target, PAGE);
            for (int i = 1; i < 9; i++) {
                assertArrayEquals(pattern(PAGE, pages[i]), slice(target, i * PAGE, PAGE), "page " + pages[i]);
            }
        }
    }

    @Test
    void holesStayHoles() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("m", 3 * GIB);
                SharedMemory copy = SharedMemory.allocate("c", 3 * GIB)) {
            int far = (int) (5 * GIB / 2 / PAGE);
            BitSet expected = new BitSet();
            for (int page : new int[]{0, 1, 700, far, memory.pageCount() - 1}) {
                memory.write((long) page * PAGE, ByteBuffer.wrap(pattern(PAGE, page)));
                expected.set(page);
            }
            copy.write(12L * PAGE, ByteBuffer.wrap(pattern(PAGE, 12)));
            BitSet differing = new BitSet();
            memory.addDifferingPages(copy, differing);
            memory.copyTo(copy);
            assertEquals(expected, populated(memory));
            assertEquals(expected, populated(copy));
            expected.set(12);
            assertEquals(expected, differing);
            BitSet none = new BitSet();
            memory.addDifferingPages(copy, none);
            assertTrue(none.isEmpty());
        }
    }

    @Test
    void harvestedDifferencesAreGoneFromTheShadow() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("m", 100 * 1024 * PAGE);
                SharedMemory shadow = SharedMemory.allocate("s", 100 * 1024 * PAGE)) {
            memory.write(10L * PAGE + 4095, ByteBuffer.wrap(new byte[]{1}));
            memory.write(50_000L * PAGE, ByteBuffer.wrap(pattern(3 * PAGE, 1)));
            memory.write(99L * PAGE, ByteBuffer.allocate(PAGE)); // populated, yet zero
            assertEquals(4, harvest(memory, shadow).cardinality());
            assertTrue(harvest(memory, shadow).isEmpty());
            memory.write(50_001L * PAGE + 8, ByteBuffer.wrap(new byte[]{77}));
            memory.discard(10, 1);
            BitSet expected = new BitSet();
            expected.set(10);
            expected.set(50_001);
            assertEquals(expected, harvest(memory, shadow));
            assertTrue(harvest(memory, shadow).isEmpty());
            assertEquals(3, populated(shadow).cardinality(), "a hole is no difference to a hole");
        }
    }

    @Test
    void growableFileIsReadAsAnotherProcessLeftIt() throws Exception {
        try (SharedMemory file = SharedMemory.allocate("state", 0)) {
            assertEquals(0, file.readFile(100).length);
            Process shell = new ProcessBuilder("sh", "-c", "printf 'device state' > \"$1\"", "sh",
                    file.path().toString()).start();
            assertEquals(0, shell.waitFor());
            assertEquals(12, file.fileSizeBytes());
            assertArrayEquals("device state".getBytes(java.nio.charset.StandardCharsets.US_ASCII), file.readFile(100));
            assertThrows(IOException.class, () -> file.readFile(11));
            file.truncate(0);
            file.write(3, ByteBuffer.wrap(new byte[]{9}));
            assertArrayEquals(new byte[]{0, 0, 0, 9}, file.readFile(100));
        }
    }

    @Test
    void onlyTheOwnerOpensItAndNobodyResizesIt() throws Exception {
        try (SharedMemory memory = SharedMemory.allocate("m", 3 * PAGE)) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(memory.path())));
            Process truncate = new ProcessBuilder("truncate", "-s", "0", memory.path().toString())
                    .redirectErrorStream(true).start();
            assertTrue(truncate.waitFor() != 0, "mapped memory was shortened");
            assertEquals(3 * PAGE, memory.fileSizeBytes());
            assertThrows(IllegalStateException.class, () -> memory.truncate(0));
        }
    }

    @Test
    void oddSizesWork() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("m", PAGE + 5);
                SharedMemory copy = SharedMemory.allocate("c", PAGE + 5)) {
            byte[] content = pattern(PAGE + 5, 3);
            memory.write(0, ByteBuffer.wrap(content));
            memory.copyTo(copy);
            assertArrayEquals(content, copy.readFile(content.length));
            assertEquals(2, populated(copy).cardinality());
        }
    }

    @Test
    @Tag("slow")
    void closingWhileInUseIsAnExceptionAtMost() throws Exception {
        for (int i = 0; i < 20; i++) {
            SharedMemory memory = SharedMemory.allocate("m", 64 * 1024 * 1024);
            memory.write(0, ByteBuffer.allocate(16 * 1024 * 1024));
            CountDownLatch begun = new CountDownLatch(2);
            Underway<Void> reader = Underway.start(() -> {
                ByteBuffer target = ByteBuffer.allocateDirect(16 * 1024 * 1024);
                while (true) {
                    begun.countDown();
                    memory.read(0, target.capacity(), target, 0);
                    memory.addPopulatedPages(new BitSet());
                }
            });
            assertTrue(begun.await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS));
            memory.close();
            memory.close();
            assertThrows(IllegalStateException.class, reader::result);
        }
    }

    private static BitSet harvest(SharedMemory memory, SharedMemory shadow) {
        BitSet into = new BitSet();
        memory.harvestDifferences(shadow, into);
        return into;
    }

    private static BitSet populated(SharedMemory memory) {
        BitSet pages = new BitSet();
        memory.addPopulatedPages(pages);
        return pages;
    }

    private static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        new java.util.Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] slice(ByteBuffer buffer, int from, int length) {
        byte[] bytes = new byte[length];
        buffer.get(from, bytes);
        return bytes;
    }
}
