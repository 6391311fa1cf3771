package dev.freezeframe.qemu.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The client with a real QEMU: the frozen view of a disk that is written on, with the bitmap of what was written before.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("qemu")
class FrozenViewTest {
    private static final int SIZE_BYTES = 32 << 20;
    private static final String BITMAP = "qemu:dirty-bitmap:b0";
    private static final Duration PATIENCE = Await.PATIENCE;
    private static final List<NbdRange> WRITTEN = List.of(new NbdRange(0, 4096), new NbdRange(1 << 20, 3 << 20),
            new NbdRange((9 << 20) + 8192, 12288), new NbdRange(SIZE_BYTES - 4096, 4096));

    private byte[] frozen;
    private QemuWithDisk qemu;

    @BeforeAll
    void freeze(@TempDir Path folder) throws Exception {
        Path image = folder.resolve("image");
        frozen = MemoryExport.random(SIZE_BYTES, 4).content();
        Files.write(image, frozen);
        Path scratch = folder.resolve("scratch");
        Files.write(scratch, new byte[SIZE_BYTES]);
        qemu = QemuWithDisk.start(image);
        qemu.execute("block-dirty-bitmap-add", Map.of("node", "disk0", "name", "b0", "granularity", 4096));
        int pattern = 1;
        for (NbdRange each : WRITTEN) {
            qemu.write("disk0", ++pattern, each.offset(), each.lengthBytes());
            Arrays.fill(frozen, (int) each.offset(), (int) each.end(), (byte) pattern);
        }
        qemu.execute("blockdev-add", Map.of("driver", "file", "node-name", "scratch", "filename", scratch.toString()));
        qemu.execute("blockdev-add", Map.of("driver", "copy-before-write", "node-name", "filter", "file", "disk0",
                "target", "scratch"));
        qemu.execute("block-dirty-bitmap-disable", Map.of("node", "disk0", "name", "b0"));
        qemu.execute("blockdev-add", Map.of("driver", "snapshot-access", "node-name", "frozen", "file", "filter"));
        qemu.export("frozen", "disk0", List.of(Map.of("node", "disk0", "name", "b0")));
        // The guest writes on, over what the view has and elsewhere.
        qemu.write("filter", 99, 0, 2 << 20);
        qemu.write("filter", 98, 20 << 20, 1 << 20);
    }

    @AfterAll
    void stop() {
        qemu.close();
    }

    private NbdClient connect() throws IOException {
        return NbdClient.connect(qemu.nbdSocket(), "disk0", List.of(BITMAP, NbdProtocol.BASE_ALLOCATION), PATIENCE);
    }

    private static List<NbdRange> dirtyRanges(NbdClient client) throws IOException {
        List<NbdRange> dirty = new ArrayList<>();
        client.blockStatus(BITMAP, 0, client.sizeBytes(), (offset, length, flags) -> {
            if ((flags & NbdStatusVisitor.DIRTY) != 0)
                dirty.add(new NbdRange(offset, length));
        });
        return dirty;
    }

    /// Lends few buffers, so that the client has to go on with fewer than it would like.
    private static final class CollectingSink implements NbdReadSink {
        private final byte[] collected;
        private final List<ByteBuffer> free = new ArrayList<>();
        private int lent;
        private long deliveredBytes;

        CollectingSink(int sizeBytes, int buffers, int pieceBytes) {
            collected = new byte[sizeBytes];
            for (int i = 0; i < buffers; i++)
                free.add(ByteBuffer.allocateDirect(pieceBytes));
        }

        @Override
        public ByteBuffer target(long offset, int lengthBytes, boolean mayWait) {
            if (free.isEmpty() && !mayWait)
                return null;
            lent++;
            return free.removeLast();
        }

        @Override
        public void delivered(long offset, int lengthBytes, ByteBuffer target, boolean zero) {
            target.get(target.position(), collected, (int) offset, lengthBytes);
            deliveredBytes += lengthBytes;
            giveBack(target);
        }

        @Override
        public void abandoned(long offset, int lengthBytes, ByteBuffer target) {
            giveBack(target);
        }

        private void giveBack(ByteBuffer target) {
            lent--;
            free.add(target);
        }
    }

