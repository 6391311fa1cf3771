package dev.freezeframe.dedup;

import dev.freezeframe.store.model.ChunkId;
import java.nio.ByteBuffer;

/// Looks at a page for a few hundred nanoseconds: is it zero, and can it be compressed? The first answer is exact, the second
/// a guess that only decides which pack the page goes to. For one thread.
final class PageProbe {
    private static final int SAMPLES = 512;
    /// Random bytes give 511 · 512 / 256 + 512 = 1534 with a deviation of about 45.
    private static final int INCOMPRESSIBLE_BELOW = 1534 + 6 * 45;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(ChunkId.CHUNK_BYTES);

    private final short[] counts = new short[256];

    static boolean isZero(ByteBuffer contents, int position) {
        return contents.getLong(position) == 0 && contents.getLong(position + ChunkId.CHUNK_BYTES / 2) == 0
                && contents.slice(position, ChunkId.CHUNK_BYTES).mismatch(ZEROS) < 0;
    }

    /// Whether the byte values are spread more unevenly than those of random bytes (sum of squares over a sample).
    boolean looksCompressible(ByteBuffer contents, int position) {
        java.util.Arrays.fill(counts, (short) 0);
        int sum = 0;
        for (int i = 0; i < SAMPLES; i += 8) {
            long eight = contents.getLong(position + i * (ChunkId.CHUNK_BYTES / SAMPLES));
            for (int shift = 0; shift < Long.SIZE; shift += 8) {
                // (n + 1)² - n² = 2n + 1
                sum += 2 * counts[(int) (eight >>> shift) & 0xff]++ + 1;
            }
        }
        return sum >= INCOMPRESSIBLE_BELOW;
    }
}
