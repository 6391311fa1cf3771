package dev.freezeframe.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.lock.StoreOwner;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.upkeep.VerifyReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What came of simulations is kept under numbers that stay, and a row of it that is damaged is a line.
class SimulationsTest {
    private static final int CHECKPOINTS = 6;

    @TempDir
    private Path folder;

    private Path directory() {
        return folder.resolve("store");
    }

    private static SimulationRecord write(Store store, String plugin, boolean whole) throws StoreException {
        return SyntheticSimulations.write(store, store.experiment("run").orElseThrow().id(), plugin, List.of(), whole);
    }

    private static List<Integer> ends(Store store, SimulationRecord simulation) throws StoreException {
        return store.simulations().intervals(simulation).stream().map(SimulatedInterval::to).toList();
    }

    @Test
    void aNumberIsNeverUsedAgain() throws Exception {
        try (Store store = Store.open(directory())) {
            long run = SyntheticExperiments.write(store, "run", CHECKPOINTS, 1);
            SimulationRecord first = write(store, "", true);
            SimulationRecord second = write(store, "cache", true);
            assertTrue(store.simulations().delete(second));
            assertFalse(store.simulations().delete(second), "it is gone already");
            assertEquals(List.of(first), store.simulations().of(run));
        }
        try (Store store = Store.open(directory())) {
            assertTrue(write(store, "cache", true).id() > 2);
        }
    }

    /// As the files are left by a program that is killed at this moment.
    private List<Integer> keptIfKilledNow(Store store, long run) throws Exception {
        Path left = Files.createTempDirectory(folder, "left");
        try (Stream<Path> files = Files.list(store.directory())) {
            for (Path each : files.filter(file -> !file.endsWith(StoreOwner.FILE_NAME)).toList()) {
                Files.copy(each, left.resolve(each.getFileName()));
            }
        }
        try (Store after = Store.open(left)) {
            List<SimulationRecord> kept = after.simulations().of(run);
            return kept.isEmpty() ? List.of() : ends(after, kept.getLast());
        }
    }

    @Test
    void whatCameOfAnIntervalSurvivesAKill() throws Exception {
        try (Store store = Store.open(directory())) {
            long run = SyntheticExperiments.write(store, "run", CHECKPOINTS, 1);
            SimulationRecord simulation = write(store, "", false);
            List<SimulatedInterval> intervals = store.simulations().intervals(simulation);
            assertEquals(intervals.stream().map(SimulatedInterval::to).toList(), keptIfKilledNow(store, run));
            store.simulations().forget(simulation, intervals.getFirst());
            assertEquals(intervals.stream().skip(1).map(SimulatedInterval::to).toList(), keptIfKilledNow(store, run));
            assertTrue(store.simulations().delete(simulation));
            assertEquals(List.of(), keptIfKilledNow(store, run));
        }
    }

    @Test
    void oneThatIsShortenedHasNothingBehindItsEnd() throws Exception {
        try (Store store = Store.open(directory())) {
            long run = SyntheticExperiments.write(store, "run", CHECKPOINTS, 1);
            SimulationRecord simulation = write(store, "", true);
            SimulationRecord shorter = store.simulations().endAt(simulation, 4);
            assertEquals(List.of(shorter), store.simulations().of(run));
            assertEquals(4, shorter.last());
            assertEquals(List.of(2, 3, 4), ends(store, shorter));
            store.simulations().forget(shorter, store.simulations().intervals(shorter).getFirst());
            assertEquals(List.of(3, 4), ends(store, shorter));
        }
    }

    @Test
    void aRowThatIsDamagedIsALineAndVerifyNamesIt() throws Exception {
        try (Store store = Store.open(directory())) {
            SyntheticExperiments.write(store, "run", CHECKPOINTS, 1);
            write(store, "cache", true);
        }
        for (String[] damage : new String[][]{{"result = '[1]'", "a result that is no JSON object"},
                {"result = '7'", "a result that is no JSON object"}, {"result = ''", "a result that is no JSON object"},
                {"result = '{\"a\":'", "a result that is no JSON"}, {"result = '{} {}'", "more than a JSON object"},
                {"result = 'x'", "a result that is no JSON"}, {"result = '{}', state = 'PROVED'", "state is PROVED"},
                {"state = 'PROVEN', worker = 0", "figures that cannot be"},
                {"worker = 1, run_millis = -1", "figures that cannot be"}}) {
            try (Connection connection = StoreTables.connection(directory());
                    Statement statement = connection.createStatement()) {
                assertEquals(1, statement.executeUpdate("UPDATE simulated_interval SET " + damage[0]
                        + " WHERE from_number = 3"));
            }
            try (Store store = Store.open(directory())) {
                SimulationRecord simulation = store.simulations().of(store.experiment("run").orElseThrow().id())
                        .getFirst();
                StoreException refused = assertThrows(StoreException.class, () -> store.simulations().intervals(
                        simulation), damage[0]);
                assertEquals(Reason.DAMAGED, refused.reason());
                assertTrue(refused.getMessage().contains(damage[1]), refused.getMessage());
                assertTrue(refused.getMessage().contains("simulations EXPERIMENT 1 --delete"), refused.getMessage());
                assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
                VerifyReport report = store.verify(Progress.NONE);
                assertEquals(List.of("run: " + refused.getMessage()), report.remarks());
                assertTrue(report.isSound(), "the recording has lost nothing");
            }
        }
    }
}
