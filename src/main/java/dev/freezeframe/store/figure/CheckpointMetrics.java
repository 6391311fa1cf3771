package dev.freezeframe.store.figure;

import dev.freezeframe.base.GuestPage;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Everything measured about one checkpoint. The page classes add up: `dirtyPages = unchangedPages + zeroPages +
/// duplicatePages + newPages` and `duplicatePages = duplicateWithinPages + duplicateStoredPages + duplicateDiskPages`. What each
/// figure is, [CheckpointFigure] says; the methods here are for those that much code asks for.
///
/// @param capturedAt the moment of the pause, by a clock that nobody set meanwhile
/// @param figures    of the checkpoint
/// @param disks      each disk, in their order; empty for a machine without disks, and for checkpoints that were stored before
///                   disks were
public record CheckpointMetrics(Instant capturedAt, FigureValues<CheckpointFigure> figures, List<DiskMetrics> disks) {

    public CheckpointMetrics {
        disks = List.copyOf(disks);
    }

    /// The value of a figure, also of one that follows from others.
    public long of(CheckpointFigure figure) {
        return figure == CheckpointFigure.DUPLICATE_DISK_PAGES
                ? duplicatePages() - duplicateWithinPages() - duplicateStoredPages()
                : figures.of(figure);
    }

    public long intervalMillis() {
        return of(CheckpointFigure.INTERVAL);
    }

    public long late() {
        return of(CheckpointFigure.LATE);
    }

    public long pauseMicros() {
        return of(CheckpointFigure.PAUSE);
    }

    /// The microseconds of each phase of the pause by its name in JSON, in their order.
    public Map<String, Long> phaseMicros() {
        Map<String, Long> byName = new LinkedHashMap<>();
        CheckpointFigure.PHASES.forEach(phase -> byName.put(phase.field(), of(phase)));
        return byName;
    }

    public long ramPages() {
        return of(CheckpointFigure.RAM_PAGES);
    }

    public long dirtyPages() {
        return of(CheckpointFigure.DIRTY_PAGES);
    }

    public long unchangedPages() {
        return of(CheckpointFigure.UNCHANGED_PAGES);
    }

    public long zeroPages() {
        return of(CheckpointFigure.ZERO_PAGES);
    }

    public long duplicatePages() {
        return of(CheckpointFigure.DUPLICATE_PAGES);
    }

    public long duplicateWithinPages() {
        return of(CheckpointFigure.DUPLICATE_WITHIN_PAGES);
    }

    public long duplicateStoredPages() {
        return of(CheckpointFigure.DUPLICATE_STORED_PAGES);
    }

    public long duplicateDiskPages() {
        return of(CheckpointFigure.DUPLICATE_DISK_PAGES);
    }

    public long newPages() {
        return of(CheckpointFigure.NEW_PAGES);
    }

    public long dirtyBlocks() {
        return of(CheckpointFigure.DIRTY_BLOCKS);
    }

    public long newBlocks() {
        return of(CheckpointFigure.NEW_BLOCKS);
    }

    public long deviceStateBytes() {
        return of(CheckpointFigure.DEVICE_STATE_SIZE);
    }

    public long storedBytes() {
        return of(CheckpointFigure.STORED);
    }

    public long pipelineMillis() {
        return of(CheckpointFigure.PIPELINE);
    }

    /// What RAM and disks would take as plain images.
    public long imageBytes() {
        return ramPages() * GuestPage.BYTES + disks.stream().mapToLong(DiskMetrics::sizeBytes).sum();
    }

    /// The disk with an id, if there is one.
    public Optional<DiskMetrics> disk(String id) {
        return disks.stream().filter(each -> each.disk().equals(id)).findFirst();
    }
}
