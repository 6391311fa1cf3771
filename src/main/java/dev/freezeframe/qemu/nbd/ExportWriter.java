package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;

import dev.freezeframe.base.FullDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Does what a client wants changed of its export. Content goes from the socket to the export in pieces, through a buffer that
/// the server lends, so that no request costs memory of its own length.
///
/// Whatever is refused, the connection stays in step: content that nobody wants is read as well.
final class ExportWriter {
    private static final Logger LOG = LoggerFactory.getLogger(ExportWriter.class);
    private static final String BEYOND_THE_END = "beyond the end of the export";
    private static final String UNKNOWN_FLAGS = "unknown flags";

    private final NbdServer server;
    private final WritableNbdExport export;
    private final PeerInput input;
    private final ServerReplies replies;
    /// The last request failed, and that was said.
    private boolean failing;

    ExportWriter(NbdServer server, WritableNbdExport export, PeerInput input, ServerReplies replies) {
        this.server = server;
        this.export = export;
        this.input = input;
        this.replies = replies;
    }

    /// The request's content comes next.
    void write(ServerConnection.Request request) throws IOException {
        if (!request.isWithin(export))
            refuseContent(request, NbdErrno.ENOSPC, BEYOND_THE_END);
        else if ((request.flags() & ~NBD_CMD_FLAG_FUA) != 0)
            refuseContent(request, NbdErrno.EINVAL, UNKNOWN_FLAGS);
        else
            takeContent(request);
    }

    private void refuseContent(ServerConnection.Request request, NbdErrno errno, String text) throws IOException {
        input.skip(request.lengthBytes());
        replies.refuse(request, errno, text);
    }

    private void takeContent(ServerConnection.Request request) throws IOException {
        ByteBuffer buffer = server.lendBuffer();
        try {
            Exception failure = null;
            long left = request.lengthBytes();
            for (long at = request.offset(); left > 0 && failure == null;) {
                int piece = (int) Math.min(left, NbdServer.PIECE_BYTES);
                input.read(buffer.clear().limit(piece));
                left -= piece;
                try {
                    export.write(at, buffer.flip());
                } catch (IOException | RuntimeException e) {
                    failure = e;
                }
                at += piece;
            }
            input.skip(left);
            if (failure == null)
                finish(request, buffer);
            else
                refuse(request, failure);
        } finally {
            server.giveBack(buffer);
        }
    }

    void writeZeroes(ServerConnection.Request request) throws IOException {
        if (!request.isWithin(export))
            replies.refuse(request, NbdErrno.ENOSPC, BEYOND_THE_END);
        else if ((request.flags() & ~(NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_NO_HOLE)) != 0)
            replies.refuse(request, NbdErrno.EINVAL, UNKNOWN_FLAGS);
        else
            change(request, () -> export.writeZeroes(request.offset(), request.lengthBytes(), (request.flags()
                    & NBD_CMD_FLAG_NO_HOLE) == 0));
    }

    void trim(ServerConnection.Request request) throws IOException {
        if (!request.isWithin(export))
            replies.refuse(request, NbdErrno.EINVAL, BEYOND_THE_END);
        else if ((request.flags() & ~NBD_CMD_FLAG_FUA) != 0)
            replies.refuse(request, NbdErrno.EINVAL, UNKNOWN_FLAGS);
        else
            change(request, () -> export.trim(request.offset(), request.lengthBytes()));
    }

    private interface Change {
        void make() throws IOException;
    }

    private void change(ServerConnection.Request request, Change change) throws IOException {
        if (request.lengthBytes() > 0) {
            try {
                change.make();
            } catch (IOException | RuntimeException e) {
                refuse(request, e);
                return;
            }
        }
        ByteBuffer buffer = server.lendBuffer();
        try {
            finish(request, buffer);
        } finally {
            server.giveBack(buffer);
        }
    }

    void flush(ServerConnection.Request request) throws IOException {
        try {
            export.flush();
        } catch (IOException | RuntimeException e) {
            refuse(request, e);
            return;
        }
        failing = false;
        replies.succeed(request);
    }

    /// Answers a request that is done, but for being durable if it has to be.
    private void finish(ServerConnection.Request request, ByteBuffer buffer) throws IOException {
        if ((request.flags() & NBD_CMD_FLAG_FUA) != 0) {
            try {
                export.flush(request.offset(), request.lengthBytes());
            } catch (IOException | RuntimeException e) {
                refuse(request, e);
                return;
            }
        }
        failing = false;
        replies.succeed(request, buffer);
    }

    /// A guest goes on trying while its disk is full: it is logged once, until something works again.
    private void refuse(ServerConnection.Request request, Exception failure) throws IOException {
        if (failure instanceof RuntimeException)
            LOG.error("an export could not be written because of a fault", failure);
        else if (failing)
            LOG.debug("an export could not be written: {}", failure.getMessage());
        else
            LOG.warn("an export could not be written: {}", failure.getMessage());
        failing = true;
        replies.refuse(request, FullDisk.isCauseOf(failure) ? NbdErrno.ENOSPC : NbdErrno.EIO, ReadReply.reason(
                failure));
    }
}
