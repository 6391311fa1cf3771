package dev.freezeframe.record;

import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Which checkpoints to give up so that the rest lies the sparser the older it is: always the one whose removal leaves the
/// smallest gap relative to its age. The first and the last always stay.
///
/// Once the limit is reached, the distance between two neighbours settles at about the same share of their age, so n
/// checkpoints over a time T reach back with steps that grow by a constant factor.
final class Thinning {
    /// From this share of the limit on, the log of a run, which nothing shortens, would only drive out the checkpoints that make it
    /// worth something.
    private static final double MOST_LOG = 0.5;

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

    /// Why no checkpoint should go for a budget of bytes, for the user; empty where that can bring a recording below it.
    ///
    /// @param all by time
    /// @param kept ids that must stay, besides the first and the last
    /// @param logBytes what the log of the run takes
    static Optional<String> whyInVain(List<CheckpointRecord> all, Set<Long> kept, long logBytes, long limitBytes) {
        String usedUp = "the budget of " + Budget.text(limitBytes) + " is used up: ";
        if (logBytes >= MOST_LOG * limitBytes) {
            return Optional.of(usedUp + "the log of the run takes " + Budget.text(logBytes)
                    + " of it, and only checkpoints can be thinned out; record with a larger one");
        }
        long stays = logBytes;
        for (int i = 0; i < all.size(); i++) {
            if (i == 0 || i == all.size() - 1 || kept.contains(all.get(i).id())) {
                stays += all.get(i).metrics().storedBytes();
            }
        }
        return stays < limitBytes
                ? Optional.empty()
                : Optional.of(usedUp + "what cannot be thinned out takes " + Budget.text(stays)
                        + ", the first, the newest and other checkpoints that are kept" + (logBytes > 0
                                ? ", and the log of the run"
                                : "")
                        + "; record with a larger one");
    }

    private static double relativeGap(Candidate before, Candidate candidate, Candidate after, Instant now) {
        double gapNanos = Duration.between(before.at, after.at).toNanos();
        // A clock that was set back must not make an age negative.
        return gapNanos / Math.max(1, Duration.between(candidate.at, now).toNanos());
    }
}
