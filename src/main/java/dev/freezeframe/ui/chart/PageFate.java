package dev.freezeframe.ui.chart;

import dev.freezeframe.store.PageClass;

/// What became of a page of guest RAM in a checkpoint, in the words and the order that the composition chart, the memory map
/// and their legends share: the weightiest first.
enum PageFate {
    NEW("new"), DUPLICATE_WITHIN("duplicate within"), DUPLICATE_STORED("stored earlier"),
    /// Content that a disk of the machine has as well.
    DUPLICATE_DISK("on disk"), ZERO("zero"), UNCHANGED("unchanged"),
    /// Not in the dirty set at all.
    UNTOUCHED("not dirty");

    /// How many of them a dirty page can have.
    static final int DIRTY_FATES = UNTOUCHED.ordinal();

    private final String words;

    PageFate(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }

    static PageFate of(PageClass pageClass) {
        return switch (pageClass) {
            case NEW -> NEW;
            case DUPLICATE_WITHIN -> DUPLICATE_WITHIN;
            case DUPLICATE_STORED -> DUPLICATE_STORED;
            case ZERO -> ZERO;
            case UNCHANGED -> UNCHANGED;
        };
    }
}
