package dev.freezeframe.ui.model;

import dev.freezeframe.cli.Units;
import dev.freezeframe.experiment.CheckpointComparison.Difference;
import dev.freezeframe.experiment.ImageComparison;
import dev.freezeframe.ui.task.Steps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// RAM or a disk of two checkpoints, compared: how each page or block differs, and the runs of such. Immutable once made.
public final class ComparedImage {
    /// A table of more is of no use to anybody, and takes memory.
    static final int MOST_RANGES = 200_000;

    private static final int STEPS = 4096;
    private static final List<Difference> DIFFERENCES = List.of(Difference.values());
    private static final byte EQUAL = -1;

    private final ImageComparison comparison;
    /// The place of each page's difference in [#DIFFERENCES], or [#EQUAL].
    private final byte[] differences;
    private final List<ComparisonRange> ranges;

    private ComparedImage(ImageComparison comparison, byte[] differences, List<ComparisonRange> ranges) {
        this.comparison = comparison;
        this.differences = differences;
        this.ranges = ranges;
    }

    static ComparedImage of(ImageComparison comparison, Steps steps) {
        byte[] differences = new byte[comparison.pages()];
        Arrays.fill(differences, EQUAL);
        List<ComparisonRange> ranges = new ArrayList<>();
        int[] seen = {0};
        comparison.forEachRun((firstPage, pages, difference) -> {
            Arrays.fill(differences, firstPage, firstPage + pages, (byte) DIFFERENCES.indexOf(difference));
            if (ranges.size() < MOST_RANGES) {
                ranges.add(new ComparisonRange(firstPage, pages, difference));
            }
            if (seen[0]++ % STEPS == 0) {
                steps.at("collect the ranges of " + comparison.name(), firstPage, comparison.pages());
            }
        });
        return new ComparedImage(comparison, differences, List.copyOf(ranges));
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
                + Units.bytes(comparison.pagesDiffering() * ComparisonRange.PAGE_BYTES) + ")";
    }

    /// Pages of the larger RAM, blocks of the larger disk.
    public int pages() {
        return differences.length;
    }

    /// In what way a page differs, empty where it does not.
    public Optional<Difference> difference(int page) {
        return differences[page] == EQUAL ? Optional.empty() : Optional.of(DIFFERENCES.get(differences[page]));
    }

    /// Adds up how many pages from `firstPage` on differ in which way, in the order of the constants of
    /// [Difference].
    public void count(int firstPage, int pages, int[] counts) {
        for (int page = firstPage; page < firstPage + pages; page++) {
            if (differences[page] != EQUAL) {
                counts[differences[page]]++;
            }
        }
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
    public Optional<Integer> nextDifference(int page, int step) {
        for (int next = page + step; next >= 0 && next < differences.length; next += step) {
            if (differences[next] != EQUAL) {
                return Optional.of(next);
            }
        }
        return Optional.empty();
    }
}
