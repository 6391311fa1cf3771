package dev.freezeframe.store.lock;

import java.util.concurrent.atomic.AtomicBoolean;

/// The right to write one checkpoint. While it is held, no chunk of the store is deleted, so every id that was found stays
/// good; hold it no longer than one checkpoint takes.
public final class WriteLease implements AutoCloseable {
    private final CommitGate gate;
    private final long generation;
    private final AtomicBoolean open = new AtomicBoolean(true);

    public WriteLease(CommitGate gate, long generation) {
        this.gate = gate;
        this.generation = generation;
    }

    /// Which opening of the database it belongs to; writes fail once the database had to be opened anew.
    public long generation() {
        return generation;
    }

    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            gate.leave();
        }
    }
}
