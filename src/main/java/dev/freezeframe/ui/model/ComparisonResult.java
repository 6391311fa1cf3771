package dev.freezeframe.ui.model;

import dev.freezeframe.experiment.CheckpointComparison;
import dev.freezeframe.experiment.CheckpointComparison.Difference;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreException;
import dev.freezeframe.ui.task.Steps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Two checkpoints, compared: how each page of RAM differs, and the runs of such pages. Immutable once made.
public final class ComparisonResult {
    /// A table of more is of no use to anybody, and takes memory.
    static final int MOST_RANGES = 200_000;

    private static final int STEPS = 4096;
    private static final List<Difference> DIFFERENCES = List.of(Difference.values());
    private static final byte EQUAL = -1;

    private final CheckpointComparison comparison;
    /// The place of each page's difference in [#DIFFERENCES], or [#EQUAL].
    private final byte[] differences;
    private final List<ComparisonRange> ranges;

    private ComparisonResult(CheckpointComparison comparison, byte[] differences, List<ComparisonRange> ranges) {
        this.comparison = comparison;
        this.differences = differences;
        this.ranges = ranges;
    }

    /// Reads and compares. Takes as long as reading two page maps.
    static ComparisonResult of(Store store, CheckpointRecord first, CheckpointRecord second, Steps steps)
            throws StoreException {
        steps.at("read both page maps");
        CheckpointComparison comparison = CheckpointComparison.of(store, first, second);
        steps.check();
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
                steps.at("collect the ranges", firstPage, comparison.pages());
            }
        });
        return new ComparisonResult(comparison, differences, List.copyOf(ranges));
    }

    /// The counts, and the contents of pages.
    public CheckpointComparison comparison() {
        return comparison;
    }

    /// Pages of the larger RAM.
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
