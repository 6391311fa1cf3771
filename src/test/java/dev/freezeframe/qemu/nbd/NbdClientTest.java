package dev.freezeframe.qemu.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The client with QEMU's own server.
@Tag("qemu")
class NbdClientTest {
    private static final int SIZE_BYTES = 24 << 20;
    private static final Duration PATIENCE = Await.PATIENCE;

    @TempDir
    Path folder;
    private final MemoryExport original = MemoryExport.random(SIZE_BYTES, 3);
    private Path socket;
    private Process server;

    @BeforeEach
    void start() throws Exception {
        Path raw = folder.resolve("raw");
        Files.write(raw, original.content());
        Path qcow2 = folder.resolve("qcow2");
        Tool.output(folder, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4k", raw.toString(),
                qcow2.toString());
        socket = folder.resolve("nbd");
        server = new ProcessBuilder("qemu-nbd", "--read-only", "--persistent", "--shared=4", "-f", "qcow2", "-x",
                "disk0", "-A", "-k", socket.toString(), qcow2.toString()).redirectErrorStream(true)
                .redirectOutput(TestOutput.ofChildren()).start();
        Await.listening(server, socket);
    }

    @AfterEach
    void stop() {
        server.destroyForcibly().onExit().join();
    }

    private NbdClient connect(String... contexts) throws IOException {
        return NbdClient.connect(socket, "disk0", List.of(contexts), PATIENCE);
    }

    @Test
    void everyByteIsReadAsItIs() throws Exception {
        try (NbdClient client = connect()) {
            assertEquals(SIZE_BYTES, client.sizeBytes());
            assertTrue(client.isReadOnly());
            ByteBuffer whole = ByteBuffer.allocateDirect(SIZE_BYTES);
            client.read(0, whole);
            byte[] read = new byte[SIZE_BYTES];
            whole.flip().get(read);
            assertArrayEquals(original.content(), read);
        }
    }

    @Test
    void blockStatusTellsWhatIsZero() throws Exception {
        try (NbdClient client = connect(NbdProtocol.BASE_ALLOCATION)) {
            long[] next = {8192};
            client.blockStatus(NbdProtocol.BASE_ALLOCATION, 8192, SIZE_BYTES - 12288, (offset, length, flags) -> {
                assertEquals(next[0], offset);
                next[0] += length;
                for (long at = offset; at < offset + length; at += 4096)
                    assertEquals(original.isZero(at), (flags & NbdStatusVisitor.ZERO) != 0, "at " + at);
            });
            assertEquals(SIZE_BYTES - 4096, next[0]);
        }
    }

    @Test
    void exportThatIsNotThereIsRefusedInOneLine() {
        NbdException e = assertThrows(NbdException.class, () -> NbdClient.connect(socket, "disk9", List.of(),
                PATIENCE));
        assertEquals(NbdException.Kind.REFUSED, e.kind());
        assertTrue(e.getMessage().contains("disk9") && e.getMessage().lines().count() == 1, e.getMessage());
    }

    @Test
    void missingBitmapIsRefused() {
        NbdException e = assertThrows(NbdException.class, () -> connect("qemu:dirty-bitmap:none"));
        assertTrue(e.getMessage().contains("qemu:dirty-bitmap:none"), e.getMessage());
    }
}
