package dev.freezeframe.bundle;

import dev.freezeframe.bundle.BundleFormat.SimulationPart;
import dev.freezeframe.bundle.BundleFormat.SimulationText;
import dev.freezeframe.store.ImportChecks;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException;
import java.util.ArrayList;
import java.util.List;

/// The simulations of an experiment on their way into a bundle, cut into parts. Those that have not ended stay at home. For one
/// thread.
final class OutgoingSimulations {
    private final Store store;
    private final List<Part> parts = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();
    private int simulations;
    private SimulationRecord shown;
    private List<SimulatedInterval> intervals = List.of();

    /// Some intervals of a simulation, by their places in it.
    private record Part(SimulationRecord simulation, int from, int to) {}

    /// Reads them all, because one that is damaged is better not begun with.
    OutgoingSimulations(Store store, ExperimentRecord experiment) throws StoreException {
        this.store = store;
        for (SimulationRecord each : store.simulations().of(experiment.id())) {
            if (each.endedAt().isEmpty()) {
                leftOut.add("simulation " + each.id() + " has not ended and is not in the bundle");
                continue;
            }
            try {
                plan(each);
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.DAMAGED) {
                    throw e;
                }
                leftOut.add(e.getMessage() + "; it is not in the bundle");
            }
        }
    }

    private void plan(SimulationRecord simulation) throws StoreException {
        List<Part> planned = new ArrayList<>();
        List<SimulatedInterval> all = intervals(simulation);
        int from = 0;
        long characters = 0;
        for (int i = 0; i < all.size(); i++) {
            if (i - from == ImportChecks.MAX_PART_INTERVALS || characters > ImportChecks.MAX_PART_CHARACTERS) {
                planned.add(new Part(simulation, from, i));
                from = i;
                characters = 0;
            }
            characters += all.get(i).result().length();
        }
        planned.add(new Part(simulation, from, all.size()));
        long said = all.stream().mapToLong(each -> each.result().length()).sum();
        if (parts.size() + planned.size() > BundleFormat.MAX_SIMULATION_PARTS
                || ++simulations > ImportChecks.MAX_SIMULATIONS
                || all.size() > ImportChecks.MAX_INTERVALS || said > ImportChecks.MAX_CHARACTERS) {
            leftOut.add("simulation " + simulation.id() + " is more than a bundle takes and is not in it");
            return;
        }
        parts.addAll(planned);
    }

    private List<SimulatedInterval> intervals(SimulationRecord simulation) throws StoreException {
        if (!simulation.equals(shown)) {
            intervals = store.simulations().intervals(simulation);
            shown = simulation;
        }
        return intervals;
    }

    int parts() {
        return parts.size();
    }

    /// What does not travel, one line each.
    List<String> leftOut() {
        return List.copyOf(leftOut);
    }

    /// One of the parts, as it is now: what was deleted since is not in it.
    SimulationPart part(int ordinal) throws StoreException {
        Part part = parts.get(ordinal);
        SimulationRecord simulation = part.simulation;
        List<SimulatedInterval> all = intervals(simulation);
        SimulationText text = part.from > 0
                ? null
                : new SimulationText(BundleExport.oneLine(simulation.plugin()), simulation.proof(), simulation.first(),
                        simulation.last(), simulation.every(), simulation.startedAt(), simulation.endedAt()
                                .orElseThrow());
        return new SimulationPart(text, all.subList(Math.min(part.from, all.size()), Math.min(part.to, all.size()))
                .stream().map(OutgoingSimulations::inLines).toList());
    }

    private static SimulatedInterval inLines(SimulatedInterval interval) {
        return interval.withTexts(BundleExport.oneLine(interval.reason()), interval.devicesDiffering().stream().map(
                BundleExport::oneLine).toList());
    }
}
