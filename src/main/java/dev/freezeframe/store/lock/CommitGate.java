package dev.freezeframe.store.lock;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;

/// Lets any number of writers in together, or one that must be alone. Unlike a read-write lock it is not tied to threads:
/// a checkpoint may be begun in one and committed in another.
public final class CommitGate {
    @GuardedBy("this")
    private int inside;
    @GuardedBy("this")
    private int waitingForAlone;
    @GuardedBy("this")
    private boolean alone;

    public synchronized void enter() throws StoreException {
        try {
            while (alone || waitingForAlone > 0) {
                wait();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        inside++;
    }

    public synchronized void leave() {
        inside--;
        notifyAll();
    }

    /// Runs work while no writer is inside.
    public <T> T alone(LockedWork<T> work) throws StoreException {
        enterAlone();
        try {
            return work.run();
        } finally {
            leaveAlone();
        }
    }

    private synchronized void enterAlone() throws StoreException {
        waitingForAlone++;
        try {
            while (alone || inside > 0) {
                wait();
            }
            alone = true;
        } catch (InterruptedException e) {
            throw interrupted(e);
        } finally {
            waitingForAlone--;
            notifyAll();
        }
    }

    private synchronized void leaveAlone() {
        alone = false;
        notifyAll();
    }

    private static StoreException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new StoreException(Reason.FAILED, "interrupted while waiting for the store", e);
    }
}