    @Test
    void bitmapTellsJustWhatWasWrittenBefore() throws Exception {
        try (NbdClient client = connect()) {
            assertEquals(WRITTEN, dirtyRanges(client));
        }
    }

    @Test
    void dirtyRangesAreReadAsTheyWereFrozen() throws Exception {
        try (NbdClient client = connect()) {
            CollectingSink sink = new CollectingSink(SIZE_BYTES, 3, 64 << 10);
            client.read(dirtyRanges(client).iterator(), 64 << 10, sink);
            byte[] expected = new byte[SIZE_BYTES];
            for (NbdRange each : WRITTEN)
                System.arraycopy(frozen, (int) each.offset(), expected, (int) each.offset(), (int) each.lengthBytes());
            assertArrayEquals(expected, sink.collected);
            assertEquals(WRITTEN.stream().mapToLong(NbdRange::lengthBytes).sum(), sink.deliveredBytes);
            assertEquals(0, sink.lent);
        }
    }

    @Test
    void wholeViewIsReadAsItWasFrozen() throws Exception {
        try (NbdClient client = connect()) {
            CollectingSink sink = new CollectingSink(SIZE_BYTES, 20, 1 << 20);
            client.read(List.of(new NbdRange(0, SIZE_BYTES)).iterator(), 1 << 20, sink);
            assertArrayEquals(frozen, sink.collected);
        }
    }

    @Test
    void sinkThatFailsGetsItsBuffersBackAndTheClientGoesOn() throws Exception {
        try (NbdClient client = connect()) {
            CollectingSink sink = new CollectingSink(SIZE_BYTES, 20, 1 << 20);
            NbdReadSink failing = new NbdReadSink() {
                @Override
                public ByteBuffer target(long offset, int lengthBytes, boolean mayWait) {
                    return sink.target(offset, lengthBytes, mayWait);
                }

                @Override
                public void delivered(long offset, int lengthBytes, ByteBuffer target, boolean zero)
                        throws IOException {
                    sink.delivered(offset, lengthBytes, target, zero);
                    if (offset >= 3 << 20)
                        throw new IOException("the pipeline is gone");
                }

                @Override
                public void abandoned(long offset, int lengthBytes, ByteBuffer target) {
                    sink.abandoned(offset, lengthBytes, target);
                }
            };
            IOException e = assertThrows(IOException.class, () -> client.read(List.of(new NbdRange(0, SIZE_BYTES))
                    .iterator(), 1 << 20, failing));
            assertEquals("the pipeline is gone", e.getMessage());
            assertEquals(0, sink.lent);
            ByteBuffer block = ByteBuffer.allocate(4096);
            client.read(SIZE_BYTES - 4096, block);
            assertArrayEquals(Arrays.copyOfRange(frozen, SIZE_BYTES - 4096, SIZE_BYTES), block.array());
        }
    }

    @Test
    void closingEndsAReadThatHangs() throws Exception {
        NbdClient client = connect();
        new ProcessBuilder("kill", "-STOP", Long.toString(qemu.process().pid())).start().waitFor();
        try {
            Underway<NbdException> reading = Underway.start(() -> assertThrows(NbdException.class, () -> client.read(0,
                    ByteBuffer.allocateDirect(4096)))).awaitInside(NbdClient.class, "awaitOne");
            client.close();
            assertEquals("the NBD client was closed", reading.result().getMessage());
        } finally {
            new ProcessBuilder("kill", "-CONT", Long.toString(qemu.process().pid())).start().waitFor();
        }
    }

    @Test
    void serverThatDiesEndsTheReadAtOnce(@TempDir Path folder) throws Exception {
        Path image = folder.resolve("image");
        Files.write(image, new byte[1 << 20]);
        try (QemuWithDisk dying = QemuWithDisk.start(image)) {
            dying.export("disk0", "disk0", List.of());
            try (NbdClient client = NbdClient.connect(dying.nbdSocket(), "disk0", List.of(), PATIENCE)) {
                dying.process().destroyForcibly().onExit().join();
                NbdException e = assertThrows(NbdException.class, () -> client.read(0, ByteBuffer.allocate(4096)));
                assertEquals(NbdException.Kind.DISCONNECTED, e.kind());
                assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
            }
        }
    }
}
