package dev.freezeframe.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.base.Varints;
import dev.freezeframe.store.catalog.FileHeader;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.PageClassCodec;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.PageMapCodec;
import dev.freezeframe.store.pack.Pack;
import dev.freezeframe.store.pack.PackCodec;
import dev.freezeframe.suite.Forged;
import dev.freezeframe.suite.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.h2.mvstore.DataUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever goes into a row of the store comes out of it; whatever else stands there, with a checksum that is right, is read
/// as something that could be, or refused by its own exception.
class StoredFormsTest {
    @Test
    void aPackGivesBackTheChunksOfItsLiveSlotsAndNoOther() {
        try (PackCodec codec = new PackCodec()) {
            Seeds.check(60, random -> {
                int slots = random.nextInt(4) == 0
                        ? ChunkId.MAX_SLOTS - random.nextInt(300) / 100
                        : 1 + random.nextInt(80);
                BitSet live = bits(random, slots);
                while (live.cardinality() > 80) {
                    live.clear(random.nextInt(slots));
                }
                byte[] chunks = chunks(random, live.cardinality());
                int level = random.nextInt(3) == 0 ? Integer.MIN_VALUE : random.nextInt(5);
                PackCodec.Row row = encode(codec, slots, live, chunks, level);
                assertEquals(level == Integer.MIN_VALUE ? PackCodec.RAW : row.codec(), row.codec());
                assertTrue(row.content().length <= 2 + (slots + 7) / 8 + chunks.length,
                        "never longer than as they are");
                Pack pack = codec.decode(row);
                assertEquals(slots, pack.slots());
                int at = 0;
                for (int slot = 0; slot <= slots; slot++) {
                    assertEquals(live.get(slot), pack.holds(slot));
                    if (live.get(slot)) {
                        ByteBuffer wanted = ByteBuffer.wrap(chunks, at, ChunkId.CHUNK_BYTES).slice();
                        assertEquals(wanted, ByteBuffer.wrap(pack.raw(), pack.offset(slot), ChunkId.CHUNK_BYTES));
                        assertTrue(pack.equalsAt(slot, ByteBuffer.wrap(chunks), at));
                        chunks[at + random.nextInt(ChunkId.CHUNK_BYTES)]++;
                        assertFalse(pack.equalsAt(slot, ByteBuffer.wrap(chunks), at));
                        at += ChunkId.CHUNK_BYTES;
                    } else {
                        int gone = slot;
                        assertThrows(CorruptionException.class, () -> pack.offset(gone));
                    }
                }
            });
        }
    }

    @Test
    void aPackWithoutALiveSlotHasNone() throws CorruptionException {
        try (PackCodec codec = new PackCodec()) {
            for (int level : new int[]{Integer.MIN_VALUE, 1}) {
                Pack pack = codec.decode(encode(codec, 8, new BitSet(), new byte[0], level));
                assertFalse(pack.holds(0));
                assertEquals(0, pack.raw().length);
            }
        }
    }

    /// zstd has to win two percent: a chunk in fifty that is all zero is not enough, two are.
    @Test
    void whatHardlyGetsSmallerIsStoredAsItIs() throws CorruptionException {
        try (PackCodec codec = new PackCodec()) {
            BitSet live = new BitSet();
            live.set(0, 64);
            byte[] noise = new byte[64 * ChunkId.CHUNK_BYTES];
            new Random(1).nextBytes(noise);
            Arrays.fill(noise, 0, ChunkId.CHUNK_BYTES, (byte) 0);
            PackCodec.Row asItIs = encode(codec, 64, live, noise, 3);
            assertEquals(PackCodec.RAW, asItIs.codec());
            assertEquals(2 + 8 + noise.length, asItIs.content().length);
            assertArrayEquals(noise, codec.decode(asItIs).raw());
            Arrays.fill(noise, 0, 2 * ChunkId.CHUNK_BYTES, (byte) 0);
            assertEquals(PackCodec.ZSTD, encode(codec, 64, live, noise, 3).codec());
        }
    }

