package dev.freezeframe.analyse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.base.CsvLine;
import dev.freezeframe.store.model.SimulatedInterval;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/// A simulation as a table of comma-separated values: one header, a line for each interval, with the units in the names. Behind
/// the columns that every simulation has come the numbers that the plugin said, under its names.
public final class SimulationCsv {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> COLUMNS = List.of("interval", "from", "to", "instructions", "state", "reason",
            "pages_differing", "devices_differing", "restore_millis", "run_millis", "proof_millis", "worker");

    private SimulationCsv() {}

    /// The whole table.
    ///
    /// @param intervals in the order of the run
    /// @param numberOf  the number of each, from 1; 0, which is left empty, for one that is not there any more
    public static String of(List<SimulatedInterval> intervals, ToIntFunction<SimulatedInterval> numberOf)
            throws JsonProcessingException {
        List<JsonNode> results = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>();
        for (SimulatedInterval each : intervals) {
            JsonNode result = JSON.readTree(each.result());
            results.add(result);
            for (Map.Entry<String, JsonNode> field : result.properties()) {
                if (field.getValue().isNumber()) {
                    names.add(field.getKey());
                }
            }
        }
        StringBuilder table = new StringBuilder(CsvLine.of(Stream.concat(COLUMNS.stream(), names.stream().map(
                CsvLine::typed))));
        for (int i = 0; i < intervals.size(); i++) {
            SimulatedInterval each = intervals.get(i);
            JsonNode result = results.get(i);
            int number = numberOf.applyAsInt(each);
            table.append(CsvLine.of(Stream.concat(
                    Stream.of(number == 0 ? "" : number, each.from(), each.to(), each.instructions(), each.state()
                            .json(), CsvLine.typed(each.reason()), each.pagesDiffering(),
                            CsvLine.typed(String.join(" ", each
                                    .devicesDiffering())),
                            each.restoreMillis(), each.runMillis(), each.proofMillis(), each.worker()),
                    names.stream().map(name -> result.path(name).isNumber() ? result.path(name).asText() : ""))));
        }
        return table.toString();
    }
}
