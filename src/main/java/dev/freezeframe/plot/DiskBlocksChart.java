package dev.freezeframe.plot;

import dev.freezeframe.analyse.BlockFate;
import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.store.figure.DiskMetrics;
import java.util.ArrayList;
import java.util.List;

/// What the dirty blocks of all disks of each checkpoint were, stacked like the pages of RAM in the [CompositionChart]. Shown
/// only for an experiment that has disks.
record DiskBlocksChart() implements Chart {
    private static final double MEBIBYTE = 1 << 20;

    @Override
    public String title() {
        return "Disk blocks";
    }

    @Override
    public Figure figure(ChartFrame frame) {
        int newest = frame.checkpoints().size() - 1;
        if (newest < 0 || frame.checkpoints().allDirtyBlocks(newest) == 0) {
            return Figure.NONE;
        }
        long dirty = frame.checkpoints().allDirtyBlocks(newest);
        long fresh = frame.checkpoints().allNewBlocks(newest);
        return new Figure(Units.percent((double) dirty - fresh, (double) dirty), "of dirty saved", Units.count(fresh)
                + " new");
    }

    @Override
    public List<Entry> legend(ChartFrame frame, int checkpoint) {
        CheckpointSeries series = frame.checkpoints();
        boolean pointed = checkpoint >= 0;
        List<DiskMetrics> disks = pointed ? series.record(checkpoint).metrics().disks() : List.of();
        List<Entry> entries = new ArrayList<>();
        if (pointed) {
            long micros = disks.stream().mapToLong(DiskMetrics::readMicros).sum();
            entries.add(new Entry(null, Units.count(series.dirtyBlocks(checkpoint), "block"), Units.bytes(series
                    .dirtyBlocks(checkpoint) * GuestPage.BYTES), ""));
            entries.add(new Entry(null, Units.bytes(series.dirtyBlocks(checkpoint) * GuestPage.BYTES), null,
                    ""));
            entries.add(new Entry(null, "read in", "read", Units.millis(micros)));
        }
        for (BlockFate fate : BlockFate.ALL) {
            if (!pointed || series.blocks(fate, checkpoint) > 0) {
                entries.add(new Entry(frame.colors().of(fate.like()), fate.words(), fate.word(), pointed
                        ? Units.count(series.blocks(fate, checkpoint))
                        : ""));
            }
        }
        return entries;
    }

    @Override
    public PixelColumns columns(ChartFrame frame, PlotArea area) {
        return frame.columns(frame.checkpoints()::dirtyBlocks, area);
    }

    @Override
    public void paint(Ink ink, ChartFrame frame, PlotArea area) {
        CheckpointSeries series = frame.checkpoints();
        PixelColumns columns = columns(frame, area);
        ValueScale scale = ValueScale.of(columns.values(), columns.size(), 0, area.ticks());
        double inMebibytes = GuestPage.BYTES / MEBIBYTE;
        Axes.timeGrid(ink, frame, area);
        Axes.values(ink, frame.colors(), area, scale, Axes::pages, value -> value == 0
                ? "0"
                : Units.threeDigits(value * inMebibytes));
        ink.clip(area.x(), area.y() - 6, area.width(), area.height() + 7);
        for (int i = 0; i < columns.size(); i++) {
            double y = area.bottom();
            double sum = 0;
            for (BlockFate fate : BlockFate.ALL) {
                sum += series.blocks(fate, columns.shown()[i]);
                double upper = area.y(scale.share(sum));
                if (upper < y) {
                    ink.fill(frame.colors().of(fate.like()), area.x() + columns.x()[i], upper, columns.width()[i], y
                            - upper);
                    y = upper;
                }
            }
        }
        Axes.cutMarks(ink, frame, area, scale, columns);
        ink.unclip();
    }
}
