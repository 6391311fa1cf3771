package dev.freezeframe.qemu.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ExpectWarnings;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The server with the clients that there are: QEMU's and libnbd's tools.
class NbdServerTest {
    /// Not a multiple of a sector.
    private static final int SIZE_BYTES = (24 << 20) + 1000;

    @TempDir
    Path folder;
    private final MemoryExport export = MemoryExport.random(SIZE_BYTES, 1);
    private Path socket;
    private NbdServer server;

    @BeforeEach
    void start() throws Exception {
        socket = folder.resolve("nbd");
        server = NbdServer.start(socket, Map.of("disk0", export, "disk1", MemoryExport.random(5 << 20, 2)));
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private String uri(String name) {
        return "nbd+unix:///" + name + "?socket=" + socket;
    }

    @Test
    @Tag("qemu")
    void qemuImgConvertsTheExportToItsContent() throws Exception {
        Path raw = folder.resolve("raw");
        Tool.output(folder, "qemu-img", "convert", "-f", "raw", "-O", "raw", uri("disk0"), raw.toString());
        byte[] converted = Files.readAllBytes(raw);
        // QEMU deals in sectors
        assertEquals((SIZE_BYTES + 511) / 512 * 512, converted.length);
        assertArrayEquals(export.content(), Arrays.copyOf(converted, SIZE_BYTES));
    }

    @Test
    @Tag("qemu")
    void qemuImgFindsTheExportEqualToAQcow2OfIt() throws Exception {
        Path qcow2 = folder.resolve("qcow2");
        Tool.output(folder, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri("disk1"), qcow2.toString());
        Tool.output(folder, "qemu-img", "compare", "-f", "raw", "-F", "qcow2", uri("disk1"), qcow2.toString());
        assertNotEquals(0, Tool.run(folder, "qemu-img", "compare", "-f", "raw", "-F", "qcow2", uri("disk0"), qcow2
                .toString()).status());
    }

    @Test
    void nbdcopyReadsByManyConnectionsAtOnce() throws Exception {
        Path raw = folder.resolve("raw");
        Tool.output(folder, "nbdcopy", "--connections=4", "--requests=16", uri("disk0"), raw.toString());
        assertArrayEquals(export.content(), Files.readAllBytes(raw));
    }

    @Test
    void nbdinfoListsTheExportsAndTheirFeatures() throws Exception {
        String list = Tool.output(folder, "nbdinfo", "--list", "nbd+unix:///?socket=" + socket);
        assertTrue(list.contains("export=\"disk0\"") && list.contains("export=\"disk1\""), list);
        String disk = Tool.output(folder, "nbdinfo", uri("disk0"));
        for (String expected : new String[]{"export-size: " + SIZE_BYTES, "is_read_only: true",
                "can_multi_conn: true", "can_cache: true", "can_df: true", "can_flush: true", "base:allocation",
                "using structured packets"}) {
            assertTrue(disk.contains(expected), expected + " is not in " + disk);
        }
    }

    @Test
    void nbdinfoMapsTheZeroes() throws Exception {
        long[] zeroBytes = {0};
        long[] end = {0};
        Tool.output(folder, "nbdinfo", "--map", uri("disk0")).lines().forEach(line -> {
            String[] words = line.strip().split("\\s+", -1);
            long offset = Long.parseLong(words[0]);
            assertEquals(end[0], offset);
            end[0] += Long.parseLong(words[1]);
            assertEquals(export.isZero(offset), words[2].equals("3"), line);
            if (words[2].equals("3"))
                zeroBytes[0] += Long.parseLong(words[1]);
        });
        assertEquals(SIZE_BYTES, end[0]);
        long expected = 0;
        for (long at = 0; at < SIZE_BYTES; at += MemoryExport.BLOCK_BYTES)
            expected += export.isZero(at) ? Math.min(MemoryExport.BLOCK_BYTES, SIZE_BYTES - at) : 0;
        assertEquals(expected, zeroBytes[0]);
    }

    @Test
    @ExpectWarnings("an export could not be read: pack [0-9]+ is damaged")
    @Tag("qemu")
    void unreadableBytesAreAnErrorOfThatReadOnly() throws Exception {
        export.failingOffset = export.firstContentFrom(9 << 20);
        Tool run = Tool.run(folder, "qemu-io", "-r", "-f", "raw", "-c", "read " + export.failingOffset + " 4k", "-c",
                "read 1M 64k", uri("disk0"));
        assertTrue(run.output().contains("read failed: Input/output error"), run.output());
        assertTrue(run.output().contains("read 65536/65536 bytes at offset 1048576"), run.output());
    }

    @Test
    void slowReadHoldsUpNoOtherOfItsConnection() throws Exception {
        CountDownLatch later = new CountDownLatch(3);
        NbdExport waiting = new Reading(offset -> {
            if (offset > 0)
                later.countDown();
            else if (!later.await(60, TimeUnit.SECONDS))
                throw new IOException("the later reads wait for the first");
        });
        try (NbdServer one = NbdServer.start(folder.resolve("one"), Map.of("disk0", waiting));
                NbdClient client = NbdClient.connect(one.path(), "disk0", List.of(), Await.PATIENCE)) {
            client.read(0, ByteBuffer.allocateDirect(4 << 20));
        }
    }

    @Test
    void closingWaitsForReadsUnderWayAndInterruptsNone() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        CompletableFuture<Boolean> undisturbed = new CompletableFuture<>();
        NbdExport slow = new Reading(_ -> {
            begun.countDown();
            goOn.await();
            undisturbed.complete(!Thread.currentThread().isInterrupted());
        });
        NbdServer one = NbdServer.start(folder.resolve("one"), Map.of("disk0", slow));
        try (NbdClient client = NbdClient.connect(one.path(), "disk0", List.of(), Await.PATIENCE)) {
            Thread reader = Thread.ofPlatform().start(() -> assertThrows(NbdException.class, () -> client.read(0,
                    ByteBuffer.allocate(4096))));
            assertTrue(begun.await(60, TimeUnit.SECONDS));
            Underway<Boolean> closing = Underway.start(() -> {
                one.close();
                return true;
            }).awaitInside(ServerConnection.class, "awaitEnd");
            goOn.countDown();
            assertTrue(closing.result());
            assertTrue(undisturbed.getNow(false));
            assertEquals(0, one.connections());
            reader.join();
        } finally {
            goOn.countDown();
            one.close();
        }
    }

    /// 8 MiB of zeroes that are told to be content, behind something that happens at each read.
    private record Reading(Happening happening) implements NbdExport {
        interface Happening {
            void at(long offset) throws IOException, InterruptedException;
        }

        @Override
        public long sizeBytes() {
            return 8 << 20;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            try {
                happening.at(offset);
            } catch (InterruptedException e) {
                throw new IOException("interrupted", e);
            }
            target.position(target.limit());
        }

        @Override
        public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
            visitor.extent(offset, lengthBytes, false);
        }
    }

    @Test
    @Tag("qemu")
    void writingIsRefused() throws Exception {
        Tool run = Tool.run(folder, "qemu-io", "-f", "raw", "-c", "write 0 64k", uri("disk0"));
        assertNotEquals(0, run.status());
        assertTrue(run.output().contains("Permission denied"), run.output());
    }

    @Test
    void socketIsForItsOwnerOnlyAndGoesWhenClosed() throws Exception {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        server.close();
        assertFalse(Files.exists(socket));
    }
}
