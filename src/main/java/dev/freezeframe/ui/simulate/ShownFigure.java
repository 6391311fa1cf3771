package dev.freezeframe.ui.simulate;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.SimulatedInterval;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.DoubleStream;

/// A figure of intervals that can be shown as a chart: how fast they were executed, or a number that the plugin said, as it is
/// or by instructions. Immutable.
///
/// @param name what the plugin calls it; empty for what is measured of every interval
public record ShownFigure(Kind kind, String name) {
    /// Where it comes from.
    enum Kind {
        /// Seconds from its beginning to its end.
        RUN,
        /// Instructions in a second.
        SPEED,
        /// A number of the plugin's.
        SAID,
        /// The same by a thousand instructions.
        SAID_PER_THOUSAND
    }

    private static final double THOUSAND = 1e3;
    private static final double MILLION = 1e6;
    /// What has more digits is a long number.
    private static final double LONG = 1e6;
    private static final String UNITS = "kMGTPE";

    /// All that there are of some intervals: what is measured, and what the plugin said.
    static List<ShownFigure> of(Collection<IntervalRow> rows) {
        Set<String> names = new LinkedHashSet<>();
        rows.forEach(row -> names.addAll(row.figures().keySet()));
        List<ShownFigure> figures = new ArrayList<>();
        for (String name : names) {
            figures.add(new ShownFigure(Kind.SAID, name));
            figures.add(new ShownFigure(Kind.SAID_PER_THOUSAND, name));
        }
        figures.add(new ShownFigure(Kind.SPEED, ""));
        figures.add(new ShownFigure(Kind.RUN, ""));
        return List.copyOf(figures);
    }

    /// What a person calls it.
    public String title() {
        return switch (kind) {
            case RUN -> "Time of a run, s";
            case SPEED -> "Million instructions/s";
            case SAID -> ShownText.oneLine(name);
            case SAID_PER_THOUSAND -> ShownText.oneLine(name) + " per 1,000";
        };
    }

    /// That of an interval; not a number where nothing can be said, or where it is not what was recorded.
    double of(IntervalRow row) {
        return row.result().filter(each -> each.state().isSound()).map(each -> of(row, each)).orElse(Double.NaN);
    }

    private double of(IntervalRow row, SimulatedInterval result) {
        double said = row.figures().getOrDefault(name, Double.NaN);
        return switch (kind) {
            case RUN -> result.runMillis() / THOUSAND;
            case SPEED -> divided(result.instructions() / MILLION, result.runMillis() / THOUSAND);
            case SAID -> said;
            case SAID_PER_THOUSAND -> divided(said * THOUSAND, (double) result.instructions());
        };
    }

    /// That of all of them together.
    double total(Collection<IntervalRow> rows) {
        List<IntervalRow> counted = rows.stream().filter(row -> !Double.isNaN(of(row))).toList();
        if (counted.isEmpty()) {
            return Double.NaN;
        }
        double seconds = sum(counted.stream().mapToDouble(row -> row.result().orElseThrow().runMillis() / THOUSAND));
        double instructions = sum(counted.stream().mapToDouble(IntervalRow::instructions));
        return switch (kind) {
            case RUN -> seconds;
            case SPEED -> divided(instructions / MILLION, seconds);
            case SAID -> sum(counted.stream().mapToDouble(this::of));
            case SAID_PER_THOUSAND -> divided(THOUSAND * sum(counted.stream().mapToDouble(row -> row.figures().get(name))),
                    instructions);
        };
    }

    private static double sum(DoubleStream values) {
        return values.sum();
    }

    private static double divided(double part, double whole) {
        return whole > 0 ? part / whole : Double.NaN;
    }

    /// A value with its unit, for people.
    String text(double value) {
        if (Double.isNaN(value)) {
            return "–";
        }
        return switch (kind) {
            case RUN -> Units.duration(Duration.ofMillis(Math.round(value * THOUSAND)));
            case SPEED -> Units.threeDigits(value) + " M/s";
            case SAID -> number(value);
            case SAID_PER_THOUSAND -> Units.threeDigits(value);
        };
    }

    /// The same in a few characters.
    String brief(double value) {
        if (kind != Kind.SAID || Double.isNaN(value) || Math.abs(value) < LONG) {
            return text(value);
        }
        double scaled = value;
        int unit = -1;
        while (Math.abs(scaled) >= THOUSAND && unit < UNITS.length() - 1) {
            scaled /= THOUSAND;
            unit++;
        }
        return Units.threeDigits(scaled) + " " + UNITS.charAt(unit);
    }

    /// A number of the plugin's.
    static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? Units.count((long) value) : Units.threeDigits(value);
    }
}
