package dev.freezeframe.ui.chart;

import dev.freezeframe.store.PageClass;

/// What became of a page of guest RAM in a checkpoint, in the words and the order that the composition chart, the memory map
/// and their legends share: the weightiest first.
enum PageFate {
    NEW("new", "new"), DUPLICATE_WITHIN("duplicate within", "within"), DUPLICATE_STORED("stored earlier", "earlier"),
    /// Content that a disk of the machine has as well.
    DUPLICATE_DISK("on disk", "disk"), ZERO("zero", "zero"), UNCHANGED("unchanged", "same"),
    /// Not in the dirty set at all.
    UNTOUCHED("not dirty", "not dirty");

    /// How many of them a dirty page can have.
    static final int DIRTY_FATES = UNTOUCHED.ordinal();

    private final String words;
    private final String word;

    PageFate(String words, String word) {
        this.words = words;
        this.word = word;
    }

    String words() {
        return words;
    }

    /// For where there is less room.
    String word() {
        return word;
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
