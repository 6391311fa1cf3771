package dev.freezeframe.analyse;

import dev.freezeframe.store.figure.DiskMetrics;
import java.util.List;

/// What became of a dirty block of a disk in a checkpoint, the weightiest first. Each has the colour of the pages of RAM that
/// it is most like: a colour says where content came from, wherever it is seen.
public enum BlockFate {
    NEW("new", "new", PageFate.NEW),
    /// Content that a disk brought into the store.
    DUPLICATE_DISK("duplicate of disk", "disk", PageFate.DUPLICATE_DISK),
    /// Content that RAM brought into the store.
    DUPLICATE_RAM("duplicate of RAM", "RAM", PageFate.DUPLICATE_STORED), ZERO("zero", "zero",
            PageFate.ZERO), UNCHANGED("unchanged", "same", PageFate.UNCHANGED);

    public static final List<BlockFate> ALL = List.of(values());

    private final String words;
    private final String word;
    private final PageFate like;

    BlockFate(String words, String word, PageFate like) {
        this.words = words;
        this.word = word;
        this.like = like;
    }

    /// Its place in arrays, from 0.
    int code() {
        return ALL.indexOf(this);
    }

    public String words() {
        return words;
    }

    /// For where there is less room.
    public String word() {
        return word;
    }

    /// Whose colour it has.
    public PageFate like() {
        return like;
    }

    /// How many blocks of a disk it became of.
    long of(DiskMetrics disk) {
        return switch (this) {
            case NEW -> disk.newBlocks();
            case DUPLICATE_DISK -> disk.duplicateDiskBlocks();
            case DUPLICATE_RAM -> disk.duplicateRamBlocks();
            case ZERO -> disk.zeroBlocks();
            case UNCHANGED -> disk.unchangedBlocks();
        };
    }
}
