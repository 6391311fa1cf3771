package dev.freezeframe.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;

/// An export in memory, some of whose blocks are zero; fails where it is told to.
final class MemoryExport implements NbdExport {
    static final int BLOCK_BYTES = 4096;

    private final byte[] content;
    private final boolean[] zeroBlocks;
    volatile long failingOffset = -1;

    private MemoryExport(byte[] content, boolean[] zeroBlocks) {
        this.content = content;
        this.zeroBlocks = zeroBlocks;
    }

    /// About a third of it is zero, in runs.
    static MemoryExport random(int sizeBytes, long seed) {
        return random(sizeBytes, seed, 100);
    }

    /// The same with runs of this many blocks at most.
    static MemoryExport random(int sizeBytes, long seed, int longestRun) {
        Random random = new Random(seed);
        byte[] content = new byte[sizeBytes];
        random.nextBytes(content);
        boolean[] zeroBlocks = new boolean[(sizeBytes + BLOCK_BYTES - 1) / BLOCK_BYTES];
        for (int block = 0; block < zeroBlocks.length;) {
            boolean zero = random.nextInt(3) == 0;
            for (int run = 1 + random.nextInt(longestRun); run > 0 && block < zeroBlocks.length; run--, block++) {
                zeroBlocks[block] = zero;
                if (zero)
                    java.util.Arrays.fill(content, block * BLOCK_BYTES, Math.min(sizeBytes, (block + 1) * BLOCK_BYTES),
                            (byte) 0);
            }
        }
        return new MemoryExport(content, zeroBlocks);
    }

    static MemoryExport withoutZeroes(int sizeBytes) {
        byte[] content = new byte[sizeBytes];
        new Random(1).nextBytes(content);
        return new MemoryExport(content, new boolean[(sizeBytes + BLOCK_BYTES - 1) / BLOCK_BYTES]);
    }

    byte[] content() {
        return content;
    }

    boolean isZero(long offset) {
        return zeroBlocks[(int) (offset / BLOCK_BYTES)];
    }

    /// The first block from there on that is not zero.
    long firstContentFrom(long offset) {
        long at = offset;
        while (isZero(at))
            at += BLOCK_BYTES;
        return at;
    }

    @Override
    public long sizeBytes() {
        return content.length;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        if (failingOffset >= offset && failingOffset < offset + target.remaining())
            throw new IOException("pack 7 is damaged");
        target.put(content, (int) offset, target.remaining());
    }

    @Override
    public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
        for (long at = offset; at < offset + lengthBytes;) {
            long end = Math.min(offset + lengthBytes, (at / BLOCK_BYTES + 1) * BLOCK_BYTES);
            visitor.extent(at, end - at, isZero(at));
            at = end;
        }
    }
}
