package dev.freezeframe.qemu.nbd;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.linux.socket.UnixDoor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves exports over a UNIX socket that only its owner may call: for reading, and a [WritableNbdExport] for writing as well.
/// Connections, threads and memory are bounded, a client can harm no other one, and after [#close] no thread, connection or
/// socket file is left.
///
/// Protocol: `doc/proto.md` of the NetworkBlockDevice project; fixed newstyle handshake, structured replies with holes,
/// block status `base:allocation`, no TLS. An export that is only read has any number of connections, one that is written to
/// has one; who wants it meanwhile is refused after a while.
///
/// A write is answered when the export has taken it, and is durable when a flush behind it, or its own (FUA), is answered.
/// Content comes in and goes out in pieces of [#PIECE_BYTES]; whoever sends more than 32 MiB at once is hung up on. That
/// zeroes are quicker than writing them (`FAST_ZERO`) is not promised.
///
/// A read that fails is an error of that read. Only where the client did not agree on structured replies, and a read of more
/// than [#PIECE_BYTES] fails behind its first piece, the client is hung up on: the protocol leaves no other way.
public final class NbdServer implements AutoCloseable {
    /// A connection serves this many requests at a time; others of its wait in the socket.
    static final int THREADS_PER_CONNECTION = 4;
    /// Content is read and sent in pieces of this size at most; each thread that serves a request holds one.
    static final int PIECE_BYTES = 256 << 10;
    /// How long a client may take for the handshake, and for the rest of a request that it began and that has no content.
    private static final Duration TALK_PATIENCE = Duration.ofSeconds(15);
    /// How long a client may take in nothing of an answer, or take for the content that it writes. Long, as it may be a QEMU
    /// that somebody has stopped for a while, whose guest would find its disk gone.
    private static final Duration TAKE_PATIENCE = Duration.ofMinutes(5);

    private static final Logger LOG = LoggerFactory.getLogger(NbdServer.class);
    private static final int MOST_CONNECTIONS = 128;
    private static final int BACKLOG = 32;
    private static final int MOST_IDLE_BUFFERS = 16;
    private static final long RETRY_NANOS = 100_000_000;
    private static final Duration END_PATIENCE = Duration.ofSeconds(10);

    private final Path path;
    private final Map<String, NbdExport> exports;
    private final Duration talkPatience;
    private final Duration takePatience;
    private final UnixDoor door;
    private final Thread doorkeeper;
    private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
    private final Semaphore places = new Semaphore(MOST_CONNECTIONS);
    private final Deque<ByteBuffer> idleBuffers = new ConcurrentLinkedDeque<>();
    /// Who has an export for itself.
    @GuardedBy("itself")
    private final IdentityHashMap<NbdExport, ServerConnection> writers = new IdentityHashMap<>();
    private volatile boolean closed;

    private NbdServer(Path path, Map<String, NbdExport> exports, Duration talkPatience, Duration takePatience,
            UnixDoor door) {
        this.path = path;
        this.exports = new TreeMap<>(exports);
        this.talkPatience = talkPatience;
        this.takePatience = takePatience;
        this.door = door;
        this.doorkeeper = Thread.ofPlatform().name("nbd-door").daemon().unstarted(this::welcome);
    }

    /// Listens on a path that must not exist yet.
    ///
    /// @param exports by name; where there is just one, it is also what a client gets that names none
    public static NbdServer start(Path unixSocket, Map<String, NbdExport> exports) throws IOException {
        return start(unixSocket, exports, TALK_PATIENCE, TAKE_PATIENCE);
    }

    static NbdServer start(Path unixSocket, Map<String, NbdExport> exports, Duration talkPatience,
            Duration takePatience) throws IOException {
        for (String name : exports.keySet()) {
            if (name.length() > NbdProtocol.MAX_STRING_BYTES / 4)
                throw new IllegalArgumentException("name of an export is too long");
        }
        UnixDoor door = UnixDoor.open(unixSocket, BACKLOG);
        boolean started = false;
        try {
            NbdServer server = new NbdServer(unixSocket, exports, talkPatience, takePatience, door);
            server.doorkeeper.start();
            started = true;
            return server;
        } finally {
            if (!started) {
                door.close();
                Files.deleteIfExists(unixSocket);
            }
        }
    }

