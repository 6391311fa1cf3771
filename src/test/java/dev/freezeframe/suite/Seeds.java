package dev.freezeframe.suite;

import java.util.Random;
import java.util.stream.LongStream;

/// Repeats a check with one seed after another and names the seed that it fails with; `-Dfreezeframe.seed=N` runs that one alone.
public final class Seeds {
    private Seeds() {}

    /// What must hold whatever comes out of the numbers.
    @FunctionalInterface
    public interface Check {
        /// Checks it once.
        void with(Random random) throws Exception;
    }

    /// The seeds from 1 on, or the one that was asked for.
    public static LongStream upTo(int count) {
        Long one = Long.getLong("freezeframe.seed");
        return one == null ? LongStream.rangeClosed(1, count) : LongStream.of(one);
    }

    /// Checks it so many times.
    public static void check(int count, Check check) {
        upTo(count).forEach(seed -> {
            try {
                Random random = new Random(seed);
                random.nextInt(); // which is nearly the same for all small seeds
                check.with(random);
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e, e);
            }
        });
    }
}
