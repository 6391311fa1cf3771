package dev.freezeframe.record;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Which checkpoints to give up so that the rest lies the sparser the older it is: always the one whose removal leaves the
/// smallest gap relative to its age. The first and the last always stay.
///
/// Once the limit is reached, the distance between two neighbours settles at about the same share of their age, so n
/// checkpoints over a time T reach back with steps that grow by a constant factor.
final class Thinning {

    private Thinning() {}

    /// A checkpoint as thinning sees it.
    record Candidate(long id, Instant at) {}

    /// The checkpoints to delete, in the order in which they should go.
    ///
    /// @param all by time
    /// @param kept ids that must stay, besides the first and the last
    /// @param count how many are to go; fewer are returned if the rest must stay
    static List<Candidate> victims(List<Candidate> all, Set<Long> kept, int count, Instant now) {
        List<Candidate> left = new ArrayList<>(all);
        List<Candidate> victims = new ArrayList<>();
        while (victims.size() < count) {
            int best = -1;
            double smallest = Double.POSITIVE_INFINITY;
            for (int i = 1; i < left.size() - 1; i++) {
                if (!kept.contains(left.get(i).id)) {
                    double gap = relativeGap(left.get(i - 1), left.get(i), left.get(i + 1), now);
                    if (gap < smallest) {
                        smallest = gap;
                        best = i;
                    }
                }
            }
            if (best < 0) {
                break;
            }
            victims.add(left.remove(best));
        }
        return victims;
    }

    private static double relativeGap(Candidate before, Candidate candidate, Candidate after, Instant now) {
        double gapNanos = Duration.between(before.at, after.at).toNanos();
        // A clock that was set back must not make an age negative.
        return gapNanos / Math.max(1, Duration.between(candidate.at, now).toNanos());
    }
}
