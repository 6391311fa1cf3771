package dev.freezeframe.store.figure;

/// What is measured of every disk of a checkpoint, each figure once; see [CheckpointFigure].
public enum DiskFigure implements Figure {
    /// As the guest sees it.
    SIZE("size_bytes", Unit.BYTES, "Size", "Size of the disk"),
    /// Distinct blocks that capture handed over: the sum of the five below; one that was handed over twice counts once.
    DIRTY_BLOCKS("dirty_blocks", Unit.BLOCKS, "Dirty", "Blocks written in the interval"),
    /// Same content as in the checkpoint before.
    UNCHANGED_BLOCKS("unchanged_blocks", Unit.BLOCKS, "Unchanged", "Blocks with the content that they had before"),
    /// Zero now.
    ZERO_BLOCKS("zero_blocks", Unit.BLOCKS, "Zero", "Blocks that are zero now"),
    /// Content that a disk brought in, in this checkpoint or any before.
    DUPLICATE_DISK_BLOCKS("duplicate_disk_blocks", Unit.BLOCKS, "…on disk", "Duplicates of what a disk brought in"),
    /// Content that RAM brought in, in this checkpoint or any before.
    DUPLICATE_RAM_BLOCKS("duplicate_ram_blocks", Unit.BLOCKS, "…in RAM", "Duplicates of what RAM brought in"),
    /// Chunks that this disk added.
    NEW_BLOCKS("new_blocks", Unit.BLOCKS, "New", "Blocks whose content the store did not have"),
    /// Content that was read from QEMU.
    READ("read_bytes", Unit.BYTES, "Read", "Content that was read from QEMU"),
    /// While the guest ran.
    READ_TIME("read_micros", Unit.MICROS, "Read in", "Time that reading took, while the guest ran"),
    /// Packs, hashes and page maps.
    STORED("stored_bytes", Unit.BYTES, "Stored", "What the disk added to the store");

    @SuppressWarnings("ImmutableEnumChecker") // a record of texts
    private final Names names;
    private final Unit unit;
    private final String title;
    private final String explanation;
    private final int sinceFormat;

    DiskFigure(String column, Unit unit, String title, String explanation) {
        this(column, unit, title, explanation, 3);
    }

    DiskFigure(String column, Unit unit, String title, String explanation, int sinceFormat) {
        this.names = Names.of(column);
        this.unit = unit;
        this.title = title;
        this.explanation = explanation;
        this.sinceFormat = sinceFormat;
    }

    @Override
    public Names names() {
        return names;
    }

    @Override
    public Unit unit() {
        return unit;
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public String explanation() {
        return explanation;
    }

    @Override
    public int sinceFormat() {
        return sinceFormat;
    }

    @Override
    public boolean derived() {
        return false;
    }
}
