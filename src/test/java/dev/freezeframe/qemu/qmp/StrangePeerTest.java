package dev.freezeframe.qemu.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Forged;
import dev.freezeframe.suite.Seeds;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// QMP with peers that QEMU never is: they need a fake, as no QEMU can be made to misbehave so.
class StrangePeerTest {
    private static final String GREETING = "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 1, \"minor\": 2, \"major\": "
            + "9}, \"package\": \"\"}, \"capabilities\": []}}\r\n";
    private static final String NEGOTIATED = "{\"return\": {}, \"id\": 1}\r\n";
    private static final Duration PATIENCE = Await.PATIENCE;
    private static final int MAX_LINE_BYTES = 1000;

    private UnixConnection ours;
    private UnixConnection peer;

    @BeforeEach
    void connect() throws IOException {
        UnixConnection[] pair = UnixConnection.pair();
        ours = pair[0];
        peer = pair[1];
    }

    @AfterEach
    void disconnect() {
        ours.close();
        peer.close();
    }

    private void say(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        peer.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    /// Opens a session with a peer that has greeted and answers the first command, as QEMU does.
    private QmpClient negotiate() throws QmpException {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                ByteBuffer command = ByteBuffer.allocateDirect(1000);
                while (command.position() == 0 || command.get(command.position() - 1) != '\n') {
                    if (peer.read(command) < 0) {
                        return;
                    }
                }
                say(NEGOTIATED);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        return open();
    }

    private QmpClient open() throws QmpException {
        return QmpClient.open(ours, _ -> "the peer is gone", PATIENCE, MAX_LINE_BYTES);
    }

    private QmpException failureOfACommandAnsweredBy(String answer) throws IOException {
        say(GREETING);
        try (QmpClient client = negotiate()) {
            PendingReply reply = client.send(QmpCommand.of("query-status")).getFirst();
            say(answer);
            return assertThrows(QmpException.class, () -> reply.await(PATIENCE));
        }
    }

    @Test
    void linesMayArriveInAnyPieces() throws Exception {
        Underway<QmpClient> opening = Underway.start(this::negotiate);
        for (String piece : GREETING.split("(?<=\\G.{7})", -1)) {
            Await.untilAsleepInside(UnixConnection.class, "read"); // what was said is read
            say(piece);
        }
        say("\r\n");
        try (QmpClient client = opening.result()) {
            assertEquals("9.2.1", client.greeting().version());
        }
    }

    @Test
    void garbageEndsTheSession() throws Exception {
        QmpException e = failureOfACommandAnsweredBy("HTTP/1.1 400 Bad Request\r\n");
        assertEquals(QmpException.Kind.PROTOCOL, e.kind());
        assertTrue(e.getMessage().contains("HTTP/1.1 400"), e.getMessage());
    }

    @Test
    void jsonThatIsNoQmpEndsTheSession() throws Exception {
        assertEquals(QmpException.Kind.PROTOCOL, failureOfACommandAnsweredBy("[1, 2]\n").kind());
    }

    @Test
    void oversizedLineEndsTheSession() throws Exception {
        QmpException e = failureOfACommandAnsweredBy("{\"return\": \"" + "x".repeat(2 * MAX_LINE_BYTES));
        assertEquals(QmpException.Kind.PROTOCOL, e.kind());
        assertTrue(e.getMessage().contains("longer than " + MAX_LINE_BYTES), e.getMessage());
    }

    @Test
    void deeplyNestedLineEndsTheSession() throws Exception {
        assertEquals(QmpException.Kind.PROTOCOL, failureOfACommandAnsweredBy("{\"return\": " + "[".repeat(400) + "]"
                .repeat(400) + ", \"id\": 2}\n").kind());
    }

    @Test
    void whateverIsSaidIsTheAnswerOrEndsTheSession() {
        List<String> lines = List.of(
                "{\"return\": {\"status\": \"running\", \"singlestep\": false}, \"id\": 2}",
                "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}, \"id\": 2}",
                "{\"event\": \"STOP\", \"data\": {\"x\": [1]}, \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}");
        Seeds.check(60, random -> {
            disconnect();
            connect();
            say(GREETING);
            try (QmpClient client = negotiate()) {
                AtomicInteger heard = new AtomicInteger();
                client.onEvent(event -> heard.addAndGet(event.name().length()));
                PendingReply reply = client.send(QmpCommand.of("query-status")).getFirst();
                ByteBuffer said = ByteBuffer.allocateDirect(4 << 10);
                for (int i = random.nextInt(5); i >= 0; i--) {
                    String line = Forged.json(random, lines.get(random.nextInt(lines.size())));
                    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
                    said.put(random.nextInt(3) == 0 ? Forged.bytes(random, bytes) : bytes).put((byte) '\n');
                }
                // the last word, so that the answer or the end comes
                said.put("{\"return\": {}, \"id\": 2}\n".getBytes(StandardCharsets.UTF_8));
                peer.write(said.flip());
                reply.await(PATIENCE);
            } catch (QmpException e) {
                assertNotEquals(QmpException.Kind.TIMED_OUT, e.kind());
            }
        });
    }

    @Test
    void answerToNoQuestionEndsTheSession() throws Exception {
        assertEquals(QmpException.Kind.PROTOCOL, failureOfACommandAnsweredBy("{\"return\": {}, \"id\": 77}\n").kind());
    }

    @Test
    void secondAnswerToTheSameQuestionEndsTheSession() throws Exception {
        assertEquals(QmpException.Kind.PROTOCOL, failureOfACommandAnsweredBy(NEGOTIATED).kind());
    }

    /// As when this process stood still for longer than the time: the answer is there, only nobody has read it.
    @Test
    void anAnswerThatIsThereWhenTheTimeIsOverCounts() throws Exception {
        say(GREETING);
        try (QmpClient client = negotiate()) {
            for (int id = 2; id < 200; id++) {
                PendingReply reply = client.send(QmpCommand.of("query-status")).getFirst();
                say("{\"return\": {}, \"id\": " + id + "}\n");
                assertTrue(reply.await(Duration.ZERO).isEmpty());
            }
        }
    }

    @Test
    void silentPeerIsGivenUp() {
        QmpException e = assertThrows(QmpException.class, () -> QmpClient.open(ours, _ -> "", Duration.ofMillis(100)));
        assertEquals(QmpException.Kind.TIMED_OUT, e.kind());
    }

    @Test
    void peerThatHangsUpBeforeItGreetsIsReported() throws Exception {
        peer.close();
        QmpException e = assertThrows(QmpException.class, this::open);
        assertTrue(e.getMessage().contains("the peer is gone"), e.getMessage());
        assertEquals(QmpException.Kind.DISCONNECTED, e.kind());
    }
}
