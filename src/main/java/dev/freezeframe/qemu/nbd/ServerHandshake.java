package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;

import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The server's side of the fixed newstyle handshake. Ends with what was agreed on, or without anything when the client
/// leaves; the input's deadline bounds how long a client may go on about it.
final class ServerHandshake {
    static final int BASE_ALLOCATION_ID = 1;
    private static final int MOST_OPTION_BYTES = 64 << 10;
    private static final int PREFERRED_BLOCK_BYTES = 4096;
    private static final int UNUSED_BYTES_AFTER_FLAGS = 124;
    private static final int FLAGS = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_CACHE;
    private static final int READING_FLAGS = FLAGS | NBD_FLAG_READ_ONLY | NBD_FLAG_CAN_MULTI_CONN;
    private static final int WRITING_FLAGS = FLAGS | NBD_FLAG_SEND_FUA | NBD_FLAG_SEND_TRIM
            | NBD_FLAG_SEND_WRITE_ZEROES;

    private final NbdServer server;
    private final ServerConnection client;
    private final UnixConnection connection;
    private final PeerInput input;
    private boolean structured;
    /// What `base:allocation` was agreed on for; null while it was not.
    private NbdExport statusExport;

    private ServerHandshake(NbdServer server, ServerConnection client, UnixConnection connection, PeerInput input) {
        this.server = server;
        this.client = client;
        this.connection = connection;
        this.input = input;
    }

    /// Talks until both agree; null when the client leaves.
    static ServerConnection.Transmission with(NbdServer server, ServerConnection client, UnixConnection connection,
            PeerInput input) throws IOException {
        return new ServerHandshake(server, client, connection, input).run();
    }

    private ServerConnection.Transmission run() throws IOException {
        connection.write(ByteBuffer.allocateDirect(2 * Long.BYTES + Short.BYTES).putLong(NBDMAGIC).putLong(IHAVEOPT)
                .putShort((short) (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)).flip());
        int flags = input.nextInt();
        if ((flags & ~(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)) != 0)
            throw NbdException.protocol("the NBD client has flags " + Integer.toHexString(flags));
        while (true) {
            if (input.nextLong() != IHAVEOPT)
                throw NbdException.protocol("the NBD client's handshake went out of step");
            int option = input.nextInt();
            int length = input.nextInt();
            if (length < 0 || length > MOST_OPTION_BYTES)
                throw NbdException.protocol("the NBD client sent an option of " + Integer.toUnsignedString(length)
                        + " bytes");
            byte[] bytes = new byte[length];
            ByteBuffer content = ByteBuffer.wrap(bytes);
            input.read(content);
            content.flip();
            switch (option) {
                case NBD_OPT_EXPORT_NAME -> {
                    return exportByName(content, (flags & NBD_FLAG_NO_ZEROES) != 0);
                }
                case NBD_OPT_GO -> {
                    NbdExport export = answerInformation(option, content);
                    if (export != null)
                        return transmission(export);
                }
                case NBD_OPT_INFO -> answerInformation(option, content);
                case NBD_OPT_LIST -> list(content);
                case NBD_OPT_STRUCTURED_REPLY -> {
                    if (content.hasRemaining()) {
                        reply(option, NBD_REP_ERR_INVALID, "the option has no content");
                    } else {
                        structured = true;
                        acknowledge(option);
                    }
                }
                case NBD_OPT_LIST_META_CONTEXT, NBD_OPT_SET_META_CONTEXT -> metaContext(option, content);
                case NBD_OPT_ABORT -> {
                    acknowledge(option);
                    return null;
                }
                default -> reply(option, NBD_REP_ERR_UNSUP, "this server does not support the option");
            }
        }
    }

    private ServerConnection.Transmission transmission(NbdExport export) {
        return new ServerConnection.Transmission(export, structured, export.equals(statusExport));
    }

    private int flags(NbdExport export) {
        int flags = export instanceof WritableNbdExport ? WRITING_FLAGS : READING_FLAGS;
        return structured ? flags | NBD_FLAG_SEND_DF : flags;
    }

    /// Whether the client may have the export; one that is written to is another's as long as that is there.
    private boolean claim(NbdExport export) {
        return !(export instanceof WritableNbdExport) || server.claim(export, client);
    }

    /// An option that can not be refused: the client without such an export is hung up on.
    private ServerConnection.Transmission exportByName(ByteBuffer content, boolean noZeroes) throws IOException {
        NbdExport export = server.export(text(content, content.remaining()));
        if (export == null)
            throw NbdException.protocol("the NBD client wants an export that is not there");
        if (!claim(export))
            throw NbdException.protocol("the NBD client wants an export that another one writes to");
        int unused = noZeroes ? 0 : UNUSED_BYTES_AFTER_FLAGS;
        ByteBuffer answer = ByteBuffer.allocateDirect(Long.BYTES + Short.BYTES + unused).putLong(export.sizeBytes())
                .putShort((short) flags(export));
        connection.write(answer.position(answer.capacity()).flip());
        return transmission(export);
    }

