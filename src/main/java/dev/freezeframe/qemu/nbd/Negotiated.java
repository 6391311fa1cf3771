package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;

import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a client and a server agreed on in the fixed newstyle handshake. Exists only where the server has the export and
/// every block status that was asked for.
///
/// @param contexts names of the block statuses by the server's numbers for them
/// @param minimumBlockBytes requests must be aligned to this
/// @param maximumPayloadBytes no read may be longer
record Negotiated(long sizeBytes, int flags, boolean structuredReplies, Map<Integer, String> contexts,
        int minimumBlockBytes, int maximumPayloadBytes) {
    private static final Logger LOG = LoggerFactory.getLogger(Negotiated.class);
    /// As many answers to one option as no server needs.
    private static final int MOST_REPLIES = 1000;
    private static final int MOST_OPTION_REPLY_BYTES = 64 << 10;

    static Negotiated with(UnixConnection connection, PeerInput input, String export, List<String> contexts)
            throws IOException {
        return new Handshake(connection, input, export).run(contexts);
    }

    private static final class Handshake {
        private final UnixConnection connection;
        private final PeerInput input;
        private final String export;
        private final Map<Integer, String> granted = new HashMap<>();
        private long sizeBytes = -1;
        private int flags;
        private int minimumBlockBytes = 1;
        private int maximumPayloadBytes = MAX_PAYLOAD_BYTES;

        Handshake(UnixConnection connection, PeerInput input, String export) {
            this.connection = connection;
            this.input = input;
            this.export = export;
        }

        Negotiated run(List<String> contexts) throws IOException {
            if (input.nextLong() != NBDMAGIC)
                throw NbdException.protocol("what listens on the socket is no NBD server");
            if (input.nextLong() != IHAVEOPT)
                throw NbdException.protocol("the NBD server speaks the protocol before the newstyle handshake only");
            int server = input.nextUnsignedShort();
            if ((server & NBD_FLAG_FIXED_NEWSTYLE) == 0)
                throw NbdException.protocol("the NBD server does not speak the fixed newstyle handshake");
            connection.write(ByteBuffer.allocateDirect(Integer.BYTES)
                    .putInt(server & (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)).flip());
            boolean structured = negotiate(NBD_OPT_STRUCTURED_REPLY, new byte[0], "structured replies", true);
            if (!contexts.isEmpty())
                askFor(contexts, structured);
            byte[] name = utf8(export);
            negotiate(NBD_OPT_GO, ByteBuffer.allocate(Integer.BYTES + name.length + 2 * Short.BYTES).putInt(name.length)
                    .put(name).putShort((short) 1).putShort((short) NBD_INFO_BLOCK_SIZE).array(),
                    "export "
                            + export,
                    false);
            if (sizeBytes < 0)
                throw NbdException.protocol("the NBD server did not tell the size of export " + export);
            return new Negotiated(sizeBytes, flags, structured, Map.copyOf(granted), minimumBlockBytes,
                    maximumPayloadBytes);
        }

        private void askFor(List<String> contexts, boolean structured) throws IOException {
            if (!structured)
                throw NbdException.of(NbdException.Kind.REFUSED,
                        "the NBD server has no structured replies, so no block status");
            byte[] name = utf8(export);
            int length = 2 * Integer.BYTES + name.length;
            for (String each : contexts)
                length += Integer.BYTES + utf8(each).length;
            ByteBuffer query = ByteBuffer.allocate(length).putInt(name.length).put(name).putInt(contexts.size());
            for (String each : contexts)
                query.putInt(utf8(each).length).put(utf8(each));
            negotiate(NBD_OPT_SET_META_CONTEXT, query.array(), "block status of export " + export, false);
            for (String each : contexts) {
                if (!granted.containsValue(each))
                    throw NbdException.of(NbdException.Kind.REFUSED,
                            "export " + export + " of the NBD server has no block status " + each);
            }
        }

        private static byte[] utf8(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            if (bytes.length > MAX_STRING_BYTES)
                throw new IllegalArgumentException("name of more than " + MAX_STRING_BYTES + " bytes");
            return bytes;
        }

        /// @return whether the server agreed
        private boolean negotiate(int option, byte[] content, String what, boolean mayRefuse) throws IOException {
            connection.write(option(option, content));
            for (int replies = 0; replies < MOST_REPLIES; replies++) {
                if (input.nextLong() != NBD_REP_MAGIC)
                    throw NbdException.protocol("the NBD server's handshake went out of step");
                int repliedOption = input.nextInt();
                int type = input.nextInt();
                int length = input.nextInt();
                if (repliedOption != option || length < 0 || length > MOST_OPTION_REPLY_BYTES)
                    throw NbdException.protocol("the NBD server answered option " + option + " with " + Integer
                            .toUnsignedString(length) + " bytes for option " + Integer.toUnsignedString(repliedOption));
                if ((type & NBD_REP_ERROR_BIT) != 0) {
                    String text = NbdException.oneLine(input.nextText(length));
                    if (mayRefuse)
                        return false;
                    abort();
                    throw NbdException.of(NbdException.Kind.REFUSED, "the NBD server refused " + what + ": "
                            + refusal(type) + (text.isEmpty() ? "" : " (" + text + ")"));
                }
                switch (type) {
                    case NBD_REP_ACK -> {
                        input.skip(length);
                        return true;
                    }
                    case NBD_REP_INFO -> takeInformation(length);
                    case NBD_REP_META_CONTEXT -> takeContext(length);
                    default -> throw NbdException.protocol("the NBD server answered option " + option
                            + " with a reply of unknown type " + type);
                }
            }
            throw NbdException.protocol("the NBD server does not stop answering option " + option);
        }

        private static String refusal(int type) {
            return switch (type) {
                case NBD_REP_ERR_UNSUP -> "it does not support that";
                case NBD_REP_ERR_UNKNOWN -> "there is none";
                default -> "error " + (type & ~NBD_REP_ERROR_BIT);
            };
        }

        private void takeInformation(int length) throws IOException {
            if (length < Short.BYTES)
                throw badLength("NBD_REP_INFO", length);
            int type = input.nextUnsignedShort();
            int rest = length - Short.BYTES;
            switch (type) {
                case NBD_INFO_EXPORT -> {
                    if (rest != Long.BYTES + Short.BYTES)
                        throw badLength("NBD_INFO_EXPORT", length);
                    sizeBytes = input.nextLong();
                    flags = input.nextUnsignedShort();
                    if (sizeBytes < 0)
                        throw NbdException.protocol("the NBD server says that export " + export + " has "
                                + Long.toUnsignedString(sizeBytes) + " bytes");
                }
                case NBD_INFO_BLOCK_SIZE -> {
                    if (rest != 3 * Integer.BYTES)
                        throw badLength("NBD_INFO_BLOCK_SIZE", length);
                    minimumBlockBytes = input.nextInt();
                    input.skip(Integer.BYTES);
                    int maximum = input.nextInt();
                    if (Integer.bitCount(minimumBlockBytes) != 1 || minimumBlockBytes < 0
                            || minimumBlockBytes > 64 << 10 || Integer.compareUnsigned(maximum, minimumBlockBytes) < 0)
                        throw NbdException.protocol("the NBD server takes blocks of " + Integer
                                .toUnsignedString(minimumBlockBytes) + " to " + Integer.toUnsignedString(maximum)
                                + " bytes, which cannot be");
                    maximumPayloadBytes = Integer.compareUnsigned(maximum, MAX_PAYLOAD_BYTES) < 0
                            ? maximum
                            : MAX_PAYLOAD_BYTES;
                }
                default -> input.skip(rest);
            }
        }

        private void takeContext(int length) throws IOException {
            if (length < Integer.BYTES || length - Integer.BYTES > MAX_STRING_BYTES)
                throw badLength("NBD_REP_META_CONTEXT", length);
            int id = input.nextInt();
            granted.put(id, input.nextText(length - Integer.BYTES));
        }

        private static NbdException badLength(String reply, int length) {
            return NbdException.protocol("the NBD server sent a " + reply + " of " + length + " bytes");
        }

        /// Takes leave. A server that has gone already was right: what it refused is what the caller has to hear.
        private void abort() {
            try {
                connection.write(option(NBD_OPT_ABORT, new byte[0]));
            } catch (IOException e) {
                LOG.debug("taking leave of the NBD server", e);
            }
        }

        private static ByteBuffer option(int option, byte[] content) {
            return ByteBuffer.allocateDirect(2 * Long.BYTES + content.length).putLong(IHAVEOPT).putInt(option)
                    .putInt(content.length).put(content).flip();
        }
    }
}
