package dev.freezeframe.bundle;

import com.github.luben.zstd.ZstdCompressCtx;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Cuts what comes into segments of one length, the last of what is left, and compresses each as one zstd frame. The same
/// bytes give the same segments, in whatever portions they come.
final class SegmentWriter implements AutoCloseable {
    /// Dearer levels gain a few percent.
    private static final int LEVEL = 6;

    private final Target target;
    private final ZstdCompressCtx compressor = new ZstdCompressCtx();
    private final byte[] raw;
    private int filled;
    private int written;

    /// Takes segments.
    @FunctionalInterface
    interface Target {
        /// Takes the next one.
        ///
        /// @param ordinal    from 0
        /// @param compressed the frame
        /// @param rawBytes   what is in it
        void segment(int ordinal, byte[] compressed, int rawBytes) throws IOException;
    }

    /// @param rawBytes of each segment but the last
    SegmentWriter(int rawBytes, Target target) {
        this.raw = new byte[rawBytes];
        this.target = target;
        compressor.setLevel(LEVEL);
    }

    /// Takes what is next, from its position to its limit.
    void add(ByteBuffer content) throws IOException {
        while (content.hasRemaining()) {
            int count = Math.min(content.remaining(), raw.length - filled);
            content.get(raw, filled, count);
            filled += count;
            if (filled == raw.length) {
                cut();
            }
        }
    }

    /// There comes nothing more.
    void end() throws IOException {
        if (filled > 0) {
            cut();
        }
    }

    private void cut() throws IOException {
        target.segment(written++, compressor.compress(filled == raw.length ? raw : Arrays.copyOf(raw, filled)), filled);
        filled = 0;
    }

    @Override
    public void close() {
        compressor.close();
    }
}