    /// Tells about an export; null when that was refused.
    private NbdExport answerInformation(int option, ByteBuffer content) throws IOException {
        String name = content.remaining() < Integer.BYTES ? null : counted(content);
        int requests = name == null || content.remaining() < Short.BYTES ? -1 : Short.toUnsignedInt(content.getShort());
        if (requests < 0 || content.remaining() != requests * Short.BYTES) {
            reply(option, NBD_REP_ERR_INVALID, "the option's lengths contradict each other");
            return null;
        }
        NbdExport export = server.export(name);
        if (export == null) {
            reply(option, NBD_REP_ERR_UNKNOWN, "there is no such export");
            return null;
        }
        if (option == NBD_OPT_GO && !claim(export)) {
            reply(option, NBD_REP_ERR_POLICY, "another client writes to the export");
            return null;
        }
        boolean wantsName = false;
        while (content.hasRemaining())
            wantsName |= content.getShort() == NBD_INFO_NAME;
        reply(option, NBD_REP_INFO, ByteBuffer.allocate(2 * Short.BYTES + Long.BYTES).putShort((short) NBD_INFO_EXPORT)
                .putLong(export.sizeBytes()).putShort((short) flags(export)).flip());
        reply(option, NBD_REP_INFO, ByteBuffer.allocate(Short.BYTES + 3 * Integer.BYTES)
                .putShort((short) NBD_INFO_BLOCK_SIZE).putInt(1).putInt(PREFERRED_BLOCK_BYTES)
                .putInt(MAX_PAYLOAD_BYTES).flip());
        if (wantsName) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            reply(option, NBD_REP_INFO, ByteBuffer.allocate(Short.BYTES + bytes.length).putShort((short) NBD_INFO_NAME)
                    .put(bytes).flip());
        }
        acknowledge(option);
        return export;
    }

    private void list(ByteBuffer content) throws IOException {
        if (content.hasRemaining()) {
            reply(NBD_OPT_LIST, NBD_REP_ERR_INVALID, "the option has no content");
            return;
        }
        for (String name : server.exports().keySet()) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            reply(NBD_OPT_LIST, NBD_REP_SERVER, ByteBuffer.allocate(Integer.BYTES + bytes.length).putInt(bytes.length)
                    .put(bytes).flip());
        }
        acknowledge(NBD_OPT_LIST);
    }

    private void metaContext(int option, ByteBuffer content) throws IOException {
        boolean set = option == NBD_OPT_SET_META_CONTEXT;
        if (set)
            statusExport = null;
        if (!structured) {
            reply(option, NBD_REP_ERR_INVALID, "structured replies come first");
            return;
        }
        String name = content.remaining() < Integer.BYTES ? null : counted(content);
        List<String> queries = name == null ? null : queries(content);
        if (queries == null) {
            reply(option, NBD_REP_ERR_INVALID, "the option's lengths contradict each other");
            return;
        }
        NbdExport export = server.export(name);
        if (export == null) {
            reply(option, NBD_REP_ERR_UNKNOWN, "there is no such export");
            return;
        }
        boolean all = !set && (queries.isEmpty() || queries.contains("base:"));
        if (all || queries.contains(BASE_ALLOCATION)) {
            byte[] bytes = BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
            reply(option, NBD_REP_META_CONTEXT, ByteBuffer.allocate(Integer.BYTES + bytes.length).putInt(set
                    ? BASE_ALLOCATION_ID
                    : 0).put(bytes).flip());
            if (set)
                statusExport = export;
        }
        acknowledge(option);
    }

    /// The queries, or null when they are not what the rest of the content should be.
    private static List<String> queries(ByteBuffer content) {
        if (content.remaining() < Integer.BYTES)
            return null;
        int count = content.getInt();
        List<String> queries = new ArrayList<>();
        while (content.remaining() >= Integer.BYTES) {
            String query = counted(content);
            if (query == null)
                return null;
            queries.add(query);
        }
        return content.hasRemaining() || queries.size() != count ? null : queries;
    }

    /// A text behind its length, or null when there is less than that.
    private static String counted(ByteBuffer content) {
        int length = content.getInt();
        return length < 0 || length > content.remaining() ? null : text(content, length);
    }

    private static String text(ByteBuffer content, int length) {
        byte[] bytes = new byte[length];
        content.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private void acknowledge(int option) throws IOException {
        reply(option, NBD_REP_ACK, ByteBuffer.allocate(0));
    }

    private void reply(int option, int type, String text) throws IOException {
        reply(option, type, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    private void reply(int option, int type, ByteBuffer content) throws IOException {
        connection.write(ByteBuffer.allocateDirect(Long.BYTES + 3 * Integer.BYTES + content.remaining())
                .putLong(NBD_REP_MAGIC).putInt(option).putInt(type).putInt(content.remaining()).put(content).flip());
    }
}
