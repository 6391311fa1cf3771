package dev.freezeframe.ui.compare;

import dev.freezeframe.analyse.CheckpointComparison.Difference;
import dev.freezeframe.analyse.ImageComparison;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.ui.task.Steps;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/// RAM or a disk of two checkpoints, compared: how each page or block differs, and the runs of such. Immutable once made.
public final class ComparedImage {
    /// A table of more is of no use to anybody, and takes memory.
    static final int MOST_RANGES = 200_000;

    private static final int STEPS = 4096;
    private static final List<Difference> DIFFERENCES = List.of(Difference.values());

    private final ImageComparison comparison;
    private final List<ComparisonRange> ranges;

    private ComparedImage(ImageComparison comparison, List<ComparisonRange> ranges) {
        this.comparison = comparison;
        this.ranges = ranges;
    }

    static ComparedImage of(ImageComparison comparison, Steps steps) {
        List<ComparisonRange> ranges = new ArrayList<>();
        int[] seen = {0};
        comparison.forEachRun((firstPage, pages, difference) -> {
            if (ranges.size() < MOST_RANGES) {
                ranges.add(new ComparisonRange(firstPage, pages, difference));
            }
            if (seen[0]++ % STEPS == 0) {
                steps.at("collect the ranges of " + comparison.name(), firstPage, comparison.pages());
            }
        });
        return new ComparedImage(comparison, List.copyOf(ranges));
    }

    /// The counts, and the contents of pages.
    public ImageComparison comparison() {
        return comparison;
    }

    /// What people call it: `RAM`, or the id of the disk.
    public String title() {
        return comparison.isDisk() ? comparison.name() : comparison.name().toUpperCase(Locale.ROOT);
    }

    /// What people call its parts: `page` or `block`.
    public String unit() {
        return comparison.isDisk() ? "block" : "page";
    }

    /// How much of it differs, in a sentence.
    public String sum() {
        return Units.count(comparison.pagesDiffering()) + " of " + Units.count(pages(), unit()) + " differ ("
                + Units.bytes(comparison.pagesDiffering() * GuestPage.BYTES) + ")";
    }

    /// Pages of the larger RAM, blocks of the larger disk.
    public int pages() {
        return comparison.pages();
    }

    /// In what way a page differs, empty where it does not.
    public Optional<Difference> difference(int page) {
        return comparison.difference(page);
    }

    /// Adds up how many pages from `firstPage` on differ in which way, in the order of the constants of
    /// [Difference].
    public void count(int firstPage, int pages, int[] counts) {
        comparison.forEachRun(firstPage, firstPage + pages,
                (_, count, difference) -> counts[DIFFERENCES.indexOf(difference)] += count);
    }

    /// Runs of pages that differ in the same way, by address; not all where [#hasMoreRanges].
    public List<ComparisonRange> ranges() {
        return ranges;
    }

    /// Whether there are more ranges than are in the list.
    public boolean hasMoreRanges() {
        return ranges.size() < comparison.runs();
    }

    /// The first differing page behind one, or in front of it, if there is one.
    ///
    /// @param step 1 or -1
    public OptionalInt nextDifference(int page, int step) {
        return step > 0 ? comparison.firstDifference(page + 1) : comparison.lastDifference(page - 1);
    }
}
