package dev.freezeframe.simulate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.analyse.IntervalFigures;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/// How far a figure of one simulation is from that of another of the same part of a run, such as from one without a cold start in
/// each interval. Immutable.
///
/// @param name      what the plugin calls it, see [IntervalFigures]
/// @param value     over all intervals
/// @param reference the other simulation's
public record FigureError(String name, double value, double reference) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// How much more it is.
    public double difference() {
        return value - reference;
    }

    /// The same in percent of the other's; empty where that is nothing.
    public OptionalDouble percent() {
        return reference == 0 ? OptionalDouble.empty() : OptionalDouble.of(100 * difference() / Math.abs(reference));
    }

    /// All figures that both simulations have, in the plugin's order.
    ///
    /// @throws IOException in one line, where they are not of the same, or one is not whole
    public static List<FigureError> of(Store store, SimulationRecord simulation, SimulationRecord reference)
            throws IOException {
        if (!what(simulation).equals(what(reference))) {
            throw new IOException(
                    "only what the same plugin said between the same checkpoints can be compared, and these are "
                            + what(simulation) + ", and " + what(reference));
        }
        Map<String, Double> values = figures(store, simulation);
        Map<String, Double> references = figures(store, reference);
        List<FigureError> errors = new ArrayList<>();
        references.forEach((name, other) -> {
            if (values.containsKey(name)) {
                errors.add(new FigureError(name, values.get(name), other));
            }
        });
        if (errors.isEmpty()) {
            throw new IOException("there is no figure that both have; simulate with a plugin that counts something");
        }
        return List.copyOf(errors);
    }

    /// Its arguments may be others: what they do is what one wants to see.
    private static String what(SimulationRecord simulation) {
        String plugin = PluginText.of(simulation.plugin()).name();
        return (plugin.isEmpty() ? "no plugin" : plugin) + " from " + simulation.first() + " to " + simulation.last();
    }

    private static Map<String, Double> figures(Store store, SimulationRecord simulation) throws IOException {
        List<SimulatedInterval> intervals = store.simulations().intervals(simulation);
        if (simulation.endedAt().isEmpty() || !intervals.stream().allMatch(each -> each.state().isSound())) {
            throw new IOException("the simulation with " + simulation.plugin()
                    + (simulation.endedAt().isEmpty()
                            ? " is not whole; go on with it by the command that began it"
                            : " has intervals that ended otherwise than they were recorded")
                    + ", and only what covers all of the run can be compared");
        }
        return IntervalFigures.of(sum(intervals).toString());
    }

    private static ObjectNode sum(List<SimulatedInterval> intervals) throws JsonProcessingException {
        MergedResult said = new MergedResult();
        for (SimulatedInterval each : intervals) {
            said.add((ObjectNode) JSON.readTree(each.result()));
        }
        return said.sum();
    }
}
