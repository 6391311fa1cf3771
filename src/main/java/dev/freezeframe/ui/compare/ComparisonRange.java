package dev.freezeframe.ui.compare;

import dev.freezeframe.analyse.CheckpointComparison.Difference;
import dev.freezeframe.base.GuestPage;

/// Neighbouring pages of RAM, or blocks of a disk, that differ in the same way.
///
/// @param firstPage counts from 0
public record ComparisonRange(int firstPage, int pages, Difference difference) {

    /// Where it begins in guest RAM, or on the disk.
    public long address() {
        return (long) firstPage * GuestPage.BYTES;
    }

    /// How it differs, in the words of the window.
    public static String words(Difference difference) {
        return switch (difference) {
            case ZERO_TO_CONTENT -> "zero → content";
            case CONTENT_TO_ZERO -> "content → zero";
            case CHANGED -> "changed";
            case ONLY_IN_FIRST -> "only in the first";
            case ONLY_IN_SECOND -> "only in the second";
        };
    }

    /// An address in guest RAM or on a disk as everywhere in the window.
    public static String hex(long address) {
        return dev.freezeframe.base.Units.text("0x%08x", address);
    }
}
