package dev.freezeframe.simulate;

import dev.freezeframe.store.model.SimulatedInterval;

/// Who executes intervals, one after the other. For one thread.
interface IntervalWork extends AutoCloseable {
    /// Executes one. What goes wrong is in the result.
    SimulatedInterval run(Interval interval);

    /// Whether what did not come to its end may do so the next time.
    boolean mayGoBetter();

    @Override
    void close();
}
