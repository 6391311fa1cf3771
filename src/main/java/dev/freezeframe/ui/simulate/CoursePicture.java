package dev.freezeframe.ui.simulate;

import dev.freezeframe.analyse.IntervalSpan;
import dev.freezeframe.analyse.SimulationForecast;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.Chart;
import dev.freezeframe.plot.SimulationCourse;
import dev.freezeframe.plot.TimeTicks;
import dev.freezeframe.plot.TimeWindow;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.ui.ExperimentModel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Puts together what is painted of a simulation: of one that this window has run by what it heard, of one that was kept by its
/// durations. Stateless.
final class CoursePicture {
    /// A kept simulation that took so many times as long as its busiest worker had been interrupted meanwhile.
    private static final double INTERRUPTED = 2;

    private CoursePicture() {}

    /// Guest time, as all charts show it: the whole experiment.
    static TimeWindow window(ExperimentModel experiment) {
        TimeWindow window = new TimeWindow();
        ExperimentRecord shown = experiment.experimentProperty().get();
        if (shown != null && !experiment.checkpoints().isEmpty()) {
            CheckpointMetrics last = experiment.checkpoints().getLast().metrics();
            window.begin(false);
            window.reach(Math.max(0, Duration.between(shown.startedAt(), last.capturedAt()).toNanos() / 1e9), last
                    .intervalMillis() / 1e3);
        }
        return window;
    }

    /// @param rows    in the order of the run
    /// @param run     what this window hears or heard of it
    /// @param kept    what the store has of it
    /// @param window  guest time, as all charts show it
    /// @param figure  what is shown of each
    /// @param workers that it is to have while nothing is known of them
    static SimulationCourse of(List<IntervalRow> rows, Optional<RunningSimulation> run, Optional<SimulationRecord> kept,
            TimeWindow window, ShownFigure figure, int workers) {
        List<SimulatedInterval> results = rows.stream().flatMap(row -> row.result().stream()).toList();
        List<IntervalSpan> spans = run.map(RunningSimulation::spans).orElseGet(() -> IntervalSpan.withoutGaps(results));
        double last = spans.stream().mapToDouble(span -> Double.isNaN(span.end()) ? 0 : span.end()).max().orElse(0);
        Optional<RunningSimulation> underway = run.filter(each -> !each.isOver());
        double now = underway.map(RunningSimulation::elapsed).orElse(Double.NaN);
        Optional<SimulationForecast> forecast = underway.map(RunningSimulation::forecast);
        double left = forecast.map(SimulationForecast::secondsLeft).filter(each -> !Double.isNaN(each)).orElse(0.0);
        double wall = underway.isPresent()
                ? Math.max(last, now) + left
                : run.map(RunningSimulation::elapsed).orElse(last);
        int lanes = Math.max(1,
                spans.stream().mapToInt(IntervalSpan::worker).max().orElse(Math.min(workers, Math.max(1, rows
                        .size()))));
        List<SimulationCourse.Piece> pieces = rows.stream().filter(row -> !Double.isNaN(row.fromSecond())).map(
                row -> new SimulationCourse.Piece(row.from(), row.fromSecond(), row.toSecond(), row.state(), figure.of(
                        row)))
                .toList();
        Chart.Figure speed = forecast.map(each -> live(each, lanes))
                .orElseGet(() -> over(results, run, kept, last, lanes));
        return new SimulationCourse(pieces, spans, lanes, wall, now, window.from(), window.to(), speed, done(rows),
                figure
                        .title(),
                total(figure, rows));
    }

    /// A long number in short, and in full below.
    private static Chart.Figure total(ShownFigure figure, List<IntervalRow> rows) {
        double total = figure.total(rows);
        String whole = figure.text(total);
        String brief = figure.brief(total);
        return new Chart.Figure(brief, whole.equals(brief) ? "in all" : whole, soundness(rows));
    }

    private static Chart.Figure live(SimulationForecast forecast, int workers) {
        return new Chart.Figure(times(forecast.speedUp()), "so far, ideal " + workers, Double.isNaN(forecast
                .expectedSpeedUp()) ? "" : "expected " + times(forecast.expectedSpeedUp()));
    }

    private static Chart.Figure over(List<SimulatedInterval> results, Optional<RunningSimulation> run,
            Optional<SimulationRecord> kept, double busiest, int workers) {
        if (results.isEmpty()) {
            return new Chart.Figure("–", "nothing done yet", Units.count(workers, "worker"));
        }
        String by = "by " + Units.count(workers, "worker");
        if (run.isPresent()) {
            double speedUp = run.get().forecast().speedUp();
            return new Chart.Figure(times(speedUp), by, "in " + seconds(run.get().elapsed()));
        }
        double busy = results.stream().mapToLong(SimulatedInterval::millis).sum() / 1e3;
        double took = kept.flatMap(each -> each.endedAt().map(end -> Duration.between(each.startedAt(), end).toNanos()
                / 1e9)).orElse(Double.NaN);
        boolean whole = took > 0 && took < INTERRUPTED * Math.max(1, busiest);
        return whole
                ? new Chart.Figure(times(busy / took), by, "in " + seconds(took))
                : new Chart.Figure(seconds(busy), "of work " + by, "in several runs");
    }

    private static Chart.Figure done(List<IntervalRow> rows) {
        long over = rows.stream().filter(row -> row.state().isOver()).count();
        return new Chart.Figure(Units.count(over) + " of " + Units.count(rows.size()), soundness(rows), "");
    }

    /// What comes of those that are not as recorded; empty where there are none.
    private static String soundness(List<IntervalRow> rows) {
        long left = rows.stream().filter(row -> row.state().isProblem()).count();
        return left == 0 ? "" : Units.count(left) + " not counted";
    }

    /// In few words: how many of its intervals, how many of them are not as recorded, how long it will yet take.
    static String status(List<IntervalRow> rows, Optional<RunningSimulation> run) {
        if (rows.isEmpty()) {
            return "";
        }
        long over = rows.stream().filter(row -> row.state().isOver()).count();
        long problems = rows.stream().filter(row -> row.state().isProblem()).count();
        double left = run.filter(each -> !each.isOver() && !each.isHeld()).map(each -> each.forecast().secondsLeft())
                .orElse(Double.NaN);
        return Units.count(over) + " of " + Units.count(rows.size()) + (problems == 0
                ? ""
                : " · " + Units.count(problems) + " not as recorded")
                + (Double.isNaN(left)
                        ? ""
                        : " · " + TimeTicks.clock(Math.ceil(left), 0) + " left");
    }

    private static String times(double factor) {
        return Double.isNaN(factor) ? "–" : Units.threeDigits(factor) + "×";
    }

    private static String seconds(double seconds) {
        return Units.duration(Duration.ofMillis(Math.round(seconds * 1e3)));
    }
}
