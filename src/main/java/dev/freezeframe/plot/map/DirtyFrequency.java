package dev.freezeframe.plot.map;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.StoreException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Counts in how many of some checkpoints each page was dirty. It remembers what it has counted, so that one checkpoint more
/// costs one read; work that is given up half-way leaves a count that the next call goes on from. For any thread, one at a
/// time.
public final class DirtyFrequency {
    private final int pages;
    @GuardedBy("this")
    private char[] counts;
    @GuardedBy("this")
    private final Set<Long> counted = new HashSet<>();

    public DirtyFrequency(int pages) {
        this.pages = pages;
        counts = new char[pages];
    }

    /// Counts these checkpoints and no others.
    ///
    /// @param unlessCancelled is called between two, and throws where nobody wants the count any more
    public synchronized PageStates.Frequency of(Store store, List<CheckpointRecord> wanted, Runnable unlessCancelled)
            throws StoreException {
        Set<Long> ids = new HashSet<>();
        wanted.forEach(checkpoint -> ids.add(checkpoint.id()));
        List<Long> gone = new ArrayList<>(counted);
        gone.removeAll(ids);
        if (gone.size() > ids.size() / 2) {
            restart();
            gone.clear();
        }
        for (long id : gone) {
            unlessCancelled.run();
            if (!change(store, id, -1)) {
                // it was deleted, and nobody knows any more which pages it had
                restart();
                break;
            }
            counted.remove(id);
        }
        for (CheckpointRecord checkpoint : wanted) {
            if (!counted.contains(checkpoint.id())) {
                unlessCancelled.run();
                change(store, checkpoint.id(), 1);
                counted.add(checkpoint.id());
            }
        }
        int most = 0;
        for (char count : counts) {
            most = Math.max(most, count);
        }
        return new PageStates.Frequency(counts.clone(), ids.size(), most);
    }

    @GuardedBy("this")
    private void restart() {
        counts = new char[pages];
        counted.clear();
    }

    @GuardedBy("this")
    private boolean change(Store store, long id, int by) throws StoreException {
        Optional<PageClassMap> map = store.pageClasses(id);
        char[] changed = counts;
        map.ifPresent(classes -> classes.forEachRun((first, count, _) -> {
            int end = Math.min(pages, first + count);
            for (int page = first; page < end; page++) {
                changed[page] = (char) Math.clamp(changed[page] + by, 0, Character.MAX_VALUE);
            }
        }));
        return map.isPresent();
    }
}
