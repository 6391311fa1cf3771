package dev.freezeframe.store;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.SimulationTable;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What came of recorded runs that were executed again. Each interval is kept as soon as it has ended, so that what was
/// interrupted goes on where it stopped. All of it goes with its experiment. For any thread.
public final class Simulations {
    private final StoreFile file;

    Simulations(StoreFile file) {
        this.file = file;
    }

    /// Begins one.
    ///
    /// @return the same with its number
    public SimulationRecord begin(SimulationRecord record) throws StoreException {
        long id = write("store a simulation", session -> SimulationTable.insert(session, record));
        return record.numbered(id);
    }

    /// Keeps what came of an interval, in the place of what came of it before.
    public void add(SimulationRecord simulation, SimulatedInterval interval) throws StoreException {
        file.requireSpace();
        write("store an interval", session -> {
            SimulationTable.put(session, simulation.id(), interval);
            return null;
        });
    }

    /// Takes away what came of an interval.
    public void forget(SimulationRecord simulation, SimulatedInterval interval) throws StoreException {
        write("forget an interval", session -> {
            SimulationTable.delete(session, simulation.id(), interval.from(), interval.to());
            return null;
        });
    }

    /// Has one end at another checkpoint: a later one while the run is being recorded, or an earlier one, which takes away what
    /// came of intervals behind that.
    ///
    /// @param last the number of that checkpoint
    /// @return the same as it is now
    public SimulationRecord endAt(SimulationRecord simulation, int last) throws StoreException {
        write("store a simulation", session -> {
            SimulationTable.endAt(session, simulation.id(), last);
            return null;
        });
        return new SimulationRecord(simulation.id(), simulation.experimentId(), simulation.plugin(), simulation.proof(),
                simulation.first(), last, simulation.every(), simulation.startedAt(),
                last > simulation.last()
                        ? Optional
                                .empty()
                        : simulation.endedAt());
    }

    /// Notes that all is done.
    public void end(SimulationRecord simulation, Instant at) throws StoreException {
        write("store a simulation", session -> {
            SimulationTable.end(session, simulation.id(), at);
            return null;
        });
    }

    /// Those of an experiment, the newest last.
    public List<SimulationRecord> of(long experimentId) throws StoreException {
        return file.read("look simulations up", session -> SimulationTable.ofExperiment(session, experimentId));
    }

    /// What came of the intervals of one so far, in the order of the run.
    public List<SimulatedInterval> intervals(SimulationRecord simulation) throws StoreException {
        return file.read("read a simulation", session -> {
            try {
                return SimulationTable.intervals(session, simulation.id());
            } catch (CorruptionException e) {
                throw new StoreException(Reason.DAMAGED,
                        simulation.damaged(e),
                        e);
            }
        });
    }

    /// Takes one away, with all that came of it; false if it is gone already.
    public boolean delete(SimulationRecord simulation) throws StoreException {
        return write("delete a simulation", session -> SimulationTable.delete(session, simulation.id()));
    }

    /// What is written is on disk when this returns: whoever is killed behind it has it.
    private <T> T write(String what, Database.Work<T> work) throws StoreException {
        T result = file.write(what, work);
        file.sync();
        return result;
    }
}
