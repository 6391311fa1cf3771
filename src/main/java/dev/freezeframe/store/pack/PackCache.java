package dev.freezeframe.store.pack;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// The decompressed packs that image readers used last or are about to use, shared by all readers of a store. Bounded in
/// bytes; a pack is loaded once, however many readers ask for it at once, and packs that were asked for ahead of time are
/// loaded by a few threads in the background.
///
/// It is apart from the packs that deduplication keeps in memory: what a disk is read for once must not drive out what every
/// checkpoint is compared with; and least recently used goes first, so that what was loaded ahead is still there when
/// reading gets to it.
public final class PackCache implements AutoCloseable {
    private static final int THREADS = 2;
    /// Beyond it nothing more is loaded ahead; readers load it when they get there.
    private static final int MOST_WAITING = 64;
    private static final long IDLE_SECONDS = 5;

    /// Where packs come from.
    @FunctionalInterface
    public interface Loader {
        Pack load(long packId) throws StoreException;
    }

    private final long maxBytes;
    private final Loader loader;
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MOST_WAITING), Thread.ofPlatform().daemon().name("read-ahead-", 0).factory());
    /// The least recently used first.
    @GuardedBy("this")
    private final Map<Long, Entry> entries = new LinkedHashMap<>(64, 0.75f, true);
    @GuardedBy("this")
    private long bytes;
    @GuardedBy("this")
    private long loads;

    /// A pack that is there, or on its way.
    private final class Entry {
        final long packId;
        final FutureTask<Pack> pack;
        /// 0 while it is on its way.
        int bytes;

        Entry(long packId) {
            this.packId = packId;
            pack = new FutureTask<>(this::load);
        }

        private Pack load() throws StoreException {
            boolean done = false;
            try {
                Pack loaded = loader.load(packId);
                arrived(this, loaded.sizeBytes());
                done = true;
                return loaded;
            } finally {
                if (!done) {
                    // so that the next one tries again
                    drop(this);
                }
            }
        }
    }

    public PackCache(long maxBytes, Loader loader) {
        this.maxBytes = maxBytes;
        this.loader = loader;
        threads.allowCoreThreadTimeOut(true);
    }

    /// The pack, loaded by this thread if nobody else is at it.
    Pack get(long packId) throws StoreException {
        Entry entry;
        synchronized (this) {
            entry = entries.computeIfAbsent(packId, Entry::new);
        }
        entry.pack.run();
        try {
            return entry.pack.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException cause) {
                throw new StoreException(cause.reason(), cause.getMessage(), e);
            }
            throw new IllegalStateException("loading pack " + packId + " failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(Reason.FAILED, "interrupted while reading pack " + packId, e);
        }
    }

    /// Loads a pack in the background, unless it is there or too many wait.
    void prefetch(long packId) {
        Entry entry;
        synchronized (this) {
            if (entries.get(packId) != null) {
                return;
            }
            entry = new Entry(packId);
            entries.put(packId, entry);
        }
        try {
            threads.execute(entry.pack);
        } catch (RejectedExecutionException e) {
            drop(entry);
        }
    }

    @SuppressWarnings("ReferenceEquality") // a pack may have been dropped and asked for again
    private synchronized void arrived(Entry entry, int sizeBytes) {
        loads++;
        if (entries.get(entry.packId) != entry) {
            return;
        }
        entry.bytes = sizeBytes;
        bytes += sizeBytes;
        for (Iterator<Entry> oldest = entries.values().iterator(); bytes > maxBytes && oldest.hasNext();) {
            Entry each = oldest.next();
            if (each.bytes > 0 && each != entry) {
                bytes -= each.bytes;
                oldest.remove();
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // as above
    private synchronized void drop(Entry entry) {
        if (entries.get(entry.packId) == entry) {
            entries.remove(entry.packId);
            bytes -= entry.bytes;
        }
    }

    public synchronized void forget(long packId) {
        Entry entry = entries.remove(packId);
        if (entry != null) {
            bytes -= entry.bytes;
        }
    }

    public synchronized void forgetAll() {
        entries.clear();
        bytes = 0;
    }

    /// How many packs have been loaded so far.
    synchronized long loads() {
        return loads;
    }

    /// Bytes of the packs that are in memory.
    synchronized long sizeBytes() {
        return bytes;
    }

    @Override
    public void close() {
        threads.shutdown();
        threads.getQueue().clear();
        forgetAll();
    }
}
