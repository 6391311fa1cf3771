package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client of an [NbdServer]. A few threads take turns at reading requests: who has read one hands the turn on and
/// serves it, so a lone request is never handed between threads, several are served at once, and no more are taken in
/// than are being served.
///
/// Of an export that is written to, one thread serves one request after the other. So each read has what was written before
/// it, a flush has all that was answered before, and the export needs to guard nothing. A flush does hold up what comes
/// behind it, but QEMU sends none while another is under way, and none that has nothing to do (`bdrv_co_flush` in block/io.c):
/// a read waits for one at most. Only a guest that wants each of its writes durable at once waits for each.
final class ServerConnection {
    private static final Logger LOG = LoggerFactory.getLogger(ServerConnection.class);
    /// Further extents are told when the client asks on from there.
    private static final int MOST_EXTENTS = 8192;
    private static final long STATUS_STEP_BYTES = 64L << 20;

    private final NbdServer server;
    private final UnixConnection connection;
    private final PeerInput input;
    private final ReentrantLock reading = new ReentrantLock();
    private final CountDownLatch ended = new CountDownLatch(1);
    /// Threads so far, with the one that begins.
    @GuardedBy("reading")
    private int started = 1;
    /// Of these, the ones that have not ended.
    @GuardedBy("this")
    private int running = 1;
    /// Set after the handshake, before a second thread starts, like the next two.
    private Transmission transmission;
    private ServerReplies replies;
    /// Null for an export that is only read.
    private ExportWriter writer;

    /// What was agreed on.
    record Transmission(NbdExport export, boolean structured, boolean blockStatus) {}

    /// @param offset unsigned on the wire: negative here is beyond every export
    record Request(int flags, int command, long cookie, long offset, long lengthBytes) {
        boolean isWithin(NbdExport export) {
            long size = export.sizeBytes();
            return offset >= 0 && lengthBytes <= size && offset <= size - lengthBytes;
        }
    }

    ServerConnection(NbdServer server, UnixConnection connection) {
        this.server = server;
        this.connection = connection;
        this.input = new PeerInput(connection, "the NBD client");
    }

    void start() {
        thread(this::talk).start();
    }

    private static Thread thread(Runnable work) {
        return Thread.ofPlatform().name("nbd-server").daemon().unstarted(work);
    }

    private void talk() {
        guarded(() -> {
            input.setDeadline(System.nanoTime() + server.talkPatience().toNanos());
            transmission = ServerHandshake.with(server, this, connection, input);
            if (transmission == null)
                return;
            replies = new ServerReplies(connection, transmission.structured);
            if (transmission.export instanceof WritableNbdExport written) {
                writer = new ExportWriter(server, written, input, replies);
                connection.setReadTimeout(Math.toIntExact(patience().toMillis()));
            }
            serveInTurn();
        });
    }

    /// For the rest of a request that was begun. A QEMU that is stopped for a while may be so in the midst of what it writes.
    private Duration patience() {
        return writer == null ? server.talkPatience() : server.takePatience();
    }

    private interface Work {
        void run() throws IOException;
    }

