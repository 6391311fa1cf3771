package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Registration;
import dev.freezeframe.linux.socket.PeerFate;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.qmp.QmpOutcome.Lost;
import dev.freezeframe.qemu.qmp.QmpOutcome.Refused;
import dev.freezeframe.qemu.qmp.QmpOutcome.Returned;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A QMP session with one QEMU, for any number of threads. Replies find their callers by id, events reach the
/// listeners in QEMU's order, and a QEMU that dies fails every waiting and every later call at once with the reason.
///
/// The protocol is QEMU's `docs/interop/qmp-spec.txt`: JSON objects, one a line. A thread that waits for a reply reads the
/// socket itself where nobody else does; the first command after a quiet time costs one thread switch more than those behind
/// it (see [QmpReader]).
///
/// Listeners run in the reading thread. So when a call returns, every event that QEMU sent before the reply has been
/// delivered; a listener must be quick and may not wait for QEMU. An event that comes within [QmpReader#LINGER] after a
/// reply may be delivered that much later.
public final class QmpClient implements AutoCloseable {
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(QmpClient.class);
    private final UnixConnection connection;
    private final Map<Long, Call> calls = new ConcurrentHashMap<>();
    private final QmpEvents events;
    private final CompletableFuture<QmpGreeting> greeting = new CompletableFuture<>();
    private final QmpReader reader;
    private final ReentrantLock writing = new ReentrantLock();
    @GuardedBy("writing")
    private ByteBuffer outgoing = ByteBuffer.allocateDirect(4096);
    @GuardedBy("writing")
    private long lastId;
    /// The command that waits for its last byte; whoever armed it holds `writing`.
    private Armed armed;
    private volatile Lost lost;

    private QmpClient(UnixConnection connection, PeerFate fate, int maxLineBytes) {
        this.connection = connection;
        this.reader = new QmpReader(connection, fate, maxLineBytes, new Incoming());
        this.events = new QmpEvents(reader);
    }

    /// Waits for QEMU's greeting and leaves negotiation mode. The connection is closed when this fails.
    ///
    /// @param fate asked when the connection ends; its answer is the message of the failed calls
    public static QmpClient open(UnixConnection connection, PeerFate fate, Duration timeout) throws QmpException {
        return open(connection, fate, timeout, QmpJson.MAX_LINE_BYTES);
    }

