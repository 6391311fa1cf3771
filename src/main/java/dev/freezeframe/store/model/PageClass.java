package dev.freezeframe.store.model;

/// What became of a page that capture handed over; see [dev.freezeframe.store.figure.CheckpointMetrics].
public enum PageClass {
    /// The same content as in the checkpoint before.
    UNCHANGED(0),
    /// Zero now.
    ZERO(1),
    /// Content that is new with this checkpoint and that another of its pages has brought in.
    DUPLICATE_WITHIN(2),
    /// Content that was stored before this checkpoint, and that RAM brought in.
    DUPLICATE_STORED(3),
    /// Content that the store did not have.
    NEW(4),
    /// Content that a disk brought in, in this checkpoint or before: the page and the block are one chunk.
    DUPLICATE_DISK(5);

    private static final PageClass[] BY_CODE = {UNCHANGED, ZERO, DUPLICATE_WITHIN, DUPLICATE_STORED, NEW, DUPLICATE_DISK};
    static final int COUNT = BY_CODE.length;

    private final int code;

    PageClass(int code) {
        this.code = code;
    }

    /// The number that stands for it in the store; counts from 0.
    int code() {
        return code;
    }

    /// The class that a number from 0 to [#COUNT] - 1 stands for.
    static PageClass of(int code) {
        return BY_CODE[code];
    }
}
