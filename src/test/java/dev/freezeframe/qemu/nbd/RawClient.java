package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A client that sends what it is told to, sense or not, and takes in any answer that the protocol knows.
final class RawClient implements AutoCloseable {
    private final UnixConnection connection;
    private final PeerInput input;
    private final boolean structured;
    private final int flags;
    /// What is owed, by its cookie.
    private final Map<Long, Owed> owed = new HashMap<>();
    private long lastCookie;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Owed(long offset, byte[] content) {}

    /// @param error a number of the protocol; 0 for none
    /// @param content of a read, and as long as its request
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Answer(long cookie, int error, String text, byte[] content) {
        void assertDone() {
            assertEquals(0, error, text);
        }

        void assertRefused(NbdErrno errno) {
            assertEquals(errno.number(), error, text);
        }
    }

    private RawClient(UnixConnection connection, PeerInput input, boolean structured, int flags) {
        this.connection = connection;
        this.input = input;
        this.structured = structured;
        this.flags = flags;
    }

    /// With structured replies and block status.
    static RawClient connect(Path socket, String export) throws IOException {
        UnixConnection connection = UnixConnection.connect(socket);
        try {
            connection.setReadTimeout(Math.toIntExact(Await.PATIENCE.toMillis()));
            PeerInput input = new PeerInput(connection, "the NBD server");
            Negotiated agreed = Negotiated.with(connection, input, export, List.of(BASE_ALLOCATION));
            return new RawClient(connection, input, true, agreed.flags());
        } catch (IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /// As the oldest clients do it.
    static RawClient connectSimply(Path socket, String export, long sizeBytes) throws IOException {
        UnixConnection connection = UnixConnection.connect(socket);
        try {
            connection.setReadTimeout(Math.toIntExact(Await.PATIENCE.toMillis()));
            PeerInput input = new PeerInput(connection, "the NBD server");
            input.skip(2 * Long.BYTES + Short.BYTES);
            byte[] name = export.getBytes(StandardCharsets.UTF_8);
            connection.write(ByteBuffer.allocateDirect(3 * Integer.BYTES + Long.BYTES + name.length)
                    .putInt(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES).putLong(IHAVEOPT).putInt(NBD_OPT_EXPORT_NAME)
                    .putInt(name.length).put(name).flip());
            assertEquals(sizeBytes, input.nextLong());
            return new RawClient(connection, input, false, input.nextUnsignedShort());
        } catch (IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /// The export's transmission flags.
    int flags() {
        return flags;
    }

    /// Sends a request without waiting for its answer.
    long send(int commandFlags, int command, long offset, int length, byte... content) throws IOException {
        owed.put(++lastCookie, new Owed(offset, new byte[command == NBD_CMD_READ ? length : 0]));
        say(ByteBuffer.allocate(REQUEST_BYTES + content.length).putInt(NBD_REQUEST_MAGIC).putShort(
                (short) commandFlags).putShort((short) command).putLong(lastCookie).putLong(offset).putInt(length).put(
                        content)
                .flip());
        return lastCookie;
    }

    /// Sends any bytes.
    void say(ByteBuffer bytes) throws IOException {
        connection.write(ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip());
    }

    Answer ask(int commandFlags, int command, long offset, int length, byte... content) throws IOException {
        long cookie = send(commandFlags, command, offset, length, content);
        Answer answer = answer();
        assertEquals(cookie, answer.cookie);
        return answer;
    }

    void write(long offset, byte[] content) throws IOException {
        ask(0, NBD_CMD_WRITE, offset, content.length, content).assertDone();
    }

    byte[] read(long offset, int length) throws IOException {
        Answer answer = ask(0, NBD_CMD_READ, offset, length);
        answer.assertDone();
        return answer.content;
    }

    /// The next answer, to whichever request.
    Answer answer() throws IOException {
        return structured ? structuredAnswer() : simpleAnswer();
    }

    private Answer simpleAnswer() throws IOException {
        assertEquals(NBD_SIMPLE_REPLY_MAGIC, input.nextInt());
        int error = input.nextInt();
        long cookie = input.nextLong();
        byte[] content = taken(cookie).content;
        if (error == 0)
            input.read(ByteBuffer.wrap(content));
        return new Answer(cookie, error, "", content);
    }

    private Owed taken(long cookie) {
        Owed request = owed.remove(cookie);
        assertNotEquals(null, request, "an answer to nothing");
        return request;
    }

    private Answer structuredAnswer() throws IOException {
        while (true) {
            assertEquals(NBD_STRUCTURED_REPLY_MAGIC, input.nextInt());
            boolean done = (input.nextUnsignedShort() & NBD_REPLY_FLAG_DONE) != 0;
            int type = input.nextUnsignedShort();
            long cookie = input.nextLong();
            int length = input.nextInt();
            Owed request = owed.get(cookie);
            assertNotEquals(null, request, "an answer to nothing");
            switch (type) {
                case NBD_REPLY_TYPE_NONE -> assertEquals(0, length);
                case NBD_REPLY_TYPE_OFFSET_DATA -> {
                    int at = (int) (input.nextLong() - request.offset);
                    input.read(ByteBuffer.wrap(request.content, at, length - Long.BYTES));
                }
                case NBD_REPLY_TYPE_OFFSET_HOLE -> input.skip(length);
                case NBD_REPLY_TYPE_BLOCK_STATUS -> input.skip(length);
                default -> {
                    assertEquals(NBD_REPLY_TYPE_ERROR, type);
                    assertTrue(done);
                    int error = input.nextInt();
                    String text = input.nextText(input.nextUnsignedShort());
                    return new Answer(cookie, error, text, taken(cookie).content);
                }
            }
            if (done)
                return new Answer(cookie, 0, "", taken(cookie).content);
        }
    }

    /// Takes in all that comes, to the end.
    void awaitHangUp() throws IOException {
        ByteBuffer any = ByteBuffer.allocateDirect(64 << 10);
        int count = connection.read(any.clear());
        while (count > 0)
            count = connection.read(any.clear());
        assertEquals(-1, count, "the server hangs up");
    }

    @Override
    public void close() {
        connection.close();
    }
}
