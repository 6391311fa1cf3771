package dev.freezeframe.store.figure;

import java.time.Instant;
import java.util.List;

/// Figures that a test makes up, in the order of their table; those that are left out at the end are 0.
public final class GivenFigures {
    private GivenFigures() {}

    public static FigureValues<CheckpointFigure> checkpoint(long... kept) {
        FigureValues<CheckpointFigure> figures = FigureValues.none(CheckpointFigure.class);
        for (int i = 0; i < kept.length; i++) {
            figures = figures.with(CheckpointFigure.KEPT.get(i), kept[i]);
        }
        return figures;
    }

    public static DiskMetrics disk(String id, long... values) {
        FigureValues<DiskFigure> figures = FigureValues.none(DiskFigure.class);
        List<DiskFigure> table = List.of(DiskFigure.values());
        for (int i = 0; i < values.length; i++) {
            figures = figures.with(table.get(i), values[i]);
        }
        return new DiskMetrics(id, figures);
    }

    /// What capture would have measured: interval, late, pause, phases, pre-copy.
    public static CaptureMetrics capture(Instant at, List<DiskRead> disks, long... captured) {
        return new CaptureMetrics(at, checkpoint(captured), disks);
    }
}
