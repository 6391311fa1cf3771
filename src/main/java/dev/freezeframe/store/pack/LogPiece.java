package dev.freezeframe.store.pack;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.freezeframe.base.CorruptionException;
import java.util.Arrays;
import net.openhft.hashing.LongHashFunction;

/// A piece of the log of a run that can be replayed, as it is stored.
///
/// @param offset   of its first byte in the log
/// @param rawBytes how much of the log it is
/// @param codec    [PackCodec#RAW] or [PackCodec#ZSTD]
/// @param content  as it is or compressed. Not to be changed
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LogPiece(long offset, int rawBytes, int codec, byte[] content) {
    /// The longest piece.
    public static final int MAX_BYTES = 1 << 18;
    private static final long MAX_OFFSET = Long.MAX_VALUE - MAX_BYTES;
    private static final int LEVEL = 3;

    /// Makes one of bytes of a log.
    ///
    /// @param raw at least one, at most [#MAX_BYTES]
    public static LogPiece of(long offset, byte[] raw) {
        if (raw.length < 1 || raw.length > MAX_BYTES) {
            throw new IllegalArgumentException("a piece of " + raw.length + " bytes");
        }
        byte[] compressed = Zstd.compress(raw, LEVEL);
        return compressed.length < raw.length
                ? new LogPiece(offset, raw.length, PackCodec.ZSTD, compressed)
                : new LogPiece(offset, raw.length, PackCodec.RAW, raw);
    }

    /// What is stored with it, to notice damage.
    public long checksum(long experimentId) {
        return LongHashFunction.xx3(experimentId * 31 + offset).hashBytes(content);
    }

    /// The bytes of the log.
    public byte[] raw() throws CorruptionException {
        if (rawBytes < 1 || rawBytes > MAX_BYTES || offset < 0 || offset > MAX_OFFSET) {
            throw new CorruptionException("it says that it has " + rawBytes + " bytes at " + offset);
        }
        return switch (codec) {
            case PackCodec.RAW -> {
                if (content.length != rawBytes) {
                    throw new CorruptionException("its length is wrong");
                }
                yield Arrays.copyOf(content, rawBytes);
            }
            case PackCodec.ZSTD -> {
                byte[] raw = new byte[rawBytes];
                try {
                    long size = Zstd.decompressByteArray(raw, 0, rawBytes, content, 0, content.length);
                    if (size != rawBytes) {
                        throw new CorruptionException("it decompresses to " + size + " bytes instead of " + rawBytes);
                    }
                } catch (ZstdException e) {
                    throw new CorruptionException("it does not decompress: " + e.getMessage());
                }
                yield raw;
            }
            default -> throw new CorruptionException("its codec is " + codec);
        };
    }
}
