package dev.freezeframe.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A store with thousands of checkpoints lists them as one with few does: nothing is asked for one by one.
class ManyCheckpointsTest {
    private static final int FEW = 20;
    private static final int CHECKPOINTS = 2000;

    /// How many statements the database executes while the experiment is listed.
    private static long statementsOfAListing(Path directory) throws Exception {
        try (Store store = Store.open(directory);
                Connection connection = DriverManager.getConnection("jdbc:h2:freezeframe:retry:" + directory.resolve(
                        "store"), "sa", "");
                Statement sql = connection.createStatement()) {
            sql.execute("SET QUERY_STATISTICS FALSE");
            sql.execute("SET QUERY_STATISTICS TRUE");
            long id = store.experiment("long").orElseThrow().id();
            store.checkpoints(id);
            store.annotations(id);
            store.totals();
            try (ResultSet counted = sql.executeQuery("SELECT SUM(execution_count) FROM"
                    + " information_schema.query_statistics")) {
                counted.next();
                return counted.getLong(1);
            }
        }
    }

    @Test
    @Tag("soak")
    void thousandsOfCheckpointsAreListedWithAsManyStatementsAsAFew(@TempDir Path directory) throws Exception {
        Path few = directory.resolve("few");
        try (Store store = Store.open(few)) {
            SyntheticExperiments.write(store, "long", FEW, 1);
        }
        Path many = directory.resolve("many");
        try (Store store = Store.open(many)) {
            SyntheticExperiments.write(store, "long", CHECKPOINTS, 1);
        }
        long statements = statementsOfAListing(few);
        assertTrue(statements > 0, "nothing was counted");
        assertEquals(statements, statementsOfAListing(many));
        try (Store store = Store.open(many)) {
            long id = store.experiment("long").orElseThrow().id();
            List<CheckpointRecord> checkpoints = store.checkpoints(id);
            int annotations = store.annotations(id).size();
            ExperimentTotals totals = store.totals().getFirst();
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