    private void guarded(Work work) {
        try {
            work.run();
        } catch (IOException e) {
            LOG.debug("an NBD client is let go: {}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("an NBD client is let go because of a fault", e);
        } finally {
            connection.close();
            leave();
        }
    }

    private void leave() {
        boolean last;
        synchronized (this) {
            last = --running == 0;
        }
        if (last) {
            server.ended(this);
            ended.countDown();
        }
    }

    private void serveInTurn() throws IOException {
        while (true) {
            Request request;
            reading.lock();
            try {
                request = nextRequest();
                if (request == null)
                    return;
                if (writer == null && !reading.hasQueuedThreads() && started < NbdServer.THREADS_PER_CONNECTION)
                    startAnother();
            } finally {
                reading.unlock();
            }
            serve(request);
        }
    }

    @GuardedBy("reading")
    private void startAnother() {
        synchronized (this) {
            running++;
        }
        boolean runs = false;
        try {
            thread(() -> guarded(this::serveInTurn)).start();
            started++;
            runs = true;
        } finally {
            if (!runs)
                leave();
        }
    }

    /// Waits for a request, for ever, but not for the rest of one.
    ///
    /// @return null when the client is done
    private Request nextRequest() throws IOException {
        input.clearDeadline();
        if (!input.awaitFirstByte())
            return null;
        input.setDeadline(System.nanoTime() + patience().toNanos());
        int magic = input.nextInt();
        if (magic != NBD_REQUEST_MAGIC)
            throw NbdException.protocol("the NBD client sent " + Integer.toHexString(magic)
                    + " where a request begins");
        Request request = new Request(input.nextUnsignedShort(), input.nextUnsignedShort(), input.nextLong(), input
                .nextLong(), Integer.toUnsignedLong(input.nextInt()));
        if (request.command == NBD_CMD_DISC)
            return null;
        if (request.command == NBD_CMD_WRITE) {
            if (request.lengthBytes > MAX_PAYLOAD_BYTES)
                throw NbdException.protocol("the NBD client sent " + request.lengthBytes + " bytes at once");
            if (writer == null)
                input.skip(request.lengthBytes);
        }
        return request;
    }

    private void serve(Request request) throws IOException {
        switch (request.command) {
            case NBD_CMD_READ -> read(request);
            case NBD_CMD_BLOCK_STATUS -> blockStatus(request);
            // exports keep what they read as they see fit
            case NBD_CMD_CACHE -> {
                if (isWithin(request))
                    replies.succeed(request);
                else
                    refuse(request, NbdErrno.EINVAL, "beyond the end of the export");
            }
            default -> {
                if (writer != null)
                    serveWriter(request);
                else
                    serveReader(request);
            }
        }
    }

    private void serveReader(Request request) throws IOException {
        switch (request.command) {
            // nothing is ever unwritten
            case NBD_CMD_FLUSH -> replies.succeed(request);
            case NBD_CMD_WRITE, NBD_CMD_TRIM, NBD_CMD_WRITE_ZEROES ->
                refuse(request, NbdErrno.EPERM, "the export is read-only");
            default -> refuse(request, NbdErrno.EINVAL, "unknown command");
        }
    }

    private void serveWriter(Request request) throws IOException {
        switch (request.command) {
            case NBD_CMD_WRITE -> writer.write(request);
            case NBD_CMD_FLUSH -> writer.flush(request);
            case NBD_CMD_TRIM -> writer.trim(request);
            case NBD_CMD_WRITE_ZEROES -> writer.writeZeroes(request);
            default -> refuse(request, NbdErrno.EINVAL, "unknown command");
        }
    }

    private boolean isWithin(Request request) {
        return request.isWithin(transmission.export);
    }

    private void read(Request request) throws IOException {
        if (!isWithin(request)) {
            refuse(request, NbdErrno.EINVAL, "beyond the end of the export");
            return;
        }
        if (request.lengthBytes > MAX_PAYLOAD_BYTES) {
            refuse(request, NbdErrno.EINVAL, "more than " + MAX_PAYLOAD_BYTES + " bytes at once");
            return;
        }
        if (request.lengthBytes == 0) {
            replies.succeed(request);
            return;
        }
        ByteBuffer buffer = server.lendBuffer();
        try {
            ReadReply reply = new ReadReply(transmission.export, request, buffer);
            if (!transmission.structured)
                readSimply(request, reply);
            else if ((request.flags & NBD_CMD_FLAG_DF) == 0)
                readInChunks(request, reply);
            else if (request.lengthBytes > NbdServer.PIECE_BYTES)
                refuse(request, NbdErrno.EOVERFLOW, "too much for one chunk");
            else
                readInOneChunk(request, reply);
        } finally {
            server.giveBack(buffer);
        }
    }

    private void readInChunks(Request request, ReadReply reply) throws IOException {
        while (reply.hasMore()) {
            ByteBuffer chunks;
            try {
                chunks = reply.nextChunks();
            } catch (IOException | RuntimeException e) {
                refuse(request, e);
                return;
            }
            replies.send(chunks);
        }
    }

    private void readInOneChunk(Request request, ReadReply reply) throws IOException {
        ByteBuffer chunk;
        try {
            chunk = reply.wholeChunk();
        } catch (IOException | RuntimeException e) {
            refuse(request, e);
            return;
        }
        replies.send(chunk);
    }

    private void readSimply(Request request, ReadReply reply) throws IOException {
        ByteBuffer first;
        try {
            first = reply.simpleStart();
        } catch (IOException | RuntimeException e) {
            refuse(request, e);
            return;
        }
        replies.together(to -> {
            to.write(first);
            while (reply.hasMore())
                to.write(reply.simpleRest());
        });
    }

    private void blockStatus(Request request) throws IOException {
        if (!transmission.blockStatus) {
            refuse(request, NbdErrno.EINVAL, "no block status was agreed on");
            return;
        }
        if (!isWithin(request) || request.lengthBytes == 0) {
            refuse(request, NbdErrno.EINVAL, "not within the export");
            return;
        }
        boolean one = (request.flags & NBD_CMD_FLAG_REQ_ONE) != 0;
        ExtentRuns runs = new ExtentRuns(one ? 1 : MOST_EXTENTS);
        try {
            long end = request.offset + request.lengthBytes;
            for (long at = request.offset; at < end && !runs.isFull(); at = runs.end())
                runs.addAll(transmission.export, at, Math.min(end - at, STATUS_STEP_BYTES));
        } catch (IOException | RuntimeException e) {
            refuse(request, e);
            return;
        }
        int payload = Integer.BYTES + 2 * Integer.BYTES * runs.count();
        ByteBuffer reply = ByteBuffer.allocateDirect(CHUNK_HEADER_BYTES + payload);
        ReadReply.putChunkHeader(reply, request, true, NBD_REPLY_TYPE_BLOCK_STATUS, payload);
        reply.putInt(ServerHandshake.BASE_ALLOCATION_ID);
        for (int i = 0; i < runs.count(); i++)
            reply.putInt((int) runs.lengthBytes(i)).putInt(runs.isZero(i) ? NBD_STATE_HOLE | NBD_STATE_ZERO : 0);
        replies.send(reply.flip());
    }

    private void refuse(Request request, Exception failure) throws IOException {
        if (failure instanceof RuntimeException)
            LOG.error("an export could not be read because of a fault", failure);
        else
            LOG.warn("an export could not be read: {}", failure.getMessage());
        refuse(request, NbdErrno.EIO, ReadReply.reason(failure));
    }

    private void refuse(Request request, NbdErrno errno, String text) throws IOException {
        replies.refuse(request, errno, text);
    }

    void close() {
        connection.close();
    }

    /// Waits for the connection's threads; false when interrupted.
    boolean awaitEnd(long deadline) {
        try {
            var _ = ended.await(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            return true;
        } catch (InterruptedException _) {
            return false;
        }
    }
}
