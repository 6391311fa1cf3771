package dev.freezeframe.capture;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.GuestPage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The memory that captured pages wait in until the pipeline has stored them; it never grows beyond its bound.
/// A store that falls behind empties the pool, which makes checkpoints late instead of filling the heap.
///
/// Safe for use by several threads. Slabs are made when first needed and kept for the life of the pool.
final class SlabPool {
    private static final Logger LOG = LoggerFactory.getLogger(SlabPool.class);
    private static final int FEWEST = 4;

    /// Guarded by the lock; smaller than asked for where Java gives no more.
    private volatile int capacity;
    @GuardedBy("lock")
    private final ArrayDeque<Slab> free = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    @GuardedBy("lock")
    private int made;

    /// @param sizeBytes the most memory that the slabs may take
    SlabPool(long sizeBytes) {
        capacity = Math.toIntExact(Math.max(FEWEST, sizeBytes / (Slab.CAPACITY * GuestPage.BYTES)));
    }

    int capacity() {
        return capacity;
    }

    /// Slabs that can be had without waiting.
    int available() {
        lock.lock();
        try {
            return free.size() + capacity - made;
        } finally {
            lock.unlock();
        }
    }

    /// A slab, or null if none is free. Makes one if that is allowed, so it may allocate: not for the pause window.
    Slab poll() {
        lock.lock();
        try {
            Slab slab = free.poll();
            if (slab == null && made < capacity) {
                slab = make();
            }
            return slab;
        } finally {
            lock.unlock();
        }
    }

    /// Java has a bound of its own for memory outside the heap; a pool that meets it stays as large as it is.
    @GuardedBy("lock")
    private Slab make() {
        try {
            Slab slab = new Slab(this);
            made++;
            return slab;
        } catch (OutOfMemoryError e) {
            if (made < FEWEST) {
                throw e;
            }
            LOG.warn("the capture buffer has {} MiB instead of {}: Java gives no more memory outside its heap; "
                    + "FREEZEFRAME_JAVA_OPTS=-XX:MaxDirectMemorySize=4g makes that more", mebibytes(made),
                    mebibytes(capacity));
            capacity = made;
            return null;
        }
    }

    private static long mebibytes(int slabs) {
        return (slabs * (long) (Slab.CAPACITY * GuestPage.BYTES)) >> 20;
    }

    /// A slab, waiting until the pipeline gives one back.
    Slab take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            Slab slab = poll();
            while (slab == null) {
                released.await();
                slab = poll();
            }
            return slab;
        } finally {
            lock.unlock();
        }
    }

    /// A slab, or null if the pipeline gives none back within this time.
    Slab take(Duration patience) throws InterruptedException {
        long left = patience.toNanos();
        lock.lockInterruptibly();
        try {
            Slab slab = poll();
            while (slab == null && left > 0) {
                left = released.awaitNanos(left);
                slab = poll();
            }
            return slab;
        } finally {
            lock.unlock();
        }
    }

    void release(Slab slab) {
        slab.clear();
        lock.lock();
        try {
            free.push(slab);
            released.signal();
        } finally {
            lock.unlock();
        }
    }
}
