package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Stands between a QMP client and a real QEMU. Passes on what comes, whole lines in order, and does one thing wrong when a
/// test says so, once.
public final class FaultyLink implements AutoCloseable {

    /// What goes wrong with a command.
    public enum Fault {
        /// QEMU does not do it and says so.
        REFUSED,
        /// QEMU does it, and the answer says that it did not.
        DONE_BUT_REFUSED,
        /// QEMU does it, and the answer never comes.
        ANSWER_LOST,
        /// The answer comes when the client has given it up and sends something else.
        ANSWER_LATE,
        /// The answer comes twice, which ends a session.
        ANSWER_TWICE,
        /// QEMU does it, and instead of the answer the connection ends.
        CLOSED_AFTER,
        /// The connection ends before QEMU hears of it.
        CLOSED_BEFORE;

        public boolean endsSession() {
            return this == ANSWER_TWICE || this == CLOSED_AFTER || this == CLOSED_BEFORE;
        }
    }

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final UnixConnection qemu;
    private final UnixConnection peer;
    private final QmpClient client;
    private final List<String> held = new ArrayList<>();
    private String command;
    private int occurrencesBefore;
    private Fault fault;
    /// Of the command that the fault has met.
    private long metId = -1;
    private boolean over = true;
    private String interposedAt = "";
    private long interposedId = -1;
    private Runnable meanwhile;
    /// Whether a stop passed while that ran, whose event is told only when the next stop passes.
    private boolean stopPassed;
    private boolean interposing;
    private final List<String> heldStop = new ArrayList<>();
    /// The answer that the client hears of when QEMU has done that stop.
    private String answerBehindStop;

    /// @param socket where QEMU listens
    public FaultyLink(Path socket) throws IOException {
        qemu = UnixConnection.connect(socket);
        UnixConnection[] ends = UnixConnection.pair();
        peer = ends[1];
        Thread.ofPlatform().name("faulty-link-to-qemu").daemon().start(() -> pass(peer, qemu, this::fromClient));
        Thread.ofPlatform().name("faulty-link-from-qemu").daemon().start(() -> pass(qemu, peer, this::fromQemu));
        client = QmpClient.open(ends[0], _ -> "the link was cut", PATIENCE);
    }

    public QmpClient client() {
        return client;
    }

    /// Has this happen to the command when it comes next, or so many of the kind later.
    public synchronized void fail(String commandName, int later, Fault with) {
        command = commandName;
        occurrencesBefore = later;
        fault = with;
        metId = -1;
        over = false;
    }

    /// Whether what was last asked for has happened.
    public synchronized boolean hasFailed() {
        return over;
    }

    /// Has something else come between, once: it runs when QEMU has answered the next command of this name, and the client hears
    /// of that behind it. The event of a stop that passes meanwhile is told only when the next stop passes.
    public synchronized void interpose(String commandName, Runnable what) {
        interposedAt = commandName;
        meanwhile = what;
    }

    /// Whether a stop has passed while [#interpose] ran what it was given.
    public synchronized boolean hasStopPassed() {
        return stopPassed;
    }

    private interface Passage {
        /// The lines to pass on instead of this one; null to end the connection.
        List<String> instead(String line) throws IOException;
    }

    private void pass(UnixConnection from, UnixConnection to, Passage passage) {
        StringBuilder text = new StringBuilder();
        ByteBuffer bytes = ByteBuffer.allocateDirect(64 << 10);
        try (from; to) {
            while (from.read(bytes.clear()) >= 0) {
                text.append(StandardCharsets.UTF_8.decode(bytes.flip()));
                for (int end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
                    List<String> lines = passage.instead(text.substring(0, end + 1));
                    text.delete(0, end + 1);
                    if (lines == null) {
                        return;
                    }
                    for (String each : lines) {
                        write(to, each);
                    }
                }
            }
        } catch (IOException e) {
            // The other side has hung up.
        }
    }

    private static void write(UnixConnection to, String line) throws IOException {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        synchronized (to) {
            to.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
        }
    }

    private synchronized List<String> fromClient(String line) throws IOException {
        for (String answer : held) {
            write(peer, answer);
            over = true;
        }
        held.clear();
        JsonNode message = QmpJson.MAPPER.readTree(line);
        if (message.path("execute").asText().equals(interposedAt)) {
            interposedId = message.path("id").asLong();
            interposedAt = "";
        }
        if (message.path("execute").asText().equals("stop")) {
            stopPassed |= interposing;
            for (String event : heldStop) {
                write(peer, event);
            }
            heldStop.clear();
        }
        boolean met = !over && metId < 0 && message.path("execute").asText().equals(command)
                && !message.has("abandoned") && occurrencesBefore-- == 0;
        if (!met) {
            return List.of(line);
        }
        metId = message.path("id").asLong();
        if (fault == Fault.CLOSED_BEFORE) {
            over = true;
            return null;
        }
        if (fault == Fault.REFUSED) {
            over = true;
            return List.of(((ObjectNode) message).put("execute", "no-such-command") + "\n");
        }
        return List.of(line);
    }

    private List<String> fromQemu(String line) throws IOException {
        JsonNode message = QmpJson.MAPPER.readTree(line);
        Runnable now = interposition(message.path("id").asLong(-1));
        if (now == null) {
            return answer(line, message);
        }
        now.run();
        synchronized (this) {
            interposing = false;
            if (stopPassed) {
                answerBehindStop = line;
                return List.of();
            }
        }
        return List.of(line);
    }

    private synchronized Runnable interposition(long id) {
        if (interposedId < 0 || id != interposedId) {
            return null;
        }
        interposedId = -1;
        interposing = true;
        return meanwhile;
    }

    private synchronized List<String> answer(String line, JsonNode message) {
        if (stopPassed && message.path("event").asText().equals("STOP")) {
            stopPassed = false;
            heldStop.add(line);
            return List.of(answerBehindStop);
        }
        if (over || metId < 0 || message.path("id").asLong(-1) != metId) {
            return List.of(line);
        }
        return switch (fault) {
            case DONE_BUT_REFUSED -> {
                over = true;
                yield List.of("{\"error\": {\"class\": \"GenericError\", \"desc\": \"made to fail\"}, \"id\": " + metId
                        + "}\n");
            }
            case ANSWER_LOST -> {
                over = true;
                yield List.of();
            }
            case ANSWER_LATE -> {
                held.add(line);
                metId = Long.MAX_VALUE;
                yield List.of();
            }
            case ANSWER_TWICE -> {
                over = true;
                yield List.of(line, line);
            }
            case CLOSED_AFTER -> {
                over = true;
                yield null;
            }
            case REFUSED, CLOSED_BEFORE -> List.of(line);
        };
    }

    @Override
    public void close() {
        client.close();
        peer.close();
        qemu.close();
    }
}
