package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;

import java.io.IOException;
import java.nio.ByteBuffer;

/// The answer to one read, made piece by piece in one buffer, headers and content together, so that each piece is one
/// write. What is known to be zero is told, not sent, where the client understands that.
final class ReadReply {
    /// More runs in one piece than this are not worth their headers.
    private static final int MOST_RUNS = 64;
    private static final int DATA_HEADER_BYTES = CHUNK_HEADER_BYTES + Long.BYTES;
    private static final int HOLE_BYTES = DATA_HEADER_BYTES + Integer.BYTES;
    static final int BUFFER_BYTES = NbdServer.PIECE_BYTES + MOST_RUNS * HOLE_BYTES;

    private final NbdExport export;
    private final ServerConnection.Request request;
    private final ByteBuffer buffer;
    private final ExtentRuns runs = new ExtentRuns(MOST_RUNS);
    private final long end;
    private long at;

    ReadReply(NbdExport export, ServerConnection.Request request, ByteBuffer buffer) {
        this.export = export;
        this.request = request;
        this.buffer = buffer;
        this.at = request.offset();
        this.end = request.offset() + request.lengthBytes();
    }

    static ByteBuffer putChunkHeader(ByteBuffer target, ServerConnection.Request request, boolean done, int type,
            int payloadBytes) {
        return target.putInt(NBD_STRUCTURED_REPLY_MAGIC).putShort((short) (done ? NBD_REPLY_FLAG_DONE : 0))
                .putShort((short) type).putLong(request.cookie()).putInt(payloadBytes);
    }

    static ByteBuffer putSimpleHeader(ByteBuffer target, ServerConnection.Request request, int error) {
        return target.putInt(NBD_SIMPLE_REPLY_MAGIC).putInt(error).putLong(request.cookie());
    }

    /// What the client is told of a failure.
    static String reason(Exception failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    boolean hasMore() {
        return at < end;
    }

    /// The next piece as chunks for data and for holes.
    ByteBuffer nextChunks() throws IOException {
        int piece = pieceBytes();
        runs.clear();
        runs.addAll(export, at, piece);
        buffer.clear();
        if (runs.isFull()) {
            putData(piece);
            return buffer.flip();
        }
        for (int i = 0; i < runs.count(); i++) {
            int length = (int) runs.lengthBytes(i);
            if (runs.isZero(i))
                putHole(length);
            else
                putData(length);
        }
        return buffer.flip();
    }

    /// The whole range, which must be no more than one piece, as one chunk of data.
    ByteBuffer wholeChunk() throws IOException {
        buffer.clear();
        putData((int) (end - at));
        return buffer.flip();
    }

    /// The header of a simple reply and the first piece.
    ByteBuffer simpleStart() throws IOException {
        putSimpleHeader(buffer.clear(), request, 0);
        putContent(pieceBytes());
        return buffer.flip();
    }

    ByteBuffer simpleRest() throws IOException {
        buffer.clear();
        putContent(pieceBytes());
        return buffer.flip();
    }

    private int pieceBytes() {
        return (int) Math.min(end - at, NbdServer.PIECE_BYTES);
    }

    private void putHole(int length) {
        putChunkHeader(buffer, request, at + length == end, NBD_REPLY_TYPE_OFFSET_HOLE, Long.BYTES + Integer.BYTES)
                .putLong(at).putInt(length);
        at += length;
    }

    private void putData(int length) throws IOException {
        putChunkHeader(buffer, request, at + length == end, NBD_REPLY_TYPE_OFFSET_DATA, Long.BYTES + length)
                .putLong(at);
        putContent(length);
    }

    private void putContent(int length) throws IOException {
        ByteBuffer content = buffer.slice(buffer.position(), length);
        export.read(at, content);
        if (content.hasRemaining())
            throw new IOException("the export read " + content.position() + " bytes of " + length + " at " + at);
        buffer.position(buffer.position() + length);
        at += length;
    }
}
