package dev.freezeframe.store.pack;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.model.ChunkId;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import net.openhft.hashing.LongHashFunction;

/// Turns the chunks of a pack into the bytes of its row and back. Safe for any number of threads; decoding trusts nothing
/// that it reads.
///
/// A row is: slots (2 bytes, big endian), one bit per slot that tells whether the slot is live, then the live chunks in
/// slot order, as they are or as one zstd frame.
public final class PackCodec implements AutoCloseable {
    public static final int RAW = 0;
    public static final int ZSTD = 1;
    /// zstd must win at least this share, or the chunks are stored as they are, which reads faster.
    private static final double MIN_GAIN = 0.02;
    /// H2 ends at 1 MiB for a binary value.
    public static final int MAX_ROW_BYTES = 1_000_000;
    static final int MAX_LIVE_SLOTS = (MAX_ROW_BYTES - 2 - ChunkId.MAX_SLOTS / 8) / ChunkId.CHUNK_BYTES;

    /// One row of the pack table.
    @SuppressWarnings("ArrayRecordComponent")
    public // never compared
    record Row(long packId, int slots, int codec, int rawBytes, byte[] content, long checksum) {}

    private final ConcurrentLinkedQueue<Compressor> compressors = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<ZstdDecompressCtx> decompressors = new ConcurrentLinkedQueue<>();

    private static final class Compressor implements AutoCloseable {
        final ZstdCompressCtx context = new ZstdCompressCtx();
        final ByteBuffer output = ByteBuffer
                .allocateDirect((int) Zstd.compressBound((long) MAX_LIVE_SLOTS * ChunkId.CHUNK_BYTES));

        @Override
        public void close() {
            context.close();
        }
    }

    /// Compresses the live chunks of a pack.
    ///
    /// @param raw   direct; the live chunks in slot order, at its start
    /// @param level zstd level; [Integer#MIN_VALUE] stores the chunks as they are
    public Row encode(long packId, int slots, BitSet live, ByteBuffer raw, int level) {
        int rawBytes = live.cardinality() * ChunkId.CHUNK_BYTES;
        int head = 2 + (slots + 7) / 8;
        byte[] content = null;
        int codec = ZSTD;
        if (level != Integer.MIN_VALUE) {
            Compressor compressor = borrowCompressor();
            try {
                compressor.context.setLevel(level);
                int size = compressor.context.compressDirectByteBuffer(compressor.output, 0,
                        compressor.output.capacity(), raw, 0, rawBytes);
                if (size <= rawBytes * (1 - MIN_GAIN)) {
                    content = new byte[head + size];
                    compressor.output.get(0, content, head, size);
                }
            } finally {
                compressors.add(compressor);
            }
        }
        if (content == null) {
            codec = RAW;
            content = new byte[head + rawBytes];
            raw.get(0, content, head, rawBytes);
        }
        content[0] = (byte) (slots >>> 8);
        content[1] = (byte) slots;
        byte[] bits = live.toByteArray();
        System.arraycopy(bits, 0, content, 2, bits.length);
        return new Row(packId, slots, codec, rawBytes, content, checksum(packId, content));
    }

    /// Reads a row, after checking it.
    public Pack decode(Row row) throws CorruptionException {
        byte[] content = row.content;
        if (row.checksum != checksum(row.packId, content)) {
            throw new CorruptionException("its checksum does not match");
        }
        if (content.length < 2) {
            throw new CorruptionException("it is empty");
        }
        int slots = ((content[0] & 0xff) << 8) | (content[1] & 0xff);
        int head = 2 + (slots + 7) / 8;
        if (slots != row.slots || slots > ChunkId.MAX_SLOTS || content.length < head) {
            throw new CorruptionException("its header is wrong");
        }
        BitSet live = BitSet.valueOf(ByteBuffer.wrap(content, 2, head - 2));
        int rawBytes = live.cardinality() * ChunkId.CHUNK_BYTES;
        if (live.length() > slots || rawBytes != row.rawBytes) {
            throw new CorruptionException("its slots do not add up");
        }
        byte[] raw;
        switch (row.codec) {
            case RAW -> {
                if (content.length - head != rawBytes) {
                    throw new CorruptionException("its length is wrong");
                }
                raw = Arrays.copyOfRange(content, head, content.length);
            }
            case ZSTD -> {
                raw = new byte[rawBytes];
                ZstdDecompressCtx context = borrowDecompressor();
                try {
                    int size = context.decompressByteArray(raw, 0, rawBytes, content, head, content.length - head);
                    if (size != rawBytes) {
                        throw new CorruptionException("it decompresses to " + size + " bytes instead of " + rawBytes);
                    }
                } catch (ZstdException e) {
                    throw new CorruptionException("it does not decompress: " + e.getMessage());
                } finally {
                    decompressors.add(context);
                }
            }
            default -> throw new CorruptionException("its codec is " + row.codec);
        }
        return Pack.of(row.packId, slots, live, raw);
    }

    public static long checksum(long packId, byte[] content) {
        return LongHashFunction.xx3(packId).hashBytes(content);
    }

    private Compressor borrowCompressor() {
        Compressor compressor = compressors.poll();
        return compressor == null ? new Compressor() : compressor;
    }

    private ZstdDecompressCtx borrowDecompressor() {
        ZstdDecompressCtx context = decompressors.poll();
        return context == null ? new ZstdDecompressCtx() : context;
    }

    @Override
    public void close() {
        for (Compressor c = compressors.poll(); c != null; c = compressors.poll()) {
            c.close();
        }
        for (ZstdDecompressCtx c = decompressors.poll(); c != null; c = decompressors.poll()) {
            c.close();
        }
    }
}
