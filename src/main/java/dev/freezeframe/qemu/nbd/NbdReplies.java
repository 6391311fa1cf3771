package dev.freezeframe.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;

/// What an NBD server answers, taken in and checked: every length, offset and cookie before it is believed. After an exception the
/// connection is out of step. For one thread at a time.
final class NbdReplies {
    /// Eight times what QEMU puts into one answer (`NBD_MAX_BLOCK_STATUS_EXTENTS` in nbd/server.c).
    private static final int MOST_EXTENTS = 1 << 20;

    private final PeerInput input;
    private final Negotiated negotiated;
    private final List<PendingRequest> pending;

    /// @param pending the requests that are under way, as they are at any time
    NbdReplies(PeerInput input, Negotiated negotiated, List<PendingRequest> pending) {
        this.input = input;
        this.negotiated = negotiated;
        this.pending = pending;
    }

    /// Takes in a reply, or a chunk of one.
    ///
    /// @return the request that has its whole answer now, or null
    PendingRequest take() throws IOException {
        int magic = input.nextInt();
        return switch (magic) {
            case NBD_SIMPLE_REPLY_MAGIC -> takeSimpleReply();
            case NBD_STRUCTURED_REPLY_MAGIC -> takeChunk();
            default -> throw NbdException.protocol("the NBD server sent " + Integer.toHexString(magic)
                    + " where a reply begins");
        };
    }

    private PendingRequest takeSimpleReply() throws IOException {
        int error = input.nextInt();
        PendingRequest answered = find(input.nextLong());
        if (error != 0) {
            answered.refusal = NbdErrno.of(error);
            return answered;
        }
        if (negotiated.structuredReplies() || !(answered instanceof PendingRequest.Read read))
            throw NbdException.protocol("the NBD server sent a simple reply where it has to send a structured one");
        input.read(read.part(read.offset, read.lengthBytes));
        read.zero = false;
        return read;
    }

    private PendingRequest find(long cookie) throws NbdException {
        for (PendingRequest each : pending) {
            if (each.cookie == cookie)
                return each;
        }
        throw NbdException.protocol("the NBD server answered a request that was not made");
    }

    private PendingRequest takeChunk() throws IOException {
        if (!negotiated.structuredReplies())
            throw NbdException.protocol("the NBD server sent a structured reply without an agreement on them");
        int flags = input.nextUnsignedShort();
        int type = input.nextUnsignedShort();
        PendingRequest answered = find(input.nextLong());
        long length = Integer.toUnsignedLong(input.nextInt());
        if ((type & NBD_REPLY_TYPE_ERROR_BIT) != 0) {
            takeError(answered, type, length);
        } else {
            switch (type) {
                case NBD_REPLY_TYPE_NONE -> {
                    if (length != 0)
                        throw badLength(type, length);
                }
                case NBD_REPLY_TYPE_OFFSET_DATA -> takeOffsetContent(answered, length);
                case NBD_REPLY_TYPE_OFFSET_HOLE -> takeHole(answered, length);
                case NBD_REPLY_TYPE_BLOCK_STATUS -> takeStatus(answered, length);
                default -> throw NbdException.protocol("the NBD server sent a chunk of unknown type " + type);
            }
        }
        if ((flags & NBD_REPLY_FLAG_DONE) == 0)
            return null;
        if (answered.refusal == null && !answered.isAnswered())
            throw NbdException.protocol("the NBD server ended an answer before it was complete");
        return answered;
    }

    private static NbdException badLength(int chunkType, long length) {
        return NbdException.protocol("the NBD server sent a chunk of type " + chunkType + " with " + length + " bytes");
    }

    private static PendingRequest.Read readOf(PendingRequest answered, int chunkType) throws NbdException {
        if (answered instanceof PendingRequest.Read read)
            return read;
        throw NbdException.protocol("the NBD server answered a block status with a chunk of type " + chunkType);
    }

    private void takeOffsetContent(PendingRequest answered, long length) throws IOException {
        PendingRequest.Read read = readOf(answered, NBD_REPLY_TYPE_OFFSET_DATA);
        if (length <= Long.BYTES)
            throw badLength(NBD_REPLY_TYPE_OFFSET_DATA, length);
        long offset = input.nextLong();
        cover(read, offset, length - Long.BYTES);
        input.read(read.part(offset, (int) (length - Long.BYTES)));
        read.zero = false;
    }

    private void takeHole(PendingRequest answered, long length) throws IOException {
        PendingRequest.Read read = readOf(answered, NBD_REPLY_TYPE_OFFSET_HOLE);
        if (length != Long.BYTES + Integer.BYTES)
            throw badLength(NBD_REPLY_TYPE_OFFSET_HOLE, length);
        long offset = input.nextLong();
        long hole = Integer.toUnsignedLong(input.nextInt());
        cover(read, offset, hole);
        ByteBuffer part = read.part(offset, (int) hole);
        while (part.remaining() >= Long.BYTES)
            part.putLong(0);
        while (part.hasRemaining())
            part.put((byte) 0);
    }

    private static void cover(PendingRequest.Read read, long offset, long length) throws NbdException {
        if (offset < read.offset || !read.coverage.add(offset - read.offset, length))
            throw NbdException.protocol("the NBD server sent " + length + " bytes at " + Long.toUnsignedString(offset)
                    + " for a read of " + read.lengthBytes + " at " + read.offset + ", beyond it or for a second time");
    }

    private void takeError(PendingRequest answered, int type, long length) throws IOException {
        int fixed = Integer.BYTES + Short.BYTES;
        if (length < fixed || length > fixed + MAX_STRING_BYTES + Long.BYTES)
            throw badLength(type, length);
        NbdErrno errno = NbdErrno.of(input.nextInt());
        int textLength = input.nextUnsignedShort();
        long rest = length - fixed - textLength;
        if (rest < 0 || (type == NBD_REPLY_TYPE_ERROR && rest != 0) || (type == NBD_REPLY_TYPE_ERROR_OFFSET
                && rest != Long.BYTES))
            throw badLength(type, length);
        String text = input.nextText(textLength);
        input.skip(rest);
        if (answered.refusal == null) {
            answered.refusal = errno;
            answered.refusalText = text;
        }
    }

    private void takeStatus(PendingRequest answered, long length) throws IOException {
        if (!(answered instanceof PendingRequest.Status status))
            throw NbdException.protocol("the NBD server answered a read with a block status");
        int extentBytes = 2 * Integer.BYTES;
        long extents = (length - Integer.BYTES) / extentBytes;
        if (length < Integer.BYTES + extentBytes || (length - Integer.BYTES) % extentBytes != 0
                || extents > MOST_EXTENTS)
            throw badLength(NBD_REPLY_TYPE_BLOCK_STATUS, length);
        int context = input.nextInt();
        if (!negotiated.contexts().containsKey(context) || (context == status.context && status.answered))
            throw NbdException.protocol("the NBD server sent a block status that was not asked for");
        if (context != status.context) {
            input.skip(extents * extentBytes);
            return;
        }
        status.answered = true;
        long told = 0;
        for (long i = 0; i < extents; i++) {
            long extent = Integer.toUnsignedLong(input.nextInt());
            int flags = input.nextInt();
            if (extent == 0 || told >= status.lengthBytes)
                throw NbdException.protocol("the NBD server sent a block status of "
                        + (extent == 0 ? "no bytes" : "more than was asked for"));
            status.add(extent, flags);
            told += extent;
        }
    }
}
