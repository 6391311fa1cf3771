package dev.freezeframe.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A store with thousands of checkpoints opens, and lists them, in a moment.
class ManyCheckpointsTest {
    private static final int CHECKPOINTS = 2000;
    /// Several times what was measured for five times as many, so that a busy machine does not fail it.
    private static final long MAX_MILLIS = 1000;

    @Test
    void thousandsOfCheckpointsAreListedInAMoment(@TempDir Path directory) throws Exception {
        try (Store store = Store.open(directory)) {
            SyntheticExperiments.write(store, "long", CHECKPOINTS, 1);
        }
        long start = System.nanoTime();
        try (Store store = Store.open(directory)) {
            long id = store.experiment("long").orElseThrow().id();
            List<CheckpointRecord> checkpoints = store.checkpoints(id);
            int annotations = store.annotations(id).size();
            ExperimentTotals totals = store.totals().getFirst();
            long millis = (System.nanoTime() - start) / 1_000_000;
            assertTrue(millis < MAX_MILLIS, millis + " ms");
            assertEquals(CHECKPOINTS, checkpoints.size());
            assertEquals(CHECKPOINTS, totals.checkpoints());
            assertEquals(CHECKPOINTS / 250, annotations);
            List<Long> pauses = checkpoints.stream().map(each -> each.metrics().pauseMicros()).sorted().toList();
            assertTrue(totals.medianPauseMicros() >= pauses.get(CHECKPOINTS / 2 - 1)
                    && totals.medianPauseMicros() <= pauses.get(CHECKPOINTS / 2));
            assertEquals(pauses.getLast(), totals.maxPauseMicros());
            for (CheckpointRecord checkpoint : List.of(checkpoints.getFirst(), checkpoints.get(CHECKPOINTS / 2),
                    checkpoints.getLast())) {
                assertEquals(checkpoint.metrics().dirtyPages(),
                        store.pageClasses(checkpoint.id()).orElseThrow().dirtyPages());
                assertTrue(store.picture(checkpoint.id()).orElseThrow().text().contains(
                        "tick " + checkpoint.number() + " "));
            }
        }
    }
}
