package dev.freezeframe.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.lock.LockedWork;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// The experiments that this process records into a store, and what they keep from being deleted: themselves, and what they
/// build on. While one is recorded, the file is not made shorter, and the other way round. For any thread.
final class RunningRecordings {
    private final Path store;
    @GuardedBy("this")
    private final Set<Long> experimentIds = new HashSet<>();
    @GuardedBy("this")
    private boolean shrinking;

    /// What begins a recording.
    @FunctionalInterface
    interface Beginning {
        long experimentId() throws StoreException;
    }

    RunningRecordings(Path store) {
        this.store = store;
    }

    /// Begins a recording, unless the file is being made shorter.
    ///
    /// @return what `beginning` said
    synchronized long begin(Beginning beginning) throws StoreException {
        if (shrinking) {
            throw new StoreException(Reason.REFUSED, "nothing can be recorded while the file of store " + store
                    + " is made shorter; record again in a moment");
        }
        long id = beginning.experimentId();
        experimentIds.add(id);
        return id;
    }

    synchronized void end(long experimentId) {
        experimentIds.remove(experimentId);
    }

    synchronized boolean areAny() {
        return !experimentIds.isEmpty();
    }

    /// Those of now; what is done to them has to be inside [#holdStill].
    synchronized Set<Long> experimentIds() {
        return Set.copyOf(experimentIds);
    }

    /// Works while no recording begins or ends.
    synchronized <T> T holdStill(LockedWork<T> work) throws StoreException {
        return work.run();
    }

    /// Keeps recordings from beginning until [#shrunk].
    ///
    /// @param other what else there is against it
    /// @return why it cannot be, if it cannot
    synchronized Optional<String> shrink(Supplier<Optional<String>> other) {
        if (!experimentIds.isEmpty()) {
            return Optional.of("a recording is running; collect again when none is");
        }
        Optional<String> reason = other.get();
        shrinking = reason.isEmpty();
        return reason;
    }

    synchronized void shrunk() {
        shrinking = false;
    }
}
