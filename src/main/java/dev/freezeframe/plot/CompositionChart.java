package dev.freezeframe.plot;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.analyse.PageFate;
import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ink.Ink;
import java.util.ArrayList;
import java.util.List;

/// What the dirty pages of each checkpoint were, stacked: new ones at the base line, where their height is read best. The
/// place for content that a disk has is there where the experiment has disks.
record CompositionChart() implements Chart {

    @Override
    public String title() {
        return "Composition";
    }

    @Override
    public Figure figure(ChartFrame frame) {
        RunSummary summary = frame.summary();
        return summary.dirtyPages() == 0
                ? Figure.NONE
                : new Figure(Units.percent((double) summary.dirtyPages() - summary.newPages(), (double) summary
                        .dirtyPages()),
                        "of dirty saved",
                        Units.count(summary.newPages()) + " new");
    }

    private static boolean drawn(PageFate fate) {
        return fate != PageFate.UNTOUCHED;
    }

    @Override
    public List<Entry> legend(ChartFrame frame, int checkpoint) {
        CheckpointSeries series = frame.checkpoints();
        List<Entry> entries = new ArrayList<>();
        if (checkpoint >= 0) {
            entries.add(new Entry(null, Units.count(series.dirtyPages(checkpoint), "page"), null, ""));
        }
        for (PageFate fate : PageFate.ALL) {
            boolean there = drawn(fate) && (checkpoint < 0
                    ? fate != PageFate.DUPLICATE_DISK || series.hasDisks()
                    : series.pages(fate,
                            checkpoint) > 0);
            if (there) {
                entries.add(new Entry(frame.colors().of(fate), fate.words(), fate.word(), checkpoint < 0
                        ? ""
                        : Units.count(series.pages(fate, checkpoint))));
            }
        }
        return entries;
    }

    @Override
    public PixelColumns columns(ChartFrame frame, PlotArea area) {
        return frame.columns(frame.checkpoints()::dirtyPages, area);
    }

    @Override
    public void paint(Ink ink, ChartFrame frame, PlotArea area) {
        CheckpointSeries series = frame.checkpoints();
        PixelColumns columns = columns(frame, area);
        ValueScale scale = ValueScale.of(columns.values(), columns.size(), 0, area.ticks());
        Axes.timeGrid(ink, frame, area);
        Axes.values(ink, frame.colors(), area, scale, Axes::pages, null);
        ink.clip(area.x(), area.y() - 6, area.width(), area.height() + 7);
        for (int i = 0; i < columns.size(); i++) {
            double y = area.bottom();
            double sum = 0;
            for (int fate = 0; fate < PageFate.DIRTY_FATES; fate++) {
                PageFate each = PageFate.ALL.get(fate);
                sum += series.pages(each, columns.shown()[i]);
                double upper = area.y(scale.share(sum));
                if (upper < y) {
                    ink.fill(frame.colors().of(each), area.x() + columns.x()[i], upper, columns.width()[i], y - upper);
                    y = upper;
                }
            }
        }
        Axes.cutMarks(ink, frame, area, scale, columns);
        ink.unclip();
    }

}
