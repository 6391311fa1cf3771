package dev.freezeframe.plot.map;

import dev.freezeframe.analyse.PageFate;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ChartColors;
import dev.freezeframe.store.model.PageClassMap;
import java.util.Arrays;

/// What is known of every page of guest RAM, and how it is coloured. Immutable, for any thread; one byte or two a page.
public sealed interface PageStates {

    int pages();

    /// The colour of some pages together, as `0xAARRGGBB`.
    int argb(int firstPage, int end, Shades shades);

    /// Some pages in words.
    String words(int firstPage, int end);

    /// What became of each page in one checkpoint.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Fates(byte[] fates) implements PageStates {
        /// How much of its colour the weightiest fate of a cell has at least, so that one page among many is seen.
        private static final double LEAST_SHARE = 0.4;

        public static Fates of(PageClassMap map) {
            byte[] fates = new byte[map.pages()];
            Arrays.fill(fates, (byte) PageFate.UNTOUCHED.code());
            map.forEachRun((first, count, pageClass) -> Arrays.fill(fates, first, first + count, (byte) PageFate.of(
                    pageClass).code()));
            return new Fates(fates);
        }

        @Override
        public int pages() {
            return fates.length;
        }

        public int[] counts(int firstPage, int end) {
            int[] counts = new int[PageFate.ALL.size()];
            for (int page = firstPage; page < end; page++) {
                counts[fates[page]]++;
            }
            return counts;
        }

        /// The weightiest fate, over what the other pages have on average, by its share.
        @Override
        public int argb(int firstPage, int end, Shades shades) {
            if (end - firstPage == 1) {
                return shades.argb(PageFate.ALL.get(fates[firstPage]));
            }
            int[] counts = counts(firstPage, end);
            int weightiest = 0;
            while (counts[weightiest] == 0) {
                weightiest++;
            }
            int others = end - firstPage - counts[weightiest];
            if (others == 0) {
                return shades.argb(PageFate.ALL.get(weightiest));
            }
            double red = 0;
            double green = 0;
            double blue = 0;
            for (int fate = weightiest + 1; fate < counts.length; fate++) {
                int argb = shades.argb(PageFate.ALL.get(fate));
                red += (double) counts[fate] * (argb >> 16 & 0xff);
                green += (double) counts[fate] * (argb >> 8 & 0xff);
                blue += (double) counts[fate] * (argb & 0xff);
            }
            double share = LEAST_SHARE + (1 - LEAST_SHARE) * Math.sqrt((double) counts[weightiest] / (end - firstPage));
            int top = shades.argb(PageFate.ALL.get(weightiest));
            return 0xff000000 | mix(top >> 16 & 0xff, red / others, share) << 16 | mix(top >> 8 & 0xff, green / others,
                    share) << 8 | mix(top & 0xff, blue / others, share);
        }

        private static int mix(int top, double under, double share) {
            return (int) Math.round(top * share + under * (1 - share));
        }

        @Override
        public String words(int firstPage, int end) {
            if (end - firstPage == 1) {
                return PageFate.ALL.get(fates[firstPage]).words();
            }
            int[] counts = counts(firstPage, end);
            StringBuilder words = new StringBuilder();
            for (PageFate fate : PageFate.ALL) {
                if (counts[fate.code()] > 0) {
                    words.append(words.isEmpty() ? "" : ", ").append(Units.count(counts[fate
                            .code()])).append(' ').append(fate.words());
                }
            }
            return words.toString();
        }
    }

    /// In how many checkpoints each page was dirty.
    ///
    /// @param counts      at most 65,535 each
    /// @param checkpoints that were looked at
    /// @param most        the greatest count
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Frequency(char[] counts, int checkpoints, int most) implements PageStates {

        @Override
        public int pages() {
            return counts.length;
        }

        private int most(int firstPage, int end) {
            int most = 0;
            for (int page = firstPage; page < end; page++) {
                most = Math.max(most, counts[page]);
            }
            return most;
        }

        /// The page that was dirty most often stands for its cell.
        @Override
        public int argb(int firstPage, int end, Shades shades) {
            int here = most(firstPage, end);
            return here == 0 ? shades.argb(PageFate.UNTOUCHED) : shades.heat(most <= 1 ? 1 : (here - 1.0) / (most - 1));
        }

        @Override
        public String words(int firstPage, int end) {
            int here = most(firstPage, end);
            String often = "dirty in " + Units.count(here) + " of " + Units
                    .count(checkpoints, "checkpoint");
            return end - firstPage == 1 ? often : here == 0 ? "never dirty" : "at most " + often;
        }
    }

    /// The colours of a theme as numbers.
    final class Shades {
        private static final int STEPS = 256;

        private final int[] fates = new int[PageFate.ALL.size()];
        private final int[] heat = new int[STEPS];

        public Shades(ChartColors colors) {
            for (PageFate fate : PageFate.ALL) {
                fates[fate.code()] = colors.of(fate).argb();
            }
            int last = colors.heat().size() - 1;
            for (int i = 0; i < STEPS; i++) {
                double place = (double) i / (STEPS - 1) * last;
                int below = Math.min((int) place, last - 1);
                heat[i] = colors.heat().get(below).towards(colors.heat().get(below + 1), place - below).argb();
            }
        }

        int argb(PageFate fate) {
            return fates[fate.code()];
        }

        /// @param share from 0 for seldom to 1 for most often
        int heat(double share) {
            return heat[(int) Math.round(Math.clamp(share, 0, 1) * (STEPS - 1))];
        }
    }

    /// Colours of all cells of a layout, row after row; nothing where a row is not full.
    static int[] paint(PageStates states, MapLayout layout, Shades shades) {
        int[] argb = new int[layout.columns() * layout.rows()];
        int end = Math.min(layout.lastPage(), states.pages());
        for (int cell = 0; cell < layout.cells(); cell++) {
            int first = layout.firstPageOf(cell);
            if (first < end) {
                argb[cell] = states.argb(first, Math.min(end, first + layout.pagesPerCell()), shades);
            }
        }
        return argb;
    }
}
