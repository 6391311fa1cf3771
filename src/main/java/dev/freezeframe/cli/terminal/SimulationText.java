package dev.freezeframe.cli.terminal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.simulate.FigureError;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.SimulatedInterval;
import java.util.ArrayList;
import java.util.List;

/// How simulations are printed: a line for each interval, and some for all of them.
public final class SimulationText {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Whole numbers are exact up to here.
    private static final double EXACT = 0x1p53;

    /// Above the lines of intervals.
    public static final String HEADING = Units.text("%8s  %-15s %18s %9s %9s %9s  %s", "INTERVAL", "CHECKPOINTS",
            "INSTRUCTIONS",
            "RESTORE", "RUN", "PROOF", "STATE");

    private SimulationText() {}

    /// What an interval has in the place of its number that is not one of the run any more.
    public static final String NO_NUMBER = "-";

    /// An interval in a line.
    ///
    /// @param number of it, from 1; 0 for one that is not there any more, as a checkpoint of it was deleted
    public static String line(int number, SimulatedInterval result) {
        return Units.text("%8s  %-15s %,18d %6d ms %6d ms %6d ms  %s", number == 0
                ? NO_NUMBER
                : Integer.toString(number), result.from() + " → " + result.to(),
                result.instructions(), result.restoreMillis(), result.runMillis(), result.proofMillis(),
                result.state().words()
                        + (result.reason().isEmpty() ? "" : ": " + ShownText.oneLine(result.reason())));
    }

    /// An interval as JSON.
    ///
    /// @param number of it, from 1; 0, which becomes null, for one that is not there any more
    public static ObjectNode json(int number, SimulatedInterval result) throws JsonProcessingException {
        ObjectNode json = JsonLines.ofType("interval").put("interval", number == 0 ? null : (Integer) number)
                .put("from", result.from()).put("to",
                        result.to())
                .put("instructions", result.instructions()).put("state", result.state().json())
                .put("reason",
                        result.reason())
                .put("pagesDiffering", result.pagesDiffering());
        ArrayNode devices = json.putArray("devicesDiffering");
        result.devicesDiffering().forEach(devices::add);
        json.put("restoreMillis", result.restoreMillis()).put("runMillis", result.runMillis()).put("proofMillis", result
                .proofMillis()).put("worker", result.worker());
        json.set("result", JSON.readTree(result.result()));
        return json;
    }

    /// Above the lines of figures of one simulation beside those of another.
    ///
    /// @param number    of the one
    /// @param reference of the other
    public static String errorHeading(long number, long reference) {
        return Units.text("%-32s %20s %20s %20s %10s", "FIGURE", "SIMULATION " + number, "SIMULATION " + reference,
                "DIFFERENCE",
                "PERCENT");
    }

    /// A figure beside that of another simulation, in a line.
    public static String line(FigureError figure) {
        return Units.text("%-32s %20s %20s %20s %10s", ShownText.oneLine(figure.name()), number(figure.value()),
                number(figure
                        .reference()),
                number(figure.difference()),
                percent(figure));
    }

    private static String percent(FigureError figure) {
        if (figure.difference() == 0) {
            return "0 %";
        }
        return figure.percent().isPresent() ? Units.text("%+.3f %%", figure.percent().getAsDouble()) : "-";
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < EXACT
                ? Units.count((long) value)
                : Units.threeDigits(value);
    }

    /// A figure beside that of another simulation, as JSON.
    public static ObjectNode json(long number, long reference, FigureError figure) {
        ObjectNode json = JsonLines.ofType("figureError").put("figure", figure.name()).put("simulation", number).put(
                "other",
                reference);
        json.set("value", exact(figure.value()));
        json.set("otherValue", exact(figure.reference()));
        json.set("difference", exact(figure.difference()));
        return json.put("percent", figure.percent().isPresent() ? figure.percent().getAsDouble() : null);
    }

    private static JsonNode exact(double value) {
        return value == Math.rint(value) && Math.abs(value) < EXACT
                ? LongNode.valueOf((long) value)
                : DoubleNode.valueOf(value);
    }

    /// All of it as JSON.
    ///
    /// @param workers that executed it
    public static ObjectNode json(Simulation.Outcome outcome, int workers) {
        ObjectNode json = JsonLines.ofType("summary").put("simulation", outcome.simulation()).put("intervals",
                outcome.results().size());
        for (EndState state : EndState.values()) {
            json.put(state.json(), outcome.count(state));
        }
        json.put("instructions", outcome.instructions()).put("wallMillis", outcome.wallNanos() / 1_000_000)
                .put("workers",
                        workers)
                .put("speedUp", speedUp(outcome)).put("executedBefore", outcome.before());
        json.set("result", outcome.said());
        return json;
    }

    /// All of it in some lines.
    ///
    /// @param workers that executed it
    public static List<String> lines(Simulation.Outcome outcome, int workers) {
        List<String> states = new ArrayList<>();
        for (EndState state : EndState.values()) {
            if (outcome.count(state) > 0) {
                states.add(Units.count(outcome.count(state)) + " " + state.words());
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add(Units.text("%s: %s; %,d instructions", Units.count(outcome.results().size(), "interval"),
                String.join(", ",
                        states),
                outcome.instructions()));
        lines.add(outcome.before() > 0
                ? Units.text("%.1f s by %s for the rest; %s had been executed before", outcome.wallNanos() / 1e9,
                        Units.count(
                                workers, "worker"),
                        Units.count(outcome.before(), "interval"))
                : Units.text("%.1f s by %s, %.2f times as fast as one after the other", outcome.wallNanos() / 1e9,
                        Units.count(
                                workers, "worker"),
                        speedUp(outcome)));
        outcome.said().properties()
                .forEach(field -> lines.add("  " + ShownText.marked(field.getKey()) + ": " + ShownText.marked(field
                        .getValue().isTextual() ? field.getValue().asText() : field.getValue().toString())));
        return lines;
    }

    /// The intervals' times, one after the other, divided by the time that they took; only where all were executed now.
    private static double speedUp(Simulation.Outcome outcome) {
        return outcome.before() > 0 || outcome.wallNanos() == 0
                ? 0
                : outcome.results().stream().mapToLong(SimulatedInterval::millis).sum() * 1e6 / outcome.wallNanos();
    }
}
