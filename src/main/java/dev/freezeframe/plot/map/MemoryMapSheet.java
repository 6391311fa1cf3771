package dev.freezeframe.plot.map;

import dev.freezeframe.analyse.PageFate;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.Chart;
import dev.freezeframe.plot.ChartColors;
import dev.freezeframe.plot.ChartSheet;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import dev.freezeframe.plot.ink.Ink.Size;
import dev.freezeframe.plot.ink.InkColor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A picture of the map of guest memory: addresses at the left, the cells, and which part of RAM it is at the right. Immutable.
///
/// @param states missing where the store has none for the checkpoint
/// @param argb   of each cell, as [PageStates#paint] gives them
@SuppressWarnings("ArrayRecordComponent") // never compared
public record MemoryMapSheet(Optional<PageStates> states, MapLayout layout, int[] argb, ChartColors colors) {
    /// Room for the addresses, for the part of RAM, for the legend, and at the edges.
    public static final double LABELS = 82;
    public static final double OVERVIEW = 14;
    public static final double LEGEND = 22;
    public static final double EDGE = 8;
    private static final double LABEL_EVERY = 18;

    /// Paints legend, map, addresses and what part of RAM it is.
    public void paint(Ink to, double width) {
        if (states.isEmpty()) {
            to.text(colors.mutedText(), Size.NORMAL, false,
                    "What became of the pages of this checkpoint is not in the store: an older version recorded it",
                    EDGE,
                    LEGEND + 20);
            return;
        }
        ChartSheet.legend(to, colors, legend(), EDGE, 14, width - 2 * EDGE);
        to.cells(argb, layout.columns(), layout.rows(), LABELS, LEGEND, layout.width(), layout.height());
        int total = states.get().pages();
        double lastLabel = -LABEL_EVERY;
        for (int row = 0; row < layout.rows(); row++) {
            double y = row * (double) layout.cellHeight();
            if (y - lastLabel >= LABEL_EVERY) {
                to.textEndingAt(colors.mutedText(), Size.SMALL, false, MapLayout.address(layout.firstPage()
                        + (long) row * layout.pagesPerRow(), total), LABELS - 8, LEGEND + y
                                + Math.min(layout
                                        .cellHeight(), 12) / 2.0
                                + 4);
                lastLabel = y;
            }
        }
        overview(to, total);
    }

    /// Where in RAM the part is that is shown.
    private void overview(Ink to, int total) {
        if (layout.lastPage() - layout.firstPage() < total) {
            double x = LABELS + layout.width() + 4;
            double height = layout.height();
            to.fill(colors.of(PageFate.UNTOUCHED), x, LEGEND, 4, height);
            double from = Math.floor(height * layout.firstPage() / total);
            double until = Math.ceil(height * layout.lastPage() / total);
            to.fill(colors.mutedText(), x, LEGEND + from, 4, Math.max(3, until - from));
        }
    }

    private List<Chart.Entry> legend() {
        List<Chart.Entry> entries = new ArrayList<>();
        switch (states.orElseThrow()) {
            case PageStates.Fates fates -> {
                int[] counts = fates.counts(0, fates.pages());
                for (PageFate fate : PageFate.ALL) {
                    if (counts[fate.code()] > 0 || fate != PageFate.DUPLICATE_DISK) {
                        entries.add(new Chart.Entry(colors.of(fate), fate.words(), fate.word(), Units.count(counts[fate
                                .code()])));
                    }
                }
            }
            case PageStates.Frequency often -> {
                int last = colors.heat().size() - 1;
                for (int i = 0; i <= last; i++) {
                    String name = i == 0
                            ? often.most() > 1 ? "1" : "once"
                            : i == last ? Units.count(often.most()) + " times" : "";
                    if (often.most() > 1 || i == last) {
                        entries.add(new Chart.Entry(colors.heat().get(i), often.most() > 1 ? name : "once", often
                                .most() > 1 ? name : "once", ""));
                    }
                }
                entries.add(new Chart.Entry(colors.of(PageFate.UNTOUCHED), "never dirty", "never", ""));
                String of = "of " + Units.count(often.checkpoints(), "checkpoint");
                entries.add(new Chart.Entry(null, of, of, ""));
            }
        }
        return entries;
    }

    /// Frames the cell that a page is in, so that it is seen on every colour.
    public void frame(Ink to, int page, InkColor color) {
        int cell = layout.cellOf(page);
        if (cell >= 0) {
            double x = LABELS + (double) (cell % layout.columns()) * layout.cellWidth();
            int row = cell / layout.columns();
            double y = LEGEND + (double) row * layout.cellHeight();
            double right = x + layout.cellWidth();
            double bottom = y + layout.cellHeight();
            frame(to, colors.background(), x - 2.5, y - 2.5, right + 2.5, bottom + 2.5);
            frame(to, color, x - 1.5, y - 1.5, right + 1.5, bottom + 1.5);
        }
    }

    private static void frame(Ink to, InkColor color, double left, double top, double right, double bottom) {
        to.path(color, 1, Dash.SOLID, new double[]{left, right, right, left, left}, new double[]{top, top, bottom,
                bottom, top}, 5);
    }

    /// A cell in words: where it is and what is known of its pages.
    public String words(int cell) {
        PageStates known = states.orElseThrow();
        int first = layout.firstPageOf(cell);
        int end = Math.min(layout.endOf(cell), known.pages());
        String where = MapLayout.address(first, known.pages()) + (end - first == 1
                ? " · page " + Units.count(first)
                : "–" + MapLayout.address(end, known.pages()) + " · pages " + Units.count(first) + "–"
                        + Units.count(end
                                - 1));
        return where + " · " + known.words(first, end);
    }
}
