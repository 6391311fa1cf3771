package dev.freezeframe.qemu.qmp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Cuts what comes from a peer into lines, of a bounded length. For one thread at a time.
final class QmpLines {
    private static final Logger LOG = LoggerFactory.getLogger(QmpLines.class);
    private static final int USUAL_BYTES = 64 << 10;
    private static final int EXCERPT_BYTES = 200;

    private final int maxLineBytes;
    private byte[] line = new byte[USUAL_BYTES];
    private int lineLength;

    QmpLines(int maxLineBytes) {
        this.maxLineBytes = maxLineBytes;
    }

    /// Takes a line without its end.
    @FunctionalInterface
    interface Sink {
        /// Takes the next line.
        ///
        /// @param line good during the call only
        void line(byte[] line, int length) throws QmpException;
    }

    /// Takes all that is in a buffer, and hands on the lines that are complete by that.
    void takeIn(ByteBuffer incoming, Sink sink) throws QmpException {
        while (incoming.hasRemaining()) {
            int end = indexOfNewline(incoming);
            int count = (end < 0 ? incoming.limit() : end) - incoming.position();
            if (lineLength + count > maxLineBytes) {
                throw QmpException.of(QmpException.Kind.PROTOCOL, "a QMP line is longer than " + maxLineBytes
                        + " bytes, which QEMU never sends: " + excerpt(line, lineLength));
            }
            if (lineLength + count > line.length) {
                line = Arrays.copyOf(line, Math.min(maxLineBytes, 2 * (lineLength + count)));
            }
            incoming.get(line, lineLength, count);
            lineLength += count;
            if (end >= 0) {
                incoming.get();
                int length = lineLength;
                lineLength = 0;
                sink.line(line, length);
            }
        }
    }

    private static int indexOfNewline(ByteBuffer buffer) {
        for (int i = buffer.position(); i < buffer.limit(); i++) {
            if (buffer.get(i) == '\n') {
                return i;
            }
        }
        return -1;
    }

    /// What a peer says of itself that sends such a line.
    static QmpException notQmp(byte[] line, int length, Exception cause) {
        LOG.debug("not QMP", cause);
        return QmpException.of(QmpException.Kind.PROTOCOL, "the peer sent a line that is no QMP message we wait for: "
                + excerpt(line, length));
    }

    /// The beginning of a line, for a message.
    static String excerpt(byte[] line, int length) {
        String start = new String(line, 0, Math.min(length, EXCERPT_BYTES), StandardCharsets.UTF_8).strip();
        return length > EXCERPT_BYTES ? start + "…" : start;
    }

}
