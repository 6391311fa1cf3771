package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// While recordings write, a window may read everything, write notes, delete and collect garbage; every recording goes on
/// without a failed checkpoint, and what is left is whole.
class StoreThreadsTest {
    private static final int PAGES = 256;
    private static final int CHECKPOINTS = 50;
    private static final int KEPT = 8;
    /// What the others have done at least when the recordings end.
    private static final int READ_ROUNDS = 6;
    private static final int COLLECTIONS = 3;

    @TempDir
    private Path directory;

    @Test
    @Tag("slow")
    void readingDeletingAndCollectingBesideTwoRecordingsFailsNothing() throws Exception {
        try (Store store = Store.open(directory);
                Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT);
                ExecutorService threads = Executors.newCachedThreadPool()) {
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger readRounds = new AtomicInteger();
            AtomicInteger collections = new AtomicInteger();
            List<Recording> recordings = List.of(new Recording(store, dedup, "one", PAGES, 1),
                    new Recording(store, dedup, "two", PAGES, 2));
            List<Future<?>> writers = new ArrayList<>();
            for (Recording recording : recordings) {
                writers.add(threads.submit(() -> {
                    for (int i = 0; !over.get() && (i < CHECKPOINTS || readRounds.get() < READ_ROUNDS
                            || collections.get() < COLLECTIONS); i++) {
                        CheckpointRecord checkpoint = recording.step(60);
                        store.putPicture(checkpoint.id(), Picture.ofConsole("checkpoint " + checkpoint.number()));
                    }
                    return null;
                }));
            }
            List<Future<?>> others = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                others.add(threads.submit(until(over, () -> {
                    readEverything(store);
                    readRounds.incrementAndGet();
                })));
            }
            others.add(threads.submit(until(over, () -> {
                keepTo(store, "one");
                keepTo(store, "two");
                store.gc(Progress.NONE);
                collections.incrementAndGet();
            })));
            others.add(threads.submit(until(over, () -> assertTrue(store.verify(Progress.NONE).isSound()))));
            try {
                for (Future<?> writer : writers) {
                    writer.get(60, TimeUnit.SECONDS);
                }
            } finally {
                over.set(true);
            }
            for (Future<?> other : others) {
                other.get();
            }
            for (Recording recording : recordings) {
                keepTo(store, recording.name);
                assertEquals(KEPT, store.checkpoints(recording.experimentId).size());
                recording.assertIntact(store);
            }
            assertEquals(List.of(), store.verify(Progress.NONE).remarks());
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    private interface Round {
        void run() throws Exception;
    }

    private static Callable<Void> until(AtomicBoolean over, Round round) {
        return () -> {
            try {
                while (!over.get()) {
                    round.run();
                }
                return null;
            } finally {
                over.set(true); // nobody waits for the rounds of one that failed
            }
        };
    }

    /// What a budget of checkpoints does.
    private static void keepTo(Store store, String name) throws StoreException {
        List<CheckpointRecord> checkpoints = store.checkpoints(store.experiment(name).orElseThrow().id());
        // one that somebody reads just then is left for the next time
        store.delete(checkpoints.subList(0, Math.max(0, checkpoints.size() - KEPT)).stream().map(CheckpointRecord::name)
                .toList());
    }

    /// What a window does when it follows a recording and a person clicks about. Only what was deleted meanwhile may be
    /// missing.
    private static void readEverything(Store store) throws StoreException {
        Random random = new Random();
        store.totals();
        for (var experiment : store.experiments()) {
            List<CheckpointRecord> checkpoints = store.checkpoints(experiment.id());
            store.annotations(experiment.id());
            if (checkpoints.isEmpty()) {
                continue;
            }
            CheckpointRecord checkpoint = checkpoints.get(random.nextInt(checkpoints.size()));
            try {
                assertEquals(PAGES, store.pageMap(checkpoint.id(), "ram").pages());
                store.annotate(checkpoint.id(), Annotation.of("seen", List.of("seen")));
                store.readImageBytes(checkpoint.id(), "device-state");
            } catch (StoreException e) {
                boolean gone = store.checkpoint(checkpoint.id()).isEmpty();
                assertTrue(gone && (e.reason() == Reason.NOT_FOUND || e.reason() == Reason.DAMAGED), () -> "" + e);
            }
            store.picture(checkpoint.id());
            store.pageClasses(checkpoint.id()).ifPresent(
                    classes -> assertEquals(checkpoint.metrics().dirtyPages(), classes.dirtyPages()));
            store.find(CheckpointName.LATEST);
        }
    }
}
