package dev.freezeframe.store.figure;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/// What capture measured about one checkpoint; the other figures of [CheckpointMetrics] are counted while storing.
///
/// @param capturedAt the moment of the pause, by a clock that nobody set meanwhile
/// @param figures    those that capture measures; the others are 0
/// @param disks      what reading each disk took, in the order of the disks
public record CaptureMetrics(Instant capturedAt, FigureValues<CheckpointFigure> figures, List<DiskRead> disks) {
    /// Cuts times to what the store keeps.
    public CaptureMetrics {
        capturedAt = capturedAt.truncatedTo(ChronoUnit.MICROS);
        disks = List.copyOf(disks);
    }

    /// With nothing measured yet.
    public static CaptureMetrics at(Instant capturedAt, List<DiskRead> disks) {
        return new CaptureMetrics(capturedAt, FigureValues.none(CheckpointFigure.class), disks);
    }

    /// The same with a figure.
    public CaptureMetrics with(CheckpointFigure figure, long value) {
        return new CaptureMetrics(capturedAt, figures.with(figure, value), disks);
    }
}
