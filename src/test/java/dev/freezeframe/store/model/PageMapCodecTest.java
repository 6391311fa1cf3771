package dev.freezeframe.store.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.model.PageMapCodec.Piece;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Page maps come back as they were, take a few bytes per page, and cannot be forged into something dangerous.
class PageMapCodecTest {
    private static final int PAGES = 1 << 19;

    @Test
    void differencesOfAnySizeComeBack() throws CorruptionException {
        Random random = new Random(1);
        PageMap before = PageMap.allZero(PAGES);
        for (int changes : new int[]{0, 1, 2700, 100_000, 300_000}) {
            PageMap.Editor editor = before.edit();
            for (int i = 0; i < changes; i++) {
                long id = random.nextInt(5) == 0
                        ? ChunkId.ZERO
                        : ChunkId.of(1 + random.nextLong(ChunkId.MAX_PACK_ID), random.nextInt(ChunkId.MAX_SLOTS));
                editor.set(random.nextInt(PAGES), id);
            }
            PageMap after = editor.map();
            PageMap.Editor read = before.edit();
            for (Piece piece : PageMapCodec.encodeDifference(before, after)) {
                PageMapCodec.decode(piece, PAGES, read::set);
            }
            int[] different = {0};
            read.map().forEachDifference(after, (page, id) -> different[0]++);
            assertEquals(0, different[0]);
            before = after;
        }
    }

    @Test
    void anOrdinaryIntervalTakesAboutAByteAPage() {
        PageMap.Editor editor = PageMap.allZero(PAGES).edit();
        Random random = new Random(2);
        for (int i = 0; i < 2700; i++) {
            editor.set(i < 2048 ? 100_000 + i : random.nextInt(PAGES), ChunkId.of(500 + i / 64, i % 64));
        }
        List<Piece> pieces = PageMapCodec.encodeDifference(PageMap.allZero(PAGES), editor.map());
        assertTrue(pieces.stream().mapToInt(p -> p.content().length).sum() < 4000);
    }

    @Test
    void forgedPiecesAreRefused() {
        PageMap.Editor editor = PageMap.allZero(1000).edit();
        editor.set(999, ChunkId.of(7, 7));
        Piece good = PageMapCodec.encodeDifference(PageMap.allZero(1000), editor.map()).getFirst();
        PageMap.Visitor<RuntimeException> nowhere = (page, id) -> {};
        assertThrows(CorruptionException.class, () -> PageMapCodec.decode(good, 999, nowhere));
        assertThrows(CorruptionException.class,
                () -> PageMapCodec.decode(new Piece(1 << 30, 1 << 30, good.content()), 1000, nowhere));
        assertThrows(CorruptionException.class,
                () -> PageMapCodec.decode(new Piece(2, good.encodedBytes(), good.content()), 1000, nowhere));
        assertThrows(CorruptionException.class,
                () -> PageMapCodec.decode(new Piece(1, 12, good.content()), 1000, nowhere));
        assertThrows(CorruptionException.class,
                () -> PageMapCodec.decode(new Piece(1, good.encodedBytes(), new byte[]{1, 2, 3}), 1000, nowhere));
    }
}