    @Test
    void aForgedPackIsRefusedOrHoldsWhatItSays() {
        try (PackCodec codec = new PackCodec()) {
            Seeds.check(300, random -> {
                int slots = 1 + random.nextInt(20);
                BitSet live = bits(random, slots);
                PackCodec.Row good = encode(codec, slots, live, chunks(random, live.cardinality()),
                        random.nextInt(4) == 0
                                ? Integer.MIN_VALUE
                                : 1);
                byte[] content = Forged.bytes(random, good.content());
                PackCodec.Row row = new PackCodec.Row(good.packId(), odd(random, good.slots()),
                        odd(random, good.codec()),
                        odd(random, good.rawBytes()), content, PackCodec.checksum(good.packId(), content));
                try {
                    Pack pack = codec.decode(row);
                    int chunks = 0;
                    for (int slot = 0; slot < pack.slots(); slot++) {
                        if (pack.holds(slot)) {
                            assertTrue(pack.offset(slot) + ChunkId.CHUNK_BYTES <= pack.raw().length);
                            chunks++;
                        }
                    }
                    assertEquals(chunks * ChunkId.CHUNK_BYTES, row.rawBytes());
                    assertEquals(row.rawBytes(), pack.raw().length);
                } catch (CorruptionException refused) {
                    assertFalse(refused.getMessage().contains("\n"));
                }
            });
            BitSet one = new BitSet();
            one.set(0);
            PackCodec.Row good = encode(codec, 1, one, new byte[ChunkId.CHUNK_BYTES], 1);
            assertThrows(CorruptionException.class,
                    () -> codec.decode(new PackCodec.Row(good.packId() + 1, good.slots(), good
                            .codec(), good.rawBytes(), good.content(), good.checksum())),
                    "another pack's");
        }
    }

    private static PackCodec.Row encode(PackCodec codec, int slots, BitSet live, byte[] chunks, int level) {
        return codec.encode(7, slots, live, ByteBuffer.allocateDirect(Math.max(1, chunks.length)).put(0, chunks),
                level);
    }

    private static BitSet bits(Random random, int slots) {
        BitSet bits = new BitSet();
        for (int slot = 0; slot < slots; slot++) {
            bits.set(slot, random.nextInt(4) > 0);
        }
        return bits;
    }

    private static byte[] chunks(Random random, int count) {
        byte[] chunks = new byte[count * ChunkId.CHUNK_BYTES];
        if (random.nextBoolean()) {
            random.nextBytes(chunks);
        } else {
            for (int i = 0; i < chunks.length; i += 1 + random.nextInt(500)) {
                chunks[i] = (byte) random.nextInt();
            }
        }
        return chunks;
    }

    /// Mostly the number itself.
    private static int odd(Random random, int number) {
        return switch (random.nextInt(12)) {
            case 0 -> number + 1;
            case 1 -> number - 1;
            case 2 -> random.nextInt();
            default -> number;
        };
    }

    @Test
    void aForgedPageMapIsRefusedOrNamesPagesInOrderAndChunksThatMayBe() {
        Seeds.check(2000, random -> {
            int pages = 1 + random.nextInt(1000);
            int entries = random.nextInt(6);
            byte[] bytes = numbers(random, 2 * entries);
            PageMapCodec.Piece piece = new PageMapCodec.Piece(odd(random, entries), odd(random, bytes.length),
                    Forged.bytes(random, random.nextInt(3) > 0 ? Zstd.compress(bytes) : bytes));
            int[] last = {-1};
            try {
                PageMapCodec.decode(piece, pages, (page, id) -> {
                    assertTrue(page > last[0] && page < pages);
                    assertTrue(ChunkId.isValid(id));
                    last[0] = page;
                });
            } catch (CorruptionException refused) {
                assertFalse(refused.getMessage().contains("\n"));
            }
        });
    }

