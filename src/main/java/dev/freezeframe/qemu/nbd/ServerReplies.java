package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;

import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;

/// What an [NbdServer] answers to one client's requests, structured where that was agreed on. Answers of several threads come
/// one after the other.
final class ServerReplies {
    private static final int MOST_TEXT_CHARACTERS = 1000;

    private final UnixConnection connection;
    private final boolean structured;
    private final ReentrantLock writing = new ReentrantLock();

    ServerReplies(UnixConnection connection, boolean structured) {
        this.connection = connection;
        this.structured = structured;
    }

    /// What a thread does while no other one answers.
    interface Answer {
        void write(UnixConnection connection) throws IOException;
    }

    void send(ByteBuffer reply) throws IOException {
        together(to -> to.write(reply));
    }

    /// For replies whose later bytes carry no header that tells whose they are.
    void together(Answer answer) throws IOException {
        writing.lock();
        try {
            answer.write(connection);
        } finally {
            writing.unlock();
        }
    }

    void succeed(ServerConnection.Request request) throws IOException {
        succeed(request, ByteBuffer.allocateDirect(CHUNK_HEADER_BYTES));
    }

    /// @param buffer for the reply
    void succeed(ServerConnection.Request request, ByteBuffer buffer) throws IOException {
        buffer.clear();
        if (structured)
            ReadReply.putChunkHeader(buffer, request, true, NBD_REPLY_TYPE_NONE, 0);
        else
            ReadReply.putSimpleHeader(buffer, request, 0);
        send(buffer.flip());
    }

    void refuse(ServerConnection.Request request, NbdErrno errno, String text) throws IOException {
        if (!structured) {
            send(ReadReply.putSimpleHeader(ByteBuffer.allocateDirect(CHUNK_HEADER_BYTES), request, errno.number())
                    .flip());
            return;
        }
        String cut = text.length() <= MOST_TEXT_CHARACTERS ? text : text.substring(0, MOST_TEXT_CHARACTERS);
        byte[] bytes = cut.getBytes(StandardCharsets.UTF_8);
        int payload = Integer.BYTES + Short.BYTES + bytes.length;
        ByteBuffer reply = ByteBuffer.allocateDirect(CHUNK_HEADER_BYTES + payload);
        ReadReply.putChunkHeader(reply, request, true, NBD_REPLY_TYPE_ERROR, payload);
        send(reply.putInt(errno.number()).putShort((short) bytes.length).put(bytes).flip());
    }
}
