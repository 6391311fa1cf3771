package dev.freezeframe.analyse;

import dev.freezeframe.store.model.PageClass;
import java.util.List;

/// What became of a page of guest RAM in a checkpoint, in the words and the order that the composition chart, the memory map
/// and their legends share: the weightiest first.
public enum PageFate {
    NEW(0, "new", "new"), DUPLICATE_WITHIN(1, "duplicate within", "within"), DUPLICATE_STORED(2, "stored earlier", "earlier"),
    /// Content that a disk of the machine has as well.
    DUPLICATE_DISK(3, "on disk", "disk"), ZERO(4, "zero", "zero"), UNCHANGED(5, "unchanged", "same"),
    /// Not in the dirty set at all.
    UNTOUCHED(6, "not dirty", "not dirty");

    /// How many of them a dirty page can have.
    public static final int DIRTY_FATES = UNTOUCHED.code;
    /// By their codes.
    public static final List<PageFate> ALL = List.of(values());

    private final int code;
    private final String words;
    private final String word;

    PageFate(int code, String words, String word) {
        this.code = code;
        this.words = words;
        this.word = word;
    }

    /// Its place in arrays, from 0.
    public int code() {
        return code;
    }

    public String words() {
        return words;
    }

    /// For where there is less room.
    public String word() {
        return word;
    }

    public static PageFate of(PageClass pageClass) {
        return switch (pageClass) {
            case NEW -> NEW;
            case DUPLICATE_WITHIN -> DUPLICATE_WITHIN;
            case DUPLICATE_STORED -> DUPLICATE_STORED;
            case DUPLICATE_DISK -> DUPLICATE_DISK;
            case ZERO -> ZERO;
            case UNCHANGED -> UNCHANGED;
        };
    }
}
