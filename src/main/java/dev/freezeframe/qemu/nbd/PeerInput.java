package dev.freezeframe.qemu.nbd;

import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// What a peer sends, through a buffer so that small fields cost no system call each. Every wait is bounded by the
/// connection's read time-out, and a wait that ends without a byte is an error.
final class PeerInput {
    private static final int BUFFER_BYTES = 64 << 10;

    private final UnixConnection connection;
    private final String peer;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).flip();
    private boolean bounded;
    private long deadlineNanos;

    /// @param peer as messages call it
    PeerInput(UnixConnection connection, String peer) {
        this.connection = connection;
        this.peer = peer;
    }

    /// From now on nothing is waited for beyond this [System#nanoTime], however often a byte comes.
    void setDeadline(long nanoTime) {
        bounded = true;
        deadlineNanos = nanoTime;
    }

    void clearDeadline() {
        bounded = false;
    }

    /// Waits for the first byte of what comes next, for ever.
    ///
    /// @return false at the end of the connection
    boolean awaitFirstByte() throws IOException {
        while (!buffer.hasRemaining()) {
            int count = connection.read(buffer.clear());
            buffer.flip();
            if (count < 0)
                return false;
        }
        return true;
    }

    int nextUnsignedShort() throws IOException {
        require(Short.BYTES);
        return Short.toUnsignedInt(buffer.getShort());
    }

    int nextInt() throws IOException {
        require(Integer.BYTES);
        return buffer.getInt();
    }

    long nextLong() throws IOException {
        require(Long.BYTES);
        return buffer.getLong();
    }

    /// @param lengthBytes checked by the caller
    String nextText(int lengthBytes) throws IOException {
        byte[] bytes = new byte[lengthBytes];
        read(ByteBuffer.wrap(bytes));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    void skip(long lengthBytes) throws IOException {
        for (long left = lengthBytes; left > 0;) {
            require(1);
            int part = (int) Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + part);
            left -= part;
        }
    }

    /// Fills the rest of the target, without a copy where it is direct and more than what is buffered already.
    void read(ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
            if (buffer.hasRemaining()) {
                int part = Math.min(buffer.remaining(), target.remaining());
                target.put(target.position(), buffer, buffer.position(), part);
                target.position(target.position() + part);
                buffer.position(buffer.position() + part);
            } else if (target.isDirect()) {
                receive(target);
            } else {
                require(1);
            }
        }
    }

    private void require(int bytes) throws IOException {
        if (buffer.remaining() >= bytes)
            return;
        buffer.compact();
        try {
            while (buffer.position() < bytes)
                receive(buffer);
        } finally {
            buffer.flip();
        }
    }

    private void receive(ByteBuffer target) throws IOException {
        if (bounded && System.nanoTime() - deadlineNanos >= 0)
            throw tooSlow();
        int count = connection.read(target);
        if (count < 0)
            throw NbdException.of(NbdException.Kind.DISCONNECTED, peer + " closed the connection");
        if (count == 0)
            throw tooSlow();
    }

    private NbdException tooSlow() {
        return NbdException.of(NbdException.Kind.TIMED_OUT,
                peer + " did not send what it has to within the time given");
    }
}
