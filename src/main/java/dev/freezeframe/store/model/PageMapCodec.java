package dev.freezeframe.store.model;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.base.Varints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongUnaryOperator;
import net.openhft.hashing.LongHashFunction;

/// Writes page maps and the differences between them as short rows, and reads them back without trusting them: every
/// number is checked, and no stored number makes it allocate more than the row can really hold.
///
/// The encoding is a list of (page, chunk) in page order: the gap to the page before, then the step from the last chunk id,
/// as variable-length integers; 0 is the zero chunk, otherwise 1 + the zigzag of the step. Pages written together get
/// chunk ids together, so most steps are 1 and zstd squeezes the rest: a few bytes per page. Maps are cut into pieces of
/// at most 32,768 entries, so that a row stays small and a broken one costs only its pages.
public final class PageMapCodec {
    public static final int MAX_ENTRIES = 1 << 15;
    /// Five bytes for a page gap, six for a chunk step of 41 bits and a sign.
    private static final int MAX_ENTRY_BYTES = 5 + 7;
    private static final int LEVEL = 3;

    /// One row.
    @SuppressWarnings("ArrayRecordComponent")
    public // never compared
    record Piece(int entries, int encodedBytes, byte[] content) {
        public long checksum(long imageId, int piece) {
            return LongHashFunction.xx3(imageId * 31 + piece).hashBytes(content);
        }
    }

    private byte[] encoded = new byte[1 << 14];
    private final List<Piece> pieces = new ArrayList<>();
    private int entries;
    private int length;
    private int lastPage;
    private long lastChunk;

    private PageMapCodec() {}

    /// The rows for what differs between `base` and `map`; a map of zero pages as base gives a key map.
    public static List<Piece> encodeDifference(PageMap base, PageMap map) {
        PageMapCodec codec = new PageMapCodec();
        codec.restart();
        map.forEachDifference(base, codec::add);
        codec.cut();
        return codec.pieces;
    }

    /// The same row with other numbers for its chunks.
    public static Piece renumber(Piece piece, int pages, LongUnaryOperator ids) throws CorruptionException {
        PageMapCodec codec = new PageMapCodec();
        codec.restart();
        decode(piece, pages, (page, id) -> codec.add(page, ids.applyAsLong(id)));
        codec.cut();
        return codec.pieces.isEmpty() ? new Piece(0, 0, Zstd.compress(new byte[0])) : codec.pieces.getFirst();
    }

    /// Reads a row.
    public static void decode(Piece piece, int pages, PageMap.Visitor<RuntimeException> target)
            throws CorruptionException {
        if (piece.entries < 0 || piece.entries > MAX_ENTRIES || piece.encodedBytes < 2 * piece.entries
                || piece.encodedBytes > MAX_ENTRY_BYTES * piece.entries) {
            throw new CorruptionException(
                    "a page map of " + piece.entries + " entries cannot be " + piece.encodedBytes + " bytes");
        }
        byte[] bytes = new byte[piece.encodedBytes];
        try {
            if (Zstd.decompressByteArray(bytes, 0, bytes.length, piece.content, 0,
                    piece.content.length) != bytes.length) {
                throw new CorruptionException("a page map ends early");
            }
        } catch (ZstdException e) {
            throw new CorruptionException("a page map does not decompress: " + e.getMessage());
        }
        Varints in = new Varints(bytes, "a page map");
        long page = -1;
        long chunk = 0;
        for (int i = 0; i < piece.entries; i++) {
            page += 1 + in.next();
            long step = in.next();
            long id = ChunkId.ZERO;
            if (step != 0) {
                chunk += ((step - 1) >>> 1) ^ -((step - 1) & 1);
                id = chunk;
                if (id == ChunkId.ZERO || !ChunkId.isValid(id)) {
                    throw new CorruptionException("a page map names chunk " + id);
                }
            }
            if (page < 0 || page >= pages) {
                throw new CorruptionException("a page map names page " + page + " of " + pages);
            }
            target.page((int) page, id);
        }
        if (in.hasMore()) {
            throw new CorruptionException("a page map is longer than its entries");
        }
    }

    private void add(int page, long chunkId) {
        if (entries == MAX_ENTRIES) {
            cut();
        }
        if (encoded.length - length < MAX_ENTRY_BYTES) {
            encoded = Arrays.copyOf(encoded, 2 * encoded.length);
        }
        put(page - lastPage - 1L);
        lastPage = page;
        if (chunkId == ChunkId.ZERO) {
            put(0);
        } else {
            long step = chunkId - lastChunk;
            put(1 + ((step << 1) ^ (step >> 63)));
            lastChunk = chunkId;
        }
        entries++;
    }

    private void put(long value) {
        length = Varints.put(encoded, length, value);
    }

    private void cut() {
        if (entries > 0) {
            byte[] compressed = new byte[(int) Zstd.compressBound(length)];
            long size = Zstd.compressByteArray(compressed, 0, compressed.length, encoded, 0, length, LEVEL);
            if (Zstd.isError(size)) {
                throw new IllegalStateException("zstd: " + Zstd.getErrorName(size));
            }
            pieces.add(new Piece(entries, length, Arrays.copyOf(compressed, (int) size)));
        }
        restart();
    }

    private void restart() {
        entries = 0;
        length = 0;
        lastPage = -1;
        lastChunk = 0;
    }
}