    @Test
    void aForgedClassMapIsRefusedOrNamesRunsInOrder() {
        Seeds.check(2000, random -> {
            int pages = 1 + random.nextInt(1000);
            int runs = random.nextInt(6);
            byte[] bytes = numbers(random, 2 * runs);
            PageClassCodec.Piece piece = new PageClassCodec.Piece(odd(random, runs), odd(random, random.nextInt(pages)),
                    odd(random, bytes.length), Forged.bytes(random, Zstd.compress(bytes)));
            int[] end = {0};
            try {
                PageClassCodec.decode(piece, pages, (first, count, pageClass) -> {
                    assertTrue(first >= end[0] && count > 0 && first + count <= pages);
                    end[0] = first + count;
                });
            } catch (CorruptionException refused) {
                assertFalse(refused.getMessage().contains("\n"));
            }
        });
    }

    @Test
    void whatAMapSaysComesBackUnderOtherChunkNumbersToo() {
        Seeds.check(50, random -> {
            int pages = 1 + random.nextInt(5000);
            PageMap.Editor editor = PageMap.allZero(pages).edit();
            for (int changes = random.nextInt(300); changes > 0; changes--) {
                editor.set(random.nextInt(pages),
                        ChunkId.of(1 + random.nextInt(1 << 20), random.nextInt(ChunkId.MAX_SLOTS)));
            }
            PageMap map = editor.map();
            PageMap.Editor renumbered = PageMap.allZero(pages).edit();
            for (PageMapCodec.Piece piece : PageMapCodec.encodeDifference(PageMap.allZero(pages), map)) {
                PageMapCodec.Piece other = PageMapCodec.renumber(piece, pages, id -> id + ChunkId.MAX_SLOTS);
                assertEquals(piece.entries(), other.entries());
                PageMapCodec.decode(other, pages, renumbered::set);
            }
            PageMap result = renumbered.map();
            for (int page = 0; page < pages; page++) {
                long id = map.chunkId(page);
                assertEquals(id == ChunkId.ZERO ? id : id + ChunkId.MAX_SLOTS, result.chunkId(page));
            }
        });
    }

    @Test
    void theSmallestMapsAreReadToo() throws CorruptionException {
        PageMap.Editor editor = PageMap.allZero(3).edit();
        editor.set(0, ChunkId.of(9, 9));
        PageMap one = editor.map();
        assertEquals(List.of(), PageMapCodec.encodeDifference(one, one));
        List<Long> read = new ArrayList<>();
        PageMapCodec.decode(new PageMapCodec.Piece(0, 0, Zstd.compress(new byte[0])), 3, (_, id) -> read.add(id));
        assertEquals(List.of(), read);
        PageMapCodec.Piece toZero = PageMapCodec.encodeDifference(one, PageMap.allZero(3)).getFirst();
        assertEquals(2, toZero.encodedBytes());
        PageMapCodec.decode(toZero, 3, (page, id) -> read.add(page + id));
        assertEquals(List.of(0L), read);
        PageClassMap none = PageClassMap.builder(3).map();
        assertEquals(1, none.pieces().size());
        assertEquals(0, PageClassMap.checked(3, none.pieces()).dirtyPages());
    }

    @Test
    void numbersOfUpTo49BitsComeBackAndLongerOnesAreRefused() {
        Seeds.check(500, random -> {
            long[] numbers = random.longs(1 + random.nextInt(9)).map(number -> number >>> (15 + random.nextInt(49)))
                    .toArray();
            byte[] bytes = new byte[8 * numbers.length];
            int length = 0;
            for (long number : numbers) {
                length = Varints.put(bytes, length, number);
            }
            Varints in = new Varints(Arrays.copyOf(bytes, length), "it");
            for (long number : numbers) {
                assertTrue(in.hasMore());
                assertEquals(number, in.next());
            }
            assertFalse(in.hasMore());
            assertTrue(assertThrows(CorruptionException.class, in::next).getMessage().contains("ends inside"));
        });
        byte[] tooLong = new byte[9];
        int length = Varints.put(tooLong, 0, 1L << 49);
        assertTrue(
                assertThrows(CorruptionException.class, () -> new Varints(Arrays.copyOf(tooLong, length), "it").next())
                        .getMessage()
                        .contains("too long"));
    }

    private static byte[] numbers(Random random, int count) {
        byte[] bytes = new byte[9 * count];
        int length = 0;
        for (int i = 0; i < count; i++) {
            length = Varints.put(bytes, length,
                    random.nextLong() >>> (random.nextInt(3) > 0 ? 55 : random.nextInt(64)));
        }
        return Arrays.copyOf(bytes, length);
    }

