package dev.freezeframe.store.catalog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStoreException;

/// The header of an H2 file: which chunk holds the newest state, twice, in a block each. Source: H2's `RandomAccessStore`,
/// `readStoreHeader` and `writeStoreHeader`; its documentation, *MVStore, File Format*.
public final class FileHeader {
    public static final int BLOCK_BYTES = 4096;
    public static final int BYTES = 2 * BLOCK_BYTES;
    private static final String CHUNK = "chunk";
    private static final String BLOCK = "block";
    private static final String VERSION = "version";
    /// The file was closed, so that nothing newer needs to be searched for.
    private static final String CLEAN = "clean";
    private static final String CHECKSUM = "fletcher";
    /// `Chunk.MAX_HEADER_LENGTH`
    private static final int MOST_CHUNK_HEADER = 1024;

    private final Map<String, String> entries;

    private FileHeader(Map<String, String> entries) {
        this.entries = entries;
    }

    /// The header of a file as it lies there. If a power failure left only one of its blocks, or two states, the other block
    /// is made like the better one, because H2 trusts two that agree. That is not forced to disk.
    public static FileHeader mended(FileChannel file) throws IOException {
        ByteBuffer blocks = ByteBuffer.allocate(BYTES);
        while (blocks.hasRemaining() && file.read(blocks, blocks.position()) > 0) {
            // the rest
        }
        Optional<FileHeader> first = parse(blocks.array(), 0);
        Optional<FileHeader> second = parse(blocks.array(), BLOCK_BYTES);
        if (blocks.hasRemaining() || (first.isEmpty() && second.isEmpty())) {
            // H2 says what is wrong with it
            return new FileHeader(Map.of());
        }
        boolean isFirst = second.isEmpty() || (first.isPresent() && first.get().version() >= second.get().version());
        FileHeader better = isFirst ? first.get() : second.get();
        boolean agree = first.isPresent() && second.isPresent() && first.get().entries.equals(second.get().entries);
        if (!agree && better.wasConfirmed()) {
            ByteBuffer copy = blocks.slice(isFirst ? 0 : BLOCK_BYTES, BLOCK_BYTES);
            long other = isFirst ? BLOCK_BYTES : 0;
            while (copy.hasRemaining()) {
                file.write(copy, other + copy.position());
            }
        }
        return better;
    }

    /// The header that H2 writes.
    public static FileHeader parse(ByteBuffer written) throws IOException {
        byte[] block = new byte[Math.min(BLOCK_BYTES, written.remaining())];
        written.duplicate().get(block);
        return parse(block, 0).orElseThrow(() -> new IOException("not the header of an H2 file"));
    }

    private static Optional<FileHeader> parse(byte[] bytes, int from) {
        int end = from;
        while (end < bytes.length && bytes[end] != '\n') {
            end++;
        }
        String text = new String(bytes, from, end - from, StandardCharsets.ISO_8859_1);
        int checked = text.lastIndexOf(',' + CHECKSUM + ':');
        try {
            Map<String, String> entries = DataUtils.parseMap(text);
            String checksum = entries.remove(CHECKSUM);
            return checked > 0 && checksum != null
                    && Integer.parseUnsignedInt(checksum, 16) == DataUtils.getFletcher32(bytes, from, checked)
                            ? Optional.of(new FileHeader(entries))
                            : Optional.empty();
        } catch (MVStoreException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /// The same, naming a chunk that is about to be written. H2 is not made to move chunks, so each is a new one.
    public FileHeader naming(ByteBuffer chunk, long position) throws IOException {
        byte[] start = new byte[Math.min(MOST_CHUNK_HEADER, chunk.remaining())];
        chunk.duplicate().get(start);
        String text = new String(start, StandardCharsets.ISO_8859_1);
        int end = text.indexOf('\n');
        if (end < 0 || !text.startsWith(CHUNK + ':')) {
            throw new IOException("not a chunk of an H2 file, at " + position);
        }
        Map<String, String> said = DataUtils.parseMap(text.substring(0, end).strip());
        FileHeader next = new FileHeader(new HashMap<>(entries));
        next.entries.remove(CLEAN);
        next.entries.put(CHUNK, said.get(CHUNK));
        next.entries.put(VERSION, said.getOrDefault(VERSION, said.get(CHUNK)));
        next.entries.put(BLOCK, Long.toHexString(position / BLOCK_BYTES));
        return next;
    }

    public boolean namesChunk() {
        return entries.containsKey(CHUNK);
    }

    /// Which state the chunk is that it names, 0 if none.
    public long version() {
        return namesChunk() ? DataUtils.readHexLong(entries, VERSION, 0) : 0;
    }

    /// Whether the chunk that it names was on disk before it was written.
    public boolean wasConfirmed() {
        return namesChunk() && entries.containsKey(CLEAN);
    }

    /// Both blocks, to be written when the chunk is on disk.
    public ByteBuffer confirming() {
        HashMap<String, String> all = new HashMap<>(entries);
        all.put(CLEAN, "1");
        StringBuilder text = DataUtils.appendMap(new StringBuilder(), all);
        byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        DataUtils.appendMap(text, CHECKSUM, DataUtils.getFletcher32(bytes, 0, bytes.length));
        bytes = text.append('\n').toString().getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(BYTES).put(0, bytes).put(BLOCK_BYTES, bytes);
    }
}
