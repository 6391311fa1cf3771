package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads one export of an NBD server over a UNIX socket. Everything that the server sends is checked before it is
/// believed, no wait is longer than the patience given, and [#close] from any thread ends every call.
///
/// Calls are made one after the other, whatever thread they come from. When the server answers one with an error the
/// client can be used on; after every other exception each later call fails.
///
/// Protocol: `doc/proto.md` of the NetworkBlockDevice project; fixed newstyle handshake, structured replies where the
/// server has them, no TLS.
public final class NbdClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NbdClient.class);
    /// Enough to keep the server busy while a reply is being taken in.
    private static final int MOST_REQUESTS = 16;
    private static final int PIECE_BYTES = 1 << 20;
    /// A multiple of every block size that a server may ask for.
    private static final long MOST_STATUS_BYTES = 1L << 30;

    private final UnixConnection connection;
    private final Negotiated negotiated;
    private final ReentrantLock calls = new ReentrantLock();
    @GuardedBy("calls")
    private final ByteBuffer request = ByteBuffer.allocateDirect(REQUEST_BYTES);
    private final List<PendingRequest> pending = new ArrayList<>(MOST_REQUESTS);
    @GuardedBy("calls")
    private final NbdReplies replies;
    @GuardedBy("calls")
    private long lastCookie;
    private boolean broken;
    private volatile boolean closed;

    private NbdClient(UnixConnection connection, PeerInput input, Negotiated negotiated) {
        this.connection = connection;
        this.negotiated = negotiated;
        this.replies = new NbdReplies(input, negotiated, pending);
    }

    /// Connects to one export.
    ///
    /// @param metaContexts the block statuses that [#blockStatus] shall be asked for, such as `base:allocation` or
    ///         `qemu:dirty-bitmap:NAME`; it is an error when the export lacks one
    /// @param patience how long the whole handshake may take, and afterwards how long the server may be silent while it
    ///         owes an answer
    /// @throws NbdException whatever goes wrong
    public static NbdClient connect(Path unixSocket, String exportName, List<String> metaContexts, Duration patience)
            throws IOException {
        UnixConnection connection;
        try {
            connection = UnixConnection.connect(unixSocket);
        } catch (IOException e) {
            throw NbdException.disconnected("nobody answers at the NBD server's socket " + unixSocket, e);
        }
        return over(connection, exportName, metaContexts, patience);
    }

    /// Takes over the connection, which is closed when this fails.
    static NbdClient over(UnixConnection connection, String exportName, List<String> metaContexts, Duration patience)
            throws IOException {
        boolean connected = false;
        try {
            if (patience.toMillis() <= 0)
                throw new IllegalArgumentException("no patience at all");
            connection.setReadTimeout(Math.toIntExact(patience.toMillis()));
            PeerInput input = new PeerInput(connection, "the NBD server");
            input.setDeadline(System.nanoTime() + patience.toNanos());
            NbdClient client = new NbdClient(connection, input,
                    Negotiated.with(connection, input, exportName, metaContexts));
            input.clearDeadline();
            connected = true;
            return client;
        } catch (IOException e) {
            throw broke(e);
        } finally {
            if (!connected)
                connection.close();
        }
    }

    public long sizeBytes() {
        return negotiated.sizeBytes();
    }

    public boolean isReadOnly() {
        return (negotiated.flags() & NBD_FLAG_READ_ONLY) != 0;
    }

    /// The transmission flags as the server sent them (`NBD_FLAG_...`).
    public int flags() {
        return negotiated.flags();
    }

    /// Offsets and lengths of reads must be multiples of this, but for the end of the export.
    public int minimumBlockBytes() {
        return negotiated.minimumBlockBytes();
    }

    /// Fills the rest of the target.
    public void read(long offset, ByteBuffer target) throws IOException {
        if (!target.hasRemaining())
            return;
        int start = target.position();
        read(List.of(new NbdRange(offset, target.remaining())).iterator(), PIECE_BYTES,
                new NbdReadSink() {
                    @Override
                    public ByteBuffer target(long at, int lengthBytes, boolean mayWait) {
                        return target.slice(start + (int) (at - offset), lengthBytes);
                    }

                    @Override
                    public void delivered(long at, int lengthBytes, ByteBuffer piece, boolean zero) {
                        // it is where it belongs
                    }

                    @Override
                    public void abandoned(long at, int lengthBytes, ByteBuffer piece) {
                        // the caller is told by the exception
                    }
                });
        target.position(target.limit());
    }

    /// Reads many ranges with up to 16 requests under way. Ranges are cut at multiples of `pieceBytes` (of the export, not
    /// of the range), or of less where the server takes no more, and each piece is delivered as soon as it is there.
    ///
    /// Where the server refuses a piece, or the sink throws, no more is asked for, what is under way is waited for and
    /// abandoned, and the exception goes on.
    ///
    /// @param pieceBytes a power of two
    public void read(Iterator<NbdRange> ranges, int pieceBytes, NbdReadSink sink) throws IOException {
        if (Integer.bitCount(pieceBytes) != 1 || pieceBytes < negotiated.minimumBlockBytes())
            throw new IllegalArgumentException("pieces of " + pieceBytes + " bytes");
        int most = Math.min(pieceBytes, Integer.highestOneBit(negotiated.maximumPayloadBytes()));
        begin();
        try {
            pipeline(new Pieces(ranges, most), sink);
        } finally {
            for (PendingRequest each : pending)
                abandon(sink, (PendingRequest.Read) each);
            pending.clear();
            calls.unlock();
        }
    }

    @GuardedBy("calls")
    private void pipeline(Pieces pieces, NbdReadSink sink) throws IOException {
        try {
            while (pieces.hasNext() || !pending.isEmpty()) {
                while (pending.size() < MOST_REQUESTS && pieces.hasNext()) {
                    pieces.prepare(sizeBytes());
                    ByteBuffer target = sink.target(pieces.offset(), pieces.length(), pending.isEmpty());
                    if (target == null && pending.isEmpty())
                        throw new IllegalStateException("the sink lends no memory, though it may wait for it");
                    if (target == null)
                        break;
                    PendingRequest.Read read = new PendingRequest.Read(++lastCookie, pieces.offset(), pieces.length(),
                            target);
                    if (target.remaining() < read.lengthBytes) {
                        abandon(sink, read);
                        throw new IllegalArgumentException("the sink lends " + target.remaining() + " bytes for "
                                + read.lengthBytes);
                    }
                    pending.add(read);
                    send(NBD_CMD_READ, read.cookie, read.offset, read.lengthBytes);
                    pieces.advance();
                }
                PendingRequest.Read done = (PendingRequest.Read) awaitOne();
                pending.remove(done);
                if (done.refusal != null) {
                    abandon(sink, done);
                    throw refused("to read " + done.lengthBytes + " bytes at " + done.offset, done);
                }
                sink.delivered(done.offset, done.lengthBytes, done.target, done.zero);
            }
        } catch (NbdException e) {
            if (e.kind() == NbdException.Kind.REFUSED)
                drain();
            throw e;
        } catch (IOException | RuntimeException e) {
            drain();
            throw e;
        }
    }

    private static void abandon(NbdReadSink sink, PendingRequest.Read read) {
        sink.abandoned(read.offset, read.lengthBytes, read.target);
    }

    /// Takes in what is still owed, so that the next call finds the connection in step.
    @GuardedBy("calls")
    private void drain() {
        int inStep = 0;
        try {
            for (; !broken && inStep < pending.size(); inStep++) {
                // every answer belongs to a request of the list; which of them does not matter
                awaitOne();
            }
        } catch (IOException e) {
            LOG.debug("taking in what the NBD server still owes", e);
        }
    }

    /// Cuts ranges at multiples of the size of a piece.
    private static final class Pieces {
        private final Iterator<NbdRange> ranges;
        private final int pieceBytes;
        private NbdRange range;
        private long next;

        Pieces(Iterator<NbdRange> ranges, int pieceBytes) {
            this.ranges = ranges;
            this.pieceBytes = pieceBytes;
        }

        boolean hasNext() {
            return range != null || ranges.hasNext();
        }

        void prepare(long sizeBytes) {
            if (range != null)
                return;
            NbdRange following = ranges.next();
            if (following.end() > sizeBytes)
                throw new IllegalArgumentException(following + " goes beyond the export's " + sizeBytes + " bytes");
            range = following;
            next = following.offset();
        }

        long offset() {
            return next;
        }

        int length() {
            return (int) Math.min(range.end() - next, pieceBytes - (next & (pieceBytes - 1)));
        }

        void advance() {
            next += length();
            if (next == range.end())
                range = null;
        }
    }

    /// Asks for the state of a range and visits all of it.
    ///
    /// @param contextName one of those that this client was connected with
    public void blockStatus(String contextName, long offset, long lengthBytes, NbdStatusVisitor visitor)
            throws IOException {
        int context = negotiated.contexts().entrySet().stream().filter(each -> each.getValue().equals(contextName))
                .findFirst().orElseThrow(() -> new IllegalArgumentException("not connected with " + contextName))
                .getKey();
        if (lengthBytes == 0)
            return;
        long end = new NbdRange(offset, lengthBytes).end();
        if (end > sizeBytes())
            throw new IllegalArgumentException("block status beyond the export's " + sizeBytes() + " bytes");
        long at = offset;
        // the run that may go on in the next answer
        long run = 0;
        int runFlags = 0;
        while (at < end) {
            PendingRequest.Status status = askStatus(context, at, Math.min(end - at, MOST_STATUS_BYTES));
            for (int i = 0; i < status.count && at < end; i++) {
                long length = Math.min(status.lengths[i], end - at);
                if (run > 0 && runFlags != status.flags[i]) {
                    visitor.status(at - run, run, runFlags);
                    run = 0;
                }
                run += length;
                runFlags = status.flags[i];
                at += length;
            }
        }
        visitor.status(end - run, run, runFlags);
    }

    private PendingRequest.Status askStatus(int context, long offset, long lengthBytes) throws IOException {
        begin();
        try {
            PendingRequest.Status status = new PendingRequest.Status(++lastCookie, context, lengthBytes);
            pending.add(status);
            send(NBD_CMD_BLOCK_STATUS, status.cookie, offset, (int) lengthBytes);
            awaitOne();
            if (status.refusal != null)
                throw refused("the block status of " + lengthBytes + " bytes at " + offset, status);
            return status;
        } finally {
            pending.clear();
            calls.unlock();
        }
    }

    private void begin() throws NbdException {
        if (calls.isHeldByCurrentThread())
            throw new IllegalStateException("a sink may not call the client that fills it");
        calls.lock();
        if (broken || closed) {
            calls.unlock();
            throw NbdException.of(NbdException.Kind.DISCONNECTED, closed
                    ? "the NBD client was closed"
                    : "the connection to the NBD server is of no use since an earlier error");
        }
    }

    private static NbdException refused(String what, PendingRequest request) {
        return NbdException.refused(what, request.refusal, request.refusalText);
    }

    @GuardedBy("calls")
    private void send(int command, long cookie, long offset, int lengthBytes) throws IOException {
        boolean sent = false;
        try {
            connection.write(request.clear().putInt(NBD_REQUEST_MAGIC).putShort((short) 0).putShort((short) command)
                    .putLong(cookie).putLong(offset).putInt(lengthBytes).flip());
            sent = true;
        } catch (IOException e) {
            throw ended(e);
        } finally {
            if (!sent)
                abandonConnection();
        }
    }

    private NbdException ended(IOException e) {
        if (closed)
            return NbdException.of(NbdException.Kind.DISCONNECTED, "the NBD client was closed");
        return broke(e);
    }

    private static NbdException broke(IOException e) {
        return e instanceof NbdException known
                ? known
                : NbdException.disconnected("the connection to the NBD server broke", e);
    }

    /// Takes in replies until one request has its whole answer. Any exception means that the connection is of no use.
    @GuardedBy("calls")
    private PendingRequest awaitOne() throws IOException {
        boolean inStep = false;
        try {
            while (true) {
                PendingRequest done = replies.take();
                if (done != null) {
                    inStep = true;
                    return done;
                }
            }
        } catch (IOException e) {
            throw ended(e);
        } finally {
            if (!inStep)
                abandonConnection();
        }
    }

    private void abandonConnection() {
        broken = true;
        connection.close();
    }

    /// Ends the session, politely where nothing is under way; a call under way in another thread fails at once.
    @Override
    public void close() {
        if (closed)
            return;
        closed = true;
        if (!calls.isHeldByCurrentThread() && calls.tryLock()) {
            try {
                if (!broken)
                    send(NBD_CMD_DISC, 0, 0, 0);
            } catch (IOException e) {
                LOG.debug("saying good-bye to the NBD server", e);
            } finally {
                calls.unlock();
            }
        }
        connection.close();
    }
}