    @Test
    void theHeaderOfAFileIsTheBetterOfItsTwoBlocksAndBothAfterwards(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("h2");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            Seeds.check(300, random -> {
                byte[][] blocks = new byte[2][];
                long best = 0;
                long[] versions = {0, 0};
                for (int i = 0; i < 2; i++) {
                    int version = 1 + random.nextInt(3);
                    blocks[i] = header(version);
                    versions[i] = version;
                    if (random.nextInt(3) == 0) {
                        int at = random.nextInt(new String(blocks[i], StandardCharsets.ISO_8859_1).indexOf('\n'));
                        // not the bit between capital letters and others, which says nothing in the checksum's digits
                        blocks[i][at] ^= (byte) (1 << random.nextInt(5));
                        versions[i] = 0;
                    }
                    best = Math.max(best, versions[i]);
                }
                channel.truncate(0);
                channel.write(ByteBuffer.wrap(blocks[0]), 0);
                channel.write(ByteBuffer.wrap(blocks[1]), FileHeader.BLOCK_BYTES);
                FileHeader mended = FileHeader.mended(channel);
                assertEquals(best, mended.version());
                assertEquals(best > 0, mended.namesChunk());
                assertEquals(best > 0, mended.wasConfirmed());
                if (best > 0) {
                    ByteBuffer after = ByteBuffer.allocate(FileHeader.BYTES);
                    assertEquals(FileHeader.BYTES, channel.read(after, 0));
                    assertEquals(after.slice(0, FileHeader.BLOCK_BYTES), after.slice(FileHeader.BLOCK_BYTES,
                            FileHeader.BLOCK_BYTES));
                    assertEquals(best, FileHeader.parse(after.flip()).version());
                }
            });
        }
    }

    private static byte[] header(long version) throws IOException {
        StringBuilder plain = DataUtils.appendMap(new StringBuilder(), new HashMap<>(Map.of("H", "3",
                "blockSize", "1000")));
        byte[] checked = plain.toString().getBytes(StandardCharsets.ISO_8859_1);
        DataUtils.appendMap(plain, "fletcher", DataUtils.getFletcher32(checked, 0, checked.length));
        ByteBuffer written = ByteBuffer.wrap(plain.append('\n').toString().getBytes(StandardCharsets.ISO_8859_1));
        ByteBuffer chunk = ByteBuffer.wrap(("chunk:" + Long.toHexString(version) + ",len:1\n").getBytes(
                StandardCharsets.ISO_8859_1));
        ByteBuffer both = FileHeader.parse(written).naming(chunk, 2L * FileHeader.BLOCK_BYTES).confirming();
        byte[] block = new byte[FileHeader.BLOCK_BYTES];
        both.get(0, block);
        assertTrue(new String(block, StandardCharsets.ISO_8859_1).contains("block:2,"), "in blocks, as H2 counts");
        return block;
    }

    @Test
    void bytesThatAreNoHeaderOrNoChunkAreRefusedAsSuch() throws Exception {
        FileHeader good = FileHeader.parse(ByteBuffer.wrap(header(5)));
        Seeds.check(2000, random -> {
            byte[] noise = new byte[random.nextInt(200)];
            for (int i = 0; i < noise.length; i++) {
                noise[i] = (byte) "chunk:version,fletcher\"\\0123456789abcdef\n".charAt(random.nextInt(40));
            }
            assertThrows(IOException.class, () -> FileHeader.parse(ByteBuffer.wrap(noise)));
            List<byte[]> chunks = new ArrayList<>(List.of(noise));
            byte[] named = Arrays.copyOf("chunk:".getBytes(StandardCharsets.ISO_8859_1), 6 + noise.length);
            System.arraycopy(noise, 0, named, 6, noise.length);
            chunks.add(named);
            for (byte[] chunk : chunks) {
                try {
                    good.naming(ByteBuffer.wrap(chunk), FileHeader.BYTES).version();
                } catch (IOException refused) {
                    assertFalse(refused.getMessage().isBlank());
                }
            }
        });
    }
}
