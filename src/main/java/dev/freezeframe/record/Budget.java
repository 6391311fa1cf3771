package dev.freezeframe.record;

import java.util.Locale;
import java.util.OptionalLong;

/// How much a recording may take, and what happens when it has. A value; an empty limit is none.
///
/// ## The rule for thinning
///
/// Grandfather-father-son rotation keeps some backups of the last days, fewer of the last weeks and fewer still of the last
/// months. Made continuous, it is the exponential thinning by which debuggers that run backwards keep their checkpoints
/// (Boothe, *Efficient Algorithms for Bidirectional Debugging*, PLDI 2000): the distance between two that are kept grows
/// with their age. Here the checkpoint goes whose removal leaves the smallest gap, relative to its age; see [Thinning].
///
/// @param bytes most bytes that the recording may hold in the store, as [BudgetUse#bytes] counts them
/// @param checkpoints most checkpoints that it may keep
/// @param rule what happens at the limit
public record Budget(OptionalLong bytes, OptionalLong checkpoints, Rule rule) {

    /// What happens when a limit is reached.
    public enum Rule {
        /// The recording ends, and everything in it is kept.
        STOP,
        /// The recording goes on and old checkpoints are deleted, the more the older they are. It ends as with [#STOP], and
        /// nothing more is deleted, where that cannot bring it below its limit, and where the log of its run takes half of
        /// that: the log cannot be thinned out.
        THIN
    }

    /// Fewer cannot be thinned: the first and the newest are always kept.
    public static final long FEWEST_CHECKPOINTS = 3;
    /// Less would not hold a machine's first checkpoint.
    public static final long FEWEST_BYTES = 1 << 20;

    /// Nothing is limited.
    public static final Budget UNLIMITED = new Budget(OptionalLong.empty(), OptionalLong.empty(), Rule.STOP);

    /// @throws IllegalArgumentException for a limit that is too small, with one line for the user
    public Budget {
        if (bytes.isPresent() && bytes.getAsLong() < FEWEST_BYTES) {
            throw new IllegalArgumentException("a budget of " + bytes.getAsLong() + " bytes is too small; give it at least "
                    + text(FEWEST_BYTES));
        }
        if (checkpoints.isPresent() && checkpoints.getAsLong() < (rule == Rule.THIN ? FEWEST_CHECKPOINTS : 1)) {
            throw new IllegalArgumentException("a budget of " + checkpoints.getAsLong()
                    + " checkpoints is too small; give it at least " + (rule == Rule.THIN ? FEWEST_CHECKPOINTS : 1));
        }
    }

    /// Whether there is no limit.
    public boolean isUnlimited() {
        return bytes.isEmpty() && checkpoints.isEmpty();
    }

    /// The rule for people, in one line.
    public String describe() {
        if (isUnlimited()) {
            return "no budget: recording goes on until it is stopped or the disk is nearly full";
        }
        String limit = (bytes.isPresent() ? text(bytes.getAsLong()) : "")
                + (bytes.isPresent() && checkpoints.isPresent() ? " or " : "")
                + (checkpoints.isPresent() ? checkpoints.getAsLong() + (checkpoints.getAsLong() == 1
                        ? " checkpoint"
                        : " checkpoints") : "");
        return switch (rule) {
            case STOP -> "at " + limit + " recording stops; everything is kept";
            case THIN -> "at " + limit + " old checkpoints are thinned out, the more the older they are; the first, the"
                    + " newest, tagged ones and those with recordings of their own are kept";
        };
    }

    static String text(long size) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        double count = size;
        int unit = 0;
        while (unit < units.length - 1 && count >= 1024) {
            count /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, count == Math.rint(count) ? "%.0f %s" : "%.1f %s", count, units[unit]);
    }
}