    public Path path() {
        return path;
    }

    /// Clients that are connected now.
    public int connections() {
        return connections.size();
    }

    private void welcome() {
        while (!closed) {
            try {
                Optional<UnixConnection> caller = door.accept();
                if (caller.isPresent()) {
                    welcome(caller.get());
                }
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
                if (!closed) {
                    // no descriptors or threads left, say; who waits to be let in is when there are some again
                    LOG.warn("an NBD client could not be let in: {}", e.getMessage());
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
        }
    }

    private void welcome(UnixConnection connection) throws IOException {
        ServerConnection client = null;
        boolean place = false;
        boolean served = false;
        try {
            place = !closed && places.tryAcquire();
            if (!place) {
                LOG.debug("an NBD client was hung up on");
                return;
            }
            connection.setWriteTimeout(Math.toIntExact(takePatience.toMillis()));
            connection.setReadTimeout(Math.toIntExact(talkPatience.toMillis()));
            client = new ServerConnection(this, connection);
            connections.add(client);
            client.start();
            served = true;
        } finally {
            if (!served) {
                if (client != null)
                    connections.remove(client);
                if (place)
                    places.release();
                connection.close();
            }
        }
    }

    /// Called when the last thread of the connection ends.
    void ended(ServerConnection connection) {
        synchronized (writers) {
            writers.values().removeIf(connection::equals);
            writers.notifyAll();
        }
        connections.remove(connection);
        places.release();
    }

    /// Gives an export to a client alone, for as long as that is connected. Waits a while for one that has it, as it may be
    /// about to leave: a QEMU's, whose successor begins.
    ///
    /// @return false when another one has it still
    boolean claim(NbdExport export, ServerConnection connection) {
        long deadline = System.nanoTime() + talkPatience.toNanos() / 2;
        synchronized (writers) {
            while (writers.containsKey(export) && !closed) {
                long leftMillis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
                if (leftMillis <= 0)
                    return false;
                try {
                    writers.wait(leftMillis);
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
            if (closed)
                return false;
            writers.put(export, connection);
            return true;
        }
    }

    Map<String, NbdExport> exports() {
        return exports;
    }

    /// The export of that name; the only one there is also goes without a name. Null when there is none.
    NbdExport export(String name) {
        return name.isEmpty() && exports.size() == 1 ? exports.values().iterator().next() : exports.get(name);
    }

    Duration talkPatience() {
        return talkPatience;
    }

    Duration takePatience() {
        return takePatience;
    }

    ByteBuffer lendBuffer() {
        ByteBuffer idle = idleBuffers.pollFirst();
        return idle != null ? idle.clear() : ByteBuffer.allocateDirect(ReadReply.BUFFER_BYTES);
    }

    void giveBack(ByteBuffer buffer) {
        // a few more for a moment do no harm
        if (idleBuffers.size() < MOST_IDLE_BUFFERS)
            idleBuffers.addFirst(buffer);
    }

    /// Hangs up on all clients, waits for what exports have under way, and removes the socket. Flushes nothing.
    @Override
    public void close() throws IOException {
        if (closed)
            return;
        closed = true;
        synchronized (writers) {
            writers.notifyAll();
        }
        Files.deleteIfExists(path);
        door.shut();
        long deadline = System.nanoTime() + END_PATIENCE.toNanos();
        boolean interrupted = !awaitEnd(doorkeeper, deadline);
        if (!doorkeeper.isAlive())
            door.close();
        connections.forEach(ServerConnection::close);
        for (ServerConnection each : connections)
            interrupted |= !each.awaitEnd(deadline);
        if (interrupted)
            Thread.currentThread().interrupt();
        if (!connections.isEmpty())
            LOG.warn("{} NBD connections still wait for their exports", connections.size());
    }

    /// @return false when interrupted
    private static boolean awaitEnd(Thread thread, long deadline) {
        try {
            thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            return true;
        } catch (InterruptedException _) {
            return false;
        }
    }
}
