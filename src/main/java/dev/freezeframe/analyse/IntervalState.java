package dev.freezeframe.analyse;

import dev.freezeframe.store.model.EndState;

/// How far an interval of a simulation is, and what came of it, as people see it: a sign and a word, so that no colour is needed
/// to tell them apart. In the order in which one hides another where several have room for one only.
public enum IntervalState {
    /// Nobody has begun with it.
    WAITING("·", "waiting"),
    /// It ended as the recording did.
    PROVEN("✓", EndState.PROVEN.words()),
    /// It ended so but for an interrupt.
    PROVEN_ACROSS_INTERRUPT("✓", EndState.PROVEN_ACROSS_INTERRUPT.words()),
    /// Its end was not compared.
    ENDED("–", "ended, not compared"),
    /// Nothing led it, so where it ended proves nothing.
    REEXECUTED("≈", EndState.REEXECUTED.words()),
    /// A worker is at it.
    RUNNING("▸", "running"),
    /// It did not come to its end.
    FAILED("!", EndState.FAILED.words()),
    /// It ended otherwise.
    DIVERGED("✗", EndState.DIVERGED.words());

    private final String sign;
    private final String words;

    IntervalState(String sign, String words) {
        this.sign = sign;
        this.words = words;
    }

    /// That of an interval that has ended.
    public static IntervalState of(EndState end) {
        return switch (end) {
            case PROVEN -> PROVEN;
            case PROVEN_ACROSS_INTERRUPT -> PROVEN_ACROSS_INTERRUPT;
            case DIVERGED -> DIVERGED;
            case FAILED -> FAILED;
            case REEXECUTED -> REEXECUTED;
            case ENDED -> ENDED;
        };
    }

    /// One character.
    public String sign() {
        return sign;
    }

    /// What a person calls it.
    public String words() {
        return words;
    }

    /// Sign and words.
    public String text() {
        return sign + " " + words;
    }

    /// Whether it has ended, whatever came of it.
    public boolean isOver() {
        return this != WAITING && this != RUNNING;
    }

    /// Whether it is not what was recorded.
    public boolean isProblem() {
        return this == DIVERGED || this == FAILED;
    }
}