    static QmpClient open(UnixConnection connection, PeerFate fate, Duration timeout, int maxLineBytes)
            throws QmpException {
        QmpClient client = new QmpClient(connection, fate, maxLineBytes);
        try {
            client.reader.start();
            client.reader.await(client.greeting, "QEMU's greeting", timeout);
            client.execute(QmpCommand.of("qmp_capabilities"), timeout);
            return client;
        } catch (QmpException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    public QmpGreeting greeting() {
        return greeting.join();
    }

    /// Sends a command and waits for its answer, at most [#DEFAULT_TIMEOUT].
    public JsonNode execute(QmpCommand command) throws QmpException {
        return execute(command, DEFAULT_TIMEOUT);
    }

    /// Sends a command and waits for its answer.
    ///
    /// @throws QmpException QEMU's refusal, a time-out, or the reason why QEMU will not answer any more
    public JsonNode execute(QmpCommand command, Duration timeout) throws QmpException {
        return send(command).getFirst().await(timeout);
    }

    /// Sends commands in one write, so that QEMU finds the second when it has done the first. Does not wait, and
    /// reports nothing itself: what went wrong is told by the replies.
    ///
    /// @return one reply for each command, in the same order
    public List<PendingReply> send(QmpCommand... together) {
        List<Call> sent = new ArrayList<>(together.length);
        writing.lock();
        try {
            requireNothingArmed();
            outgoing.clear();
            for (QmpCommand command : together) {
                Call call = new Call(command.name());
                sent.add(call);
                long id = ++lastId;
                calls.put(id, call);
                append(command, id);
            }
            Lost already = lost;
            if (already != null) {
                sent.forEach(call -> call.outcome.complete(already));
            } else {
                outgoing.flip();
                connection.write(outgoing);
            }
        } catch (IOException e) {
            writeFailed(e);
        } finally {
            writing.unlock();
        }
        return List.copyOf(sent);
    }

    /// Sends all of a command but its last byte, so that [ArmedCommand#fire] starts it at once. QEMU reads its monitor byte
    /// by byte, at some microseconds each (`monitor_can_read` in monitor/monitor.c asks for one), so a command of a hundred
    /// bytes is under way for most of a millisecond before it begins.
    ///
    /// Until the command is fired or given up, other threads' commands wait, and this thread must send nothing else.
    public ArmedCommand arm(QmpCommand command) {
        // Held until the command is fired or given up.
        writing.lock();
        boolean done = false;
        try {
            requireNothingArmed();
            Call call = new Call(command.name());
            long id = ++lastId;
            outgoing.clear();
            append(command, id);
            calls.put(id, call);
            // All but the closing brace and the line's end.
            write(call, outgoing.flip().limit(outgoing.limit() - 2));
            armed = new Armed(call);
            done = true;
            return armed;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON: " + command, e);
        } finally {
            if (!done) {
                writing.unlock();
            }
        }
    }

    /// Keeps other threads' commands waiting until the registration is closed, by the same thread. Replies and events come
    /// as ever.
    public Registration reserve() {
        writing.lock();
        return writing::unlock;
    }

    private void requireNothingArmed() {
        if (armed != null) {
            throw new IllegalStateException("a command is armed; nothing else may be sent before it is fired");
        }
    }

    private void write(Call call, ByteBuffer bytes) {
        Lost already = lost;
        if (already != null) {
            call.outcome.complete(already);
            return;
        }
        try {
            connection.write(bytes);
        } catch (IOException e) {
            writeFailed(e);
        }
    }

    private void writeFailed(IOException e) {
        LOG.debug("QMP write", e);
        // Whoever reads sees the end of the connection and completes the calls with the reason.
        connection.close();
    }

    private final class Armed implements ArmedCommand {
        private static final byte[] FIRE = {'}', '\n'};
        /// QEMU refuses a member that it does not know, and so the whole command.
        private static final byte[] GIVE_UP = ",\"abandoned\":true}\n".getBytes(StandardCharsets.US_ASCII);

        private final Call call;

        Armed(Call call) {
            this.call = call;
        }

        @Override
        public PendingReply fire() {
            finish(FIRE);
            return call;
        }

        @Override
        public void close() {
            if (armed == this) {
                finish(GIVE_UP);
            }
        }

        private void finish(byte[] rest) {
            if (armed != this || !writing.isHeldByCurrentThread()) {
                throw new IllegalStateException("not armed any more, or by another thread");
            }
            try {
                write(call, outgoing.clear().put(rest).flip());
            } finally {
                armed = null;
                writing.unlock();
            }
        }
    }

    @GuardedBy("writing")
    private void append(QmpCommand command, long id) throws JsonProcessingException {
        byte[] bytes = command.json(id);
        if (outgoing.remaining() < bytes.length + 1) {
            ByteBuffer larger = ByteBuffer.allocateDirect(2 * (outgoing.position() + bytes.length + 1));
            outgoing = larger.put(outgoing.flip());
        }
        outgoing.put(bytes).put((byte) '\n');
    }

    /// Calls `listener` for every event from now on, in whichever thread reads: it must be quick, and waiting for
    /// QEMU in it is an error that is reported as such.
    public Registration onEvent(Consumer<QmpEvent> listener) {
        return events.listen(listener);
    }

    /// Starts to watch for an event. Ask before the command that causes it is sent.
    ///
    /// @param name such as `MIGRATION`
    public PendingEvent expect(String name, Predicate<JsonNode> data) {
        QmpEvents.Watch watch = events.watch(name, data);
        Lost already = lost;
        if (already != null) {
            watch.fail(QmpException.of(already.kind(), already.why()));
        }
        return watch;
    }

    /// Whether the session has ended; then every call fails.
    public boolean isLost() {
        return lost != null;
    }

    /// Ends the session; waiting calls fail. QEMU runs on.
    @Override
    public void close() {
        lose(new Lost(QmpException.Kind.DISCONNECTED, "the QMP session was closed"));
        connection.close();
    }

    private final class Call implements PendingReply {
        private final String command;
        private final CompletableFuture<QmpOutcome> outcome = new CompletableFuture<>();

        Call(String command) {
            this.command = command;
        }

        @Override
        public JsonNode await(Duration timeout) throws QmpException {
            return reader.await(outcome, command, timeout).of(command);
        }
    }

    /// What comes from QEMU.
    private final class Incoming implements QmpReader.Session {
        @Override
        public boolean line(byte[] line, int length) throws QmpException {
            JsonNode message;
            try {
                message = QmpJson.MAPPER.readTree(line, 0, length);
            } catch (IOException e) {
                throw QmpLines.notQmp(line, length, e);
            }
            if (message.isMissingNode()) {
                LOG.trace("an empty line");
            } else if (message.path("event").isTextual()) {
                events.deliver(message);
            } else if (message.has("return") || message.path("error").isObject()) {
                complete(message, line, length);
                return true;
            } else if (message.path("QMP").isObject() && !greeting.isDone()) {
                greeting.complete(QmpGreeting.of(message.get("QMP")));
            } else {
                throw QmpLines.notQmp(line, length, null);
            }
            return false;
        }

        private void complete(JsonNode message, byte[] line, int length) throws QmpException {
            JsonNode id = message.path("id");
            // A call that timed out stays in the map until its late reply is here; so every reply must find its call.
            Call call = id.isIntegralNumber() ? calls.remove(id.longValue()) : null;
            if (call == null) {
                throw QmpLines.notQmp(line, length, null);
            }
            JsonNode error = message.path("error");
            call.outcome.complete(error.isObject()
                    ? new Refused(error.path("class").asText(""), error.path("desc").asText("no reason given"))
                    : new Returned(message.get("return")));
        }

        @Override
        public void end(Lost reason) {
            lose(reason);
        }

        @Override
        public boolean isLost() {
            return lost != null;
        }
    }

    /// The first reason counts; all that wait and all that come later get it.
    private void lose(Lost reason) {
        synchronized (calls) {
            if (lost == null) {
                lost = reason;
            }
        }
        // A call that is put into the map after this line finds `lost` set when it looks.
        calls.values().forEach(call -> call.outcome.complete(lost));
        calls.clear();
        events.fail(QmpException.of(lost.kind(), lost.why()));
        greeting.completeExceptionally(QmpException.of(lost.kind(), lost.why()));
    }
}
