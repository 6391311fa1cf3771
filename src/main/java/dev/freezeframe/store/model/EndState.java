package dev.freezeframe.store.model;

/// What came of an interval of a recorded run that was executed again.
public enum EndState {
    /// It ended as the recording did: the same RAM, the same devices, at the same instruction.
    PROVEN("proven", "proven"),
    /// It ended at the same instruction, but on the other side of an interrupt that is between that and the next; where both are
    /// behind it, all is equal.
    PROVEN_ACROSS_INTERRUPT("provenAcrossInterrupt", "proven across an interrupt"),
    /// It ended otherwise.
    DIVERGED("diverged", "diverged"),
    /// It did not come to its end.
    FAILED("failed", "failed"),
    /// A run that nothing leads was executed from its beginning for as long as it took; where it ended, it was on its own.
    REEXECUTED("reexecuted", "re-executed"),
    /// It came to its end, and nobody wanted that compared.
    ENDED("ended", "ended");

    private final String json;
    private final String words;

    EndState(String json, String words) {
        this.json = json;
        this.words = words;
    }

    /// In JSON lines.
    public String json() {
        return json;
    }

    /// For people.
    public String words() {
        return words;
    }

    /// Whether what was measured in it may be used.
    public boolean isSound() {
        return this != DIVERGED && this != FAILED;
    }
}
