package dev.freezeframe.capture;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A set of blocks of a disk, kept as ranges, because what changes on a disk comes in runs and a disk may have billions of
/// blocks. Immutable.
public final class BlockRanges {

    /// No block.
    public static final BlockRanges NONE = new BlockRanges(List.of());

    private final List<Range> ranges;

    /// Blocks that follow each other.
    ///
    /// @param first the first of them
    /// @param end the one behind the last
    public record Range(long first, long end) {
        public Range {
            if (first < 0 || end <= first) {
                throw new IllegalArgumentException("blocks " + first + " to " + end);
            }
        }

        /// How many they are.
        public long count() {
            return end - first;
        }
    }

    private BlockRanges(List<Range> ranges) {
        this.ranges = ranges;
    }

    /// The blocks of these ranges, which may overlap and come in any order.
    public static BlockRanges of(List<Range> ranges) {
        List<Range> merged = new ArrayList<>();
        for (Range next : ranges.stream().sorted(Comparator.comparingLong(Range::first)).toList()) {
            Range last = merged.isEmpty() ? null : merged.getLast();
            if (last != null && next.first <= last.end) {
                merged.set(merged.size() - 1, new Range(last.first, Math.max(last.end, next.end)));
            } else {
                merged.add(next);
            }
        }
        return merged.isEmpty() ? NONE : new BlockRanges(List.copyOf(merged));
    }

    /// One range, or none if `end` is not behind `first`.
    public static BlockRanges of(long first, long end) {
        return end <= first ? NONE : new BlockRanges(List.of(new Range(first, end)));
    }

    /// In ascending order, without overlap, none next to another.
    public List<Range> ranges() {
        return ranges;
    }

    /// How many blocks they are.
    public long count() {
        return ranges.stream().mapToLong(Range::count).sum();
    }

    /// These blocks and those.
    public BlockRanges and(BlockRanges others) {
        if (others.ranges.isEmpty()) {
            return this;
        }
        List<Range> all = new ArrayList<>(ranges);
        all.addAll(others.ranges);
        return of(all);
    }
}
