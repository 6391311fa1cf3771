package dev.freezeframe.qemu.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.linux.socket.UnixListener;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A QEMU that takes every command and never says that its migration has ended: it is given up with one line, and what may
/// still go on is called off. No real QEMU can be made to do that.
class MigrationTimeOutTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /// For what never comes.
    private static final Duration LITTLE_PATIENCE = Duration.ofMillis(50);
    /// Whose descendants may connect, as this process may.
    private static final ProcessHandle QEMU = ProcessHandle.current().parent().orElseThrow();
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final BlockingQueue<String> commands = new LinkedBlockingQueue<>();
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private UnixConnection peer;
    private QmpClient qmp;

    @BeforeEach
    void connect() throws Exception {
        UnixConnection[] ends = UnixConnection.pair();
        peer = ends[1];
        Thread.ofPlatform().name("qemu-that-never-ends").daemon().start(this::answer);
        qmp = QmpClient.open(ends[0], _ -> "the peer is gone", PATIENCE);
        assertEquals("qmp_capabilities", commands.take());
    }

    @AfterEach
    void disconnect() {
        over.complete(null);
        qmp.close();
        peer.close();
    }

    private void answer() {
        try {
            say("{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 9}, \"package\": \"\"},"
                    + " \"capabilities\": []}}");
            StringBuilder line = new StringBuilder();
            ByteBuffer bytes = ByteBuffer.allocateDirect(4096);
            while (peer.read(bytes.clear()) >= 0) {
                line.append(StandardCharsets.UTF_8.decode(bytes.flip()));
                for (int end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
                    take(MAPPER.readTree(line.substring(0, end)));
                    line.delete(0, end + 1);
                }
            }
        } catch (IOException e) {
            // the test is over
        }
    }

    private void take(JsonNode command) throws IOException {
        String name = command.path("execute").asText();
        if (name.equals("migrate-incoming")) {
            UnixListener listener = UnixListener.bind(Path.of(command.path("arguments").path("uri").asText().substring(
                    "unix:".length())));
            Thread.ofPlatform().name("incoming").daemon().start(() -> swallow(listener));
        }
        commands.add(name);
        say("{\"return\": {}, \"id\": " + command.path("id") + "}");
    }

    private void swallow(UnixListener listener) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(4096);
        try (listener;
                UnixConnection from = listener.accept(QEMU, over, PATIENCE)) {
            while (from.read(bytes.clear()) >= 0) {
                // it takes everything
            }
        } catch (IOException e) {
            // the test is over
        }
    }

    private void say(String line) throws IOException {
        byte[] bytes = (line + "\r\n").getBytes(StandardCharsets.UTF_8);
        peer.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    @Test
    void aStateThatIsNeverLoadedIsGivenUpWithOneLine() throws Exception {
        byte[] stream = {'Q', 'E', 'V', 'M', 0, 0, 0, 3, 4, 0, 0, 0, 1, 3, 'c', 'p', 'u', 0, 0, 0, 0, 0, 0, 0, 1, 9, 9,
                0x7e, 0, 0, 0, 1, 0};
        DeviceStateException refused = assertThrows(DeviceStateException.class, () -> IncomingMigration.load(qmp,
                DeviceState.of(stream), "pc-i440fx-9.2", LITTLE_PATIENCE));
        assertTrue(refused.getMessage().startsWith("QEMU did not load the device state: "), refused.getMessage());
        assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
        assertEquals(QmpException.Kind.TIMED_OUT, ((QmpException) refused.getCause()).kind());
    }

    @Test
    void aStateThatIsNeverSavedIsCalledOffAtOnceAndAgainBeforeTheNext() throws Exception {
        try (DeviceStateSource source = MigrationSource.open(qmp, QEMU)) {
            PendingReply reply = qmp.send(source.arm()).getFirst();
            QmpException failed = assertThrows(QmpException.class, () -> source.awaitSaved(reply, LITTLE_PATIENCE));
            assertEquals(QmpException.Kind.TIMED_OUT, failed.kind());
            source.arm();
            String seen = "";
            for (int cancels = 0; cancels < 2;) {
                String next = commands.take();
                cancels += next.equals("migrate_cancel") ? 1 : 0;
                seen += next + " ";
            }
            assertTrue(seen.matches(
                    "migrate-set-parameters migrate-set-capabilities migrate (query-status )*migrate_cancel (query-status )*migrate_cancel "),
                    seen);
        }
    }

    @Test
    void aStreamThatNeverEndsIsNotWaitedForForEver() throws Exception {
        try (MigrationReceiver receiver = MigrationReceiver.listen(QEMU);
                UnixConnection sender = UnixConnection.connect(receiver.socket())) {
            sender.write(ByteBuffer.allocateDirect(3));
            IOException failed = assertThrows(IOException.class, () -> receiver.await(LITTLE_PATIENCE));
            assertEquals("QEMU did not end its migration stream within 50 ms", failed.getMessage());
        }
    }
}
