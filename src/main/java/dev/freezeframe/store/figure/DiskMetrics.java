package dev.freezeframe.store.figure;

/// Everything measured about one disk of a checkpoint. The blocks add up: `dirtyBlocks = unchangedBlocks + zeroBlocks +
/// duplicateDiskBlocks + duplicateRamBlocks + newBlocks`. What each figure is, [DiskFigure] says.
///
/// @param disk the disk's id, such as `disk0`
public record DiskMetrics(String disk, FigureValues<DiskFigure> figures) {

    /// The value of a figure.
    public long of(DiskFigure figure) {
        return figures.of(figure);
    }

    public long sizeBytes() {
        return of(DiskFigure.SIZE);
    }

    public long dirtyBlocks() {
        return of(DiskFigure.DIRTY_BLOCKS);
    }

    public long unchangedBlocks() {
        return of(DiskFigure.UNCHANGED_BLOCKS);
    }

    public long zeroBlocks() {
        return of(DiskFigure.ZERO_BLOCKS);
    }

    public long duplicateDiskBlocks() {
        return of(DiskFigure.DUPLICATE_DISK_BLOCKS);
    }

    public long duplicateRamBlocks() {
        return of(DiskFigure.DUPLICATE_RAM_BLOCKS);
    }

    public long newBlocks() {
        return of(DiskFigure.NEW_BLOCKS);
    }

    public long readBytes() {
        return of(DiskFigure.READ);
    }

    public long readMicros() {
        return of(DiskFigure.READ_TIME);
    }

    public long storedBytes() {
        return of(DiskFigure.STORED);
    }

    /// The same with more bytes stored.
    public DiskMetrics plusStored(long bytes) {
        return new DiskMetrics(disk, figures.with(DiskFigure.STORED, storedBytes() + bytes));
    }

    /// Whether the blocks add up and nothing is negative.
    public boolean addsUp() {
        return sizeBytes() >= 0 && unchangedBlocks() >= 0 && zeroBlocks() >= 0 && duplicateDiskBlocks() >= 0
                && duplicateRamBlocks() >= 0 && newBlocks() >= 0 && dirtyBlocks() == unchangedBlocks() + zeroBlocks()
                        + duplicateDiskBlocks() + duplicateRamBlocks() + newBlocks();
    }
}
