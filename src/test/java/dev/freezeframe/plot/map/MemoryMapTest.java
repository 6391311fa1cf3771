package dev.freezeframe.plot.map;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.PageFate;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.chart.PaletteColors;
import dev.freezeframe.ui.theme.Palette;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import javafx.scene.Scene;
import javafx.scene.layout.StackPane;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The memory map tells of every page, in small guests and in large ones.
class MemoryMapTest {
    private static final int LARGE_PAGES = 4 << 20;

    private static PageStates.Shades shades() {
        return FxToolkit.call(() -> {
            Palette palette = new Palette();
            Scene scene = new Scene(new StackPane(palette));
            Theme.LIGHT.apply(scene);
            scene.getRoot().applyCss();
            return new PageStates.Shades(PaletteColors.of(palette));
        });
    }

    /// Somebody who gives up after some steps.
    private static final class Patience implements Runnable {
        private int left;

        Patience(int steps) {
            left = steps;
        }

        @Override
        public void run() {
            if (left-- <= 0) {
                throw new CancellationException();
            }
        }
    }

    private static void neverCancelled() {}

    @Test
    void everyPageHasItsCellAtEverySize() {
        for (int pages : new int[]{1, 100, 65_536, 262_144, LARGE_PAGES}) {
            for (double width : new double[]{300, 470, 1400}) {
                MapLayout layout = MapLayout.of(0, pages, width, 300);
                assertTrue(layout.width() <= width && layout.height() <= 300, layout::toString);
                assertTrue(layout.cellWidth() >= 2 && layout.cellHeight() >= 2, layout::toString);
                assertEquals(layout.cells() - 1, layout.cellOf(pages - 1));
                assertEquals(pages, layout.endOf(layout.cells() - 1));
                assertTrue(layout.cells() <= layout.columns() * layout.rows());
            }
        }
        assertEquals(1, MapLayout.of(0, 65_536, 1400, 800).pagesPerCell());
        assertEquals(0, MapLayout.of(0, 0, 400, 300).cells());
    }

    @Test
    void aCellIsFoundWhereItIsPainted() {
        MapLayout layout = MapLayout.of(1600, 30_000, 470, 300);
        for (int cell : new int[]{0, 1, layout.columns(), layout.cells() - 1}) {
            double x = (cell % layout.columns() + 0.5) * layout.cellWidth();
            double y = (Math.floorDiv(cell, layout.columns()) + 0.5) * layout.cellHeight();
            assertEquals(cell, layout.cellAt(x, y));
            assertEquals(cell, layout.cellOf(layout.firstPageOf(cell)));
        }
        assertEquals(-1, layout.cellAt(-1, 5));
        assertEquals(-1, layout.cellAt(5, 1e6));
    }

    @Test
    void oneNewPageAmongManyIsSeen() {
        PageClassMap.Builder builder = PageClassMap.builder(LARGE_PAGES);
        builder.add(1_000_000, PageClass.NEW);
        PageStates.Fates fates = PageStates.Fates.of(builder.map());
        MapLayout layout = MapLayout.of(0, LARGE_PAGES, 470, 300);
        PageStates.Shades shades = shades();
        int[] argb = PageStates.paint(fates, layout, shades);
        int untouched = shades.argb(PageFate.UNTOUCHED);
        int cell = layout.cellOf(1_000_000);
        assertTrue(layout.pagesPerCell() >= 64);
        assertNotEquals(untouched, argb[cell]);
        assertEquals(untouched, argb[cell + 1]);
        assertTrue(distance(argb[cell], untouched) > 60, "far enough from its surroundings to be seen");
        assertEquals("1 new, " + (layout.pagesPerCell() - 1) + " not dirty",
                fates.words(layout.firstPageOf(cell), layout
                        .endOf(cell)));
    }

    private static int distance(int one, int other) {
        int sum = 0;
        for (int shift : new int[]{0, 8, 16}) {
            sum += Math.abs((one >> shift & 0xff) - (other >> shift & 0xff));
        }
        return sum;
    }

    @Test
    void howOftenPagesWereDirtyIsCountedOnceForEachCheckpointHoweverItComesAbout(@TempDir Path directory)
            throws Exception {
        try (Store store = Store.open(directory)) {
            long id = SyntheticExperiments.write(store, "run", 12, 3);
            List<CheckpointRecord> all = store.checkpoints(id);
            int pages = 65_536;
            DirtyFrequency grown = new DirtyFrequency(pages);
            for (int until = 1; until <= all.size(); until++) {
                grown.of(store, all.subList(Math.max(0, until - 5), until), MemoryMapTest::neverCancelled);
            }
            List<CheckpointRecord> last = all.subList(7, 12);
            PageStates.Frequency slid = grown.of(store, last, MemoryMapTest::neverCancelled);
            char[] expected = new char[pages];
            for (CheckpointRecord checkpoint : last) {
                store.pageClasses(checkpoint.id()).orElseThrow().forEachRun((first, count, _) -> {
                    for (int page = first; page < first + count; page++) {
                        expected[page]++;
                    }
                });
            }
            assertArrayEquals(expected, slid.counts());
            assertEquals(5, slid.checkpoints());

            DirtyFrequency givenUp = new DirtyFrequency(pages);
            Assertions.assertThrows(CancellationException.class, () -> givenUp.of(store, last, new Patience(3)));
            assertArrayEquals(expected, givenUp.of(store, last, MemoryMapTest::neverCancelled).counts(),
                    "goes on where it was given up");

            store.delete(last.getFirst().name());
            List<CheckpointRecord> left = new ArrayList<>(last);
            CheckpointRecord deleted = left.removeFirst();
            assertEquals(4, givenUp.of(store, left, MemoryMapTest::neverCancelled).checkpoints(),
                    "without " + deleted.name());
            assertArrayEquals(new DirtyFrequency(pages).of(store, left, MemoryMapTest::neverCancelled).counts(),
                    givenUp.of(store, left,
                            MemoryMapTest::neverCancelled).counts());
        }
    }
}
