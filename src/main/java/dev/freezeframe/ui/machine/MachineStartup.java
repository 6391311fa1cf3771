package dev.freezeframe.ui.machine;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/// The QEMUs of one start, from the moment that it was asked for. Whoever ends one of them here waits until it is there, or
/// will never be, so that none can arrive behind the back of those who no longer want it.
final class MachineStartup {
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CompletableFuture<List<AutoCloseable>> arrived = new CompletableFuture<>();

    /// Starts what was asked for, in the thread that calls.
    ///
    /// @param closers one for each machine, each of which may be closed more than once
    <T> T bring(Callable<T> start, Function<T, List<AutoCloseable>> closers) throws Exception {
        if (!begun.compareAndSet(false, true)) {
            throw new CancellationException();
        }
        List<AutoCloseable> owned = List.of();
        try {
            T brought = start.call();
            owned = closers.apply(brought);
            return brought;
        } finally {
            arrived.complete(owned);
        }
    }

    /// Nothing is to be started any more, unless that is under way already.
    void giveUp() {
        if (begun.compareAndSet(false, true)) {
            arrived.complete(List.of());
        }
    }

    /// Ends one of the machines, once it is there. Blocks as long as QEMU takes to start.
    void end(int index) throws Exception {
        List<AutoCloseable> owned = arrived.join();
        if (index < owned.size()) {
            owned.get(index).close();
        }
    }
}
