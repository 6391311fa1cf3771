package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which of the kept simulations a command goes on with.
class SimulationTest {
    private static final int CHECKPOINTS = 6;

    @TempDir
    private Path folder;
    private Store store;
    private ExperimentRecord run;

    @BeforeEach
    void open() throws Exception {
        store = Store.open(folder.resolve("store"));
        run = ArrayGuest.record(store, "run", CHECKPOINTS, 1);
    }

    @AfterEach
    void close() throws Exception {
        store.close();
    }

    private SimulationRecord begun(int last) throws Exception {
        return new Simulation(store, run, new Simulation.Options(1, true, Optional.empty(), Optional.empty(), Optional
                .empty()))
                .begun(new SimulationRecord(0, run.id(), "", true, 1, last, 1, Instant.now(), Optional.empty()),
                        Optional.empty());
    }

    private void ended(SimulationRecord simulation, int to, EndState state) throws Exception {
        store.simulations().add(simulation, new SimulatedInterval(to - 1, to, 1000, state, "", 0, List.of(), 1, 1, 1, 1,
                "{}"));
    }

    private List<Integer> ends(SimulationRecord simulation) throws Exception {
        return store.simulations().intervals(simulation).stream().map(SimulatedInterval::to).toList();
    }

    @Test
    void whatCouldNotBeExecutedAtItsEndIsLeftOutOfTheSameSimulation() throws Exception {
        SimulationRecord first = begun(CHECKPOINTS);
        for (int to = 2; to <= CHECKPOINTS; to++) {
            ended(first, to, to < 5 ? EndState.PROVEN : EndState.FAILED);
        }
        SimulationRecord shorter = begun(4);
        assertEquals(first.id(), shorter.id());
        assertEquals(4, shorter.last());
        assertEquals(List.of(shorter), store.simulations().of(run.id()));
        assertEquals(List.of(2, 3, 4), ends(shorter), "nothing is to be executed anew");
    }

    @Test
    void aShorterOneOfWhatWasInterruptedTakesNothingOfItAway() throws Exception {
        SimulationRecord first = begun(CHECKPOINTS);
        ended(first, 3, EndState.PROVEN);
        ended(first, CHECKPOINTS, EndState.PROVEN);
        assertEquals(first, begun(CHECKPOINTS), "the same is gone on with");
        assertNotEquals(first.id(), begun(4).id());
        assertEquals(List.of(3, CHECKPOINTS), ends(first));
    }

    /// Such as what was executed while the run was still being recorded.
    @Test
    void anInterruptedOneThatIsShorterIsGoneOnWith() throws Exception {
        SimulationRecord first = begun(4);
        ended(first, 2, EndState.PROVEN);
        SimulationRecord whole = begun(CHECKPOINTS);
        assertEquals(first.id(), whole.id());
        assertEquals(CHECKPOINTS, whole.last());
        assertEquals(List.of(2), ends(whole));
    }

    @Test
    void oneThatGrewHasNotEnded() throws Exception {
        SimulationRecord first = begun(4);
        store.simulations().end(first, Instant.now());
        SimulationRecord ended = store.simulations().of(run.id()).getFirst();
        assertEquals(ended.endedAt(), store.simulations().endAt(ended, 3).endedAt());
        assertEquals(Optional.empty(), store.simulations().endAt(ended, CHECKPOINTS).endedAt());
        assertEquals(Optional.empty(), store.simulations().of(run.id()).getFirst().endedAt());
    }
}
