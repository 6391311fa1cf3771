package dev.freezeframe.store.model;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.base.Varints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.openhft.hashing.LongHashFunction;

/// Writes class maps as short rows and reads them back without trusting them: every number is checked, and no stored number
/// makes it allocate more than the row can really hold.
///
/// The encoding is a list of runs in page order: the gap to the end of the run before, then its length and class in one
/// number, as variable-length integers, squeezed by zstd. A map of at most 65,536 runs is one piece; larger ones are cut, and
/// each piece begins at page 0 again, so that it can be read alone.
public final class PageClassCodec {
    public static final int MAX_RUNS = 1 << 16;
    /// Five bytes each for a gap and for a length with three bits of class.
    private static final int MAX_RUN_BYTES = 5 + 5;
    private static final int CLASS_BITS = 3;
    private static final int LEVEL = 3;

    /// One row.
    ///
    /// @param pages the pages in its runs
    @SuppressWarnings("ArrayRecordComponent")
    public // never compared
    record Piece(int runs, long pages, int encodedBytes, byte[] content) {
        public long checksum(long checkpointId, int piece, int pieces) {
            return LongHashFunction.xx3((checkpointId * 31 + piece) * 31 + pieces).hashBytes(content);
        }
    }

    private final List<Piece> pieces = new ArrayList<>();
    private byte[] encoded = new byte[1 << 12];
    private int runs;
    private long pages;
    private int length;
    private int end;

    void add(int firstPage, int count, PageClass pageClass) {
        if (runs == MAX_RUNS) {
            cut();
        }
        if (encoded.length - length < MAX_RUN_BYTES) {
            encoded = Arrays.copyOf(encoded, 2 * encoded.length);
        }
        put(firstPage - end);
        put(((count - 1L) << CLASS_BITS) | pageClass.code());
        end = firstPage + count;
        runs++;
        pages += count;
    }

    /// All rows; at least one, though it may hold no run.
    List<Piece> pieces() {
        if (runs > 0 || pieces.isEmpty()) {
            cut();
        }
        return List.copyOf(pieces);
    }

    private void put(long value) {
        length = Varints.put(encoded, length, value);
    }

    private void cut() {
        byte[] compressed = new byte[(int) Zstd.compressBound(length)];
        long size = Zstd.compressByteArray(compressed, 0, compressed.length, encoded, 0, length, LEVEL);
        if (Zstd.isError(size)) {
            throw new IllegalStateException("zstd: " + Zstd.getErrorName(size));
        }
        pieces.add(new Piece(runs, pages, length, Arrays.copyOf(compressed, (int) size)));
        runs = 0;
        pages = 0;
        length = 0;
        end = 0;
    }

    /// Reads a row.
    ///
    /// @param pages pages of guest RAM
    public static void decode(Piece piece, int pages, PageClassVisitor visitor) throws CorruptionException {
        if (piece.runs < 0 || piece.runs > MAX_RUNS || piece.encodedBytes < 2 * piece.runs
                || piece.encodedBytes > MAX_RUN_BYTES * piece.runs) {
            throw new CorruptionException(
                    "a class map of " + piece.runs + " runs cannot be " + piece.encodedBytes + " bytes");
        }
        byte[] bytes = new byte[piece.encodedBytes];
        try {
            if (Zstd.decompressByteArray(bytes, 0, bytes.length, piece.content, 0,
                    piece.content.length) != bytes.length) {
                throw new CorruptionException("a class map ends early");
            }
        } catch (ZstdException e) {
            throw new CorruptionException("a class map does not decompress: " + e.getMessage());
        }
        Varints in = new Varints(bytes, "a class map");
        long end = 0;
        long sum = 0;
        for (int i = 0; i < piece.runs; i++) {
            long first = end + in.next();
            long run = in.next();
            long count = 1 + (run >>> CLASS_BITS);
            int pageClass = (int) (run & ((1 << CLASS_BITS) - 1));
            end = first + count;
            if (end > pages || pageClass >= PageClass.COUNT) {
                throw new CorruptionException(
                        "a class map names class " + pageClass + " for pages " + first + " to " + (end - 1)
                                + " of " + pages);
            }
            visitor.run((int) first, (int) count, PageClass.of(pageClass));
            sum += count;
        }
        if (in.hasMore() || sum != piece.pages) {
            throw new CorruptionException("a class map does not hold the runs that it should");
        }
    }
}
