package dev.freezeframe.base;

/// Told how far a long operation has come. Called from the thread that does the work; throwing from here aborts it.
@FunctionalInterface
public interface Progress {
    /// Ignores everything.
    Progress NONE = (step, done, total) -> {};

    /// Work has come a step further.
    ///
    /// @param step  what is going on, for a person
    /// @param done  units done
    /// @param total units in all
    void at(String step, long done, long total);
}
