package dev.freezeframe.ui.lineage;

import dev.freezeframe.store.model.ExperimentRecord;
import java.util.Arrays;
import java.util.Optional;

/// An experiment as the family tree knows it: its checkpoints' numbers, and the checkpoint that it began at. Immutable.
public final class FamilyNode {
    private final ExperimentRecord experiment;
    private final Optional<Origin> origin;
    private final int[] numbers;
    private final int last;
    private final long checkpoints;

    /// The checkpoint that a machine was restored from.
    public record Origin(long experimentId, int number) {}

    private FamilyNode(ExperimentRecord experiment, Optional<Origin> origin, int[] numbers, int last,
            long checkpoints) {
        this.experiment = experiment;
        this.origin = origin;
        this.numbers = numbers;
        this.last = last;
        this.checkpoints = checkpoints;
    }

    /// @param numbers of its checkpoints, ascending
    static FamilyNode of(ExperimentRecord experiment, Optional<Origin> origin, int[] numbers) {
        int[] own = numbers.clone();
        return new FamilyNode(experiment, origin, own, own.length == 0 ? 0 : own[own.length - 1], own.length);
    }

    /// Of an experiment with so many checkpoints that only their count is known.
    static FamilyNode counted(ExperimentRecord experiment, Optional<Origin> origin, long checkpoints) {
        int last = (int) Math.min(Integer.MAX_VALUE, checkpoints);
        return new FamilyNode(experiment, origin, new int[0], last, checkpoints);
    }

    /// The experiment.
    public ExperimentRecord experiment() {
        return experiment;
    }

    /// The checkpoint that it began at; empty where its machine was booted, or that checkpoint is not there any more.
    public Optional<Origin> origin() {
        return origin;
    }

    /// Whether each of its checkpoints is known, and not their count alone.
    public boolean isDetailed() {
        return numbers.length == checkpoints;
    }

    /// How many checkpoints it has.
    public long checkpoints() {
        return checkpoints;
    }

    /// The highest number.
    public int last() {
        return last;
    }

    /// The number of its checkpoint at a place, counted from 0.
    public int number(int index) {
        return numbers[index];
    }

    /// The number of its checkpoint that is nearest to this one; empty where it has none that is known.
    public Optional<Integer> nearest(double number) {
        if (numbers.length == 0) {
            return checkpoints == 0 ? Optional.empty() : Optional.of(Math.clamp(Math.round(number), 1, last));
        }
        int found = Arrays.binarySearch(numbers, (int) Math.round(number));
        int above = found >= 0 ? found : -found - 1;
        if (above == 0) {
            return Optional.of(numbers[0]);
        }
        if (above == numbers.length) {
            return Optional.of(numbers[above - 1]);
        }
        boolean isAbove = numbers[above] - number < number - numbers[above - 1];
        return Optional.of(isAbove ? numbers[above] : numbers[above - 1]);
    }
}
