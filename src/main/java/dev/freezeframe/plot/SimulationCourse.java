package dev.freezeframe.plot;

import dev.freezeframe.analyse.IntervalSpan;
import dev.freezeframe.analyse.IntervalState;
import java.util.List;

/// All that one painting of a simulation is made from. It never changes, so that it can be painted on the screen and, in the
/// background, into a file.
///
/// @param pieces      the intervals, in the order of the run
/// @param spans       when workers were at them
/// @param workers     how many there are
/// @param wallSeconds how long it takes: so far and, where that is known, to its end
/// @param nowSeconds  how far it is; not a number where it is over
/// @param from        left edge of guest time, seconds since the experiment's start
/// @param to          right edge
/// @param speed       what is said of the workers
/// @param done        what is said of the states
/// @param title       what the values are
/// @param total       what is said of the values
public record SimulationCourse(List<Piece> pieces, List<IntervalSpan> spans, int workers, double wallSeconds,
        double nowSeconds, double from, double to, Chart.Figure speed, Chart.Figure done, String title,
        Chart.Figure total) {
    /// An interval.
    ///
    /// @param from       the number of the checkpoint where it begins
    /// @param fromSecond guest time where it begins, seconds since the experiment's start
    /// @param toSecond   where it ends
    /// @param value      what is shown of it; not a number for nothing
    public record Piece(int from, double fromSecond, double toSecond, IntervalState state, double value) {}

    /// Takes copies.
    public SimulationCourse {
        pieces = List.copyOf(pieces);
        spans = List.copyOf(spans);
    }

    boolean isRunning() {
        return !Double.isNaN(nowSeconds);
    }

    long count(IntervalState state) {
        return pieces.stream().filter(each -> each.state() == state).count();
    }
}
