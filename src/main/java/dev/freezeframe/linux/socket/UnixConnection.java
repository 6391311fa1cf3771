package dev.freezeframe.linux.socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.enxio.channels.Native;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;

/// A connected UNIX stream socket for one blocking reader and any number of writers, with direct buffers. It may be
/// closed at any time from any thread: calls under way end, and the descriptor is only given back after the last of
/// them has, so that no late call can reach a descriptor that got the same number.
///
/// jnr-unixsocket's own channel copies every buffer through a fresh heap array and closes the descriptor under its
/// readers; hence the direct calls on its descriptor here.
public final class UnixConnection implements AutoCloseable {
    private static final int CLOSED = 1 << 30;

    private final UnixSocketChannel channel;
    private final int descriptor;
    /// Calls under way, plus CLOSED once closed; whoever brings it to exactly CLOSED gives the descriptor back.
    private final AtomicInteger users = new AtomicInteger();

    /// Takes over a channel that was just accepted or connected; from then on nobody else may use or close it.
    public UnixConnection(UnixSocketChannel channel) {
        this.channel = channel;
        this.descriptor = channel.getFD();
    }

    /// Connects to a socket that somebody listens on.
    public static UnixConnection connect(Path socket) throws IOException {
        return new UnixConnection(UnixSocketChannel.open(new UnixSocketAddress(
                SocketPaths.checked(socket).toString())));
    }

    /// Two ends of one connection, for a peer inside this JVM.
    public static UnixConnection[] pair() throws IOException {
        UnixSocketChannel[] ends = UnixSocketChannel.pair();
        return new UnixConnection[]{new UnixConnection(ends[0]), new UnixConnection(ends[1])};
    }

    /// The process that connected, as the kernel noted it then.
    public long peerPid() throws IOException {
        enter();
        try {
            return channel.getOption(UnixSocketOptions.SO_PEERCRED).getPid();
        } finally {
            leave();
        }
    }

    /// How long a [#read] may wait. Kept by the kernel (`SO_RCVTIMEO`), so setting it anew costs a system call.
    ///
    /// @param millis 0 for ever
    public void setReadTimeout(int millis) throws IOException {
        if (!tryEnter()) {
            return; // the next read tells
        }
        try {
            channel.setOption(UnixSocketOptions.SO_RCVTIMEO, millis);
        } finally {
            leave();
        }
    }

    /// How long a [#write] may wait for room at the peer (`SO_SNDTIMEO`).
    ///
    /// @param millis 0 for ever
    public void setWriteTimeout(int millis) throws IOException {
        if (!tryEnter()) {
            return; // the next write tells
        }
        try {
            channel.setOption(UnixSocketOptions.SO_SNDTIMEO, millis);
        } finally {
            leave();
        }
    }

    /// Reads what is there, waiting for at least one byte. One thread at a time.
    ///
    /// @param target a direct buffer with room
    /// @return the number of bytes, 0 when the time-out is over, or -1 at the end, be it the peer's or our own close
    public int read(ByteBuffer target) throws IOException {
        if (!tryEnter()) {
            return -1;
        }
        try {
            int count = Native.read(descriptor, target);
            if (count < 0) {
                if ((users.get() & CLOSED) != 0) {
                    return -1;
                }
                return switch (Native.getLastError()) {
                    case EAGAIN, EWOULDBLOCK -> 0;
                    // The peer died with something from us unread: an end like any other.
                    case ECONNRESET -> -1;
                    default -> throw new IOException("socket read failed: " + Native.getLastErrorString());
                };
            }
            return count == 0 ? -1 : count;
        } finally {
            leave();
        }
    }

    /// Writes the whole buffer, in one system call unless the peer's buffer is full.
    ///
    /// @param source a direct buffer
    public void write(ByteBuffer source) throws IOException {
        enter();
        try {
            while (source.hasRemaining()) {
                if (Native.write(descriptor, source) < 0) {
                    throw new IOException("socket write failed: " + Native.getLastErrorString());
                }
            }
        } finally {
            leave();
        }
    }

    /// Ends reading and writing for both sides; calls under way return.
    @Override
    public void close() {
        // as a user, so that nobody gives the descriptor back, and somebody else gets it, before it is shut
        int before = users.getAndUpdate(n -> (n & CLOSED) != 0 ? n : (n + 1) | CLOSED);
        if ((before & CLOSED) != 0) {
            return;
        }
        if (before > 0) {
            Native.shutdown(descriptor, 2 /* SHUT_RDWR */);
        }
        leave();
    }

    private boolean tryEnter() {
        while (true) {
            int now = users.get();
            if ((now & CLOSED) != 0) {
                return false;
            }
            if (users.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    private void enter() throws IOException {
        if (!tryEnter()) {
            throw new IOException("socket is closed");
        }
    }

    private void leave() {
        if (users.decrementAndGet() == CLOSED) {
            giveBack();
        }
    }

    private void giveBack() {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is gone either way, and nobody can do anything about it.
            org.slf4j.LoggerFactory.getLogger(UnixConnection.class).debug("closing a socket", e);
        }
    }
}
