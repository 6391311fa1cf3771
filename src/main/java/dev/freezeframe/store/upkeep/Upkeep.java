package dev.freezeframe.store.upkeep;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.Threads;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.model.StoreException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the file of a store near the size of its content while checkpoints come. Each commit leaves some pages of the
/// tables behind that the next one writes anew, scattered among others that stay; in a thread of its own, what stays is
/// moved together, and what comes finds room inside the file.
///
/// The file stays below [#FACTOR] times what is in use, and [#ALLOWANCE_BYTES] more.
public final class Upkeep implements AutoCloseable {
    /// Half of this is what a file needs to be tidied up cheaply.
    static final double FACTOR = 2;
    /// A small file may be untidy.
    static final long ALLOWANCE_BYTES = 8 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
    /// Looking is cheap, but not free.
    private static final int COMMITS_PER_LOOK = 16;
    /// Begins before the promise is at risk.
    private static final double EARLY = 0.75;

    private final StoreFile file;
    private final AtomicInteger commits = new AtomicInteger();
    @GuardedBy("this")
    private Thread thread;
    @GuardedBy("this")
    private boolean due;
    @GuardedBy("this")
    private boolean closed;

    public Upkeep(StoreFile file) {
        this.file = file;
    }

    /// A checkpoint was committed. Does not wait.
    public void committed() {
        if (commits.incrementAndGet() % COMMITS_PER_LOOK != 0) {
            return;
        }
        synchronized (this) {
            if (thread == null && !closed) {
                thread = Thread.ofPlatform().name("store-upkeep").daemon().start(this::run);
            }
            due = true;
            notifyAll();
        }
    }

    private synchronized boolean awaitWork() throws InterruptedException {
        while (!due && !closed) {
            wait();
        }
        due = false;
        return !closed;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void run() {
        try {
            while (awaitWork()) {
                try {
                    tidy();
                } catch (StoreException e) {
                    LOG.debug("the file is not tidied up now: {}", e.getMessage());
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("upkeep ends");
        }
    }

    /// One step for each look: what it leaves behind is free when the commits until the next have been written, see
    /// [dev.freezeframe.store.catalog.OwnedFiles]; more steps at once would make the file larger first.
    private void tidy() throws StoreException {
        if (!isClosed() && isUntidy()) {
            file.access("tidy the file up", now -> now.gather(StoreFile.GATHER_STEP_BYTES));
        }
    }

    private boolean isUntidy() throws StoreException {
        return file.access("measure", now -> {
            long size = file.sizeBytes();
            double used = now.usedShare();
            return size > EARLY * (FACTOR * used * size + ALLOWANCE_BYTES) && now.roomInside() < size / 8;
        });
    }

    /// Ends it after the step that it is at.
    @Override
    public void close() {
        Thread running;
        synchronized (this) {
            closed = true;
            notifyAll();
            running = thread;
        }
        if (running != null) {
            Threads.join(running);
        }
    }
}
