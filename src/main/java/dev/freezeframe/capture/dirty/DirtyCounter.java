package dev.freezeframe.capture.dirty;

import java.io.IOException;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/// Looks how many pages changed since the last harvest without resetting anything, so that a person can watch the dirty
/// set grow. An estimate, for one thread at a time, which need not be the one that harvests.
public interface DirtyCounter extends AutoCloseable {

    /// Counts.
    ///
    /// @param giveUp asked every few hundred microseconds at the latest; a checkpoint must not wait for this
    /// @return empty if it was given up
    /// @throws IOException if the machine's memory can no longer be looked at
    OptionalLong count(BooleanSupplier giveUp) throws IOException;

    @Override
    void close();
}
