package dev.freezeframe.plot;

import dev.freezeframe.analyse.IntervalSpan;
import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.SimulationCourse.Piece;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.Ink.Dash;
import dev.freezeframe.plot.ink.Ink.Size;
import dev.freezeframe.plot.ink.InkColor;
import java.util.Comparator;
import java.util.List;

/// A simulation on a rectangle of some size: its workers over wall time, and over guest time, which is the axis of the other
/// charts, the state of each interval and a figure of it. Paints the same on the screen and into files. Immutable.
public record SimulationSheet(SimulationCourse course, ChartColors colors, double width, double height) {
    private static final double HEAD = 20;
    private static final double AXIS = 20;
    private static final double GAP = 8;
    private static final double STRIP = 20;
    private static final double LANE = 18;
    private static final double LEAST_LANES = 52;
    private static final double MOST_LANES = 144;
    private static final double LEAST_VALUES = 72;
    /// From the axis to the end of its name, at the left of the first label.
    private static final double AXIS_NAME = 26;
    /// A number in a lane needs so much room around it.
    private static final double AROUND_TEXT = 6;

    /// How high it has to be at least.
    public static double leastHeight(int workers) {
        return lanesHeight(workers) + HEAD + AXIS + GAP + HEAD + STRIP + GAP + HEAD + LEAST_VALUES + AXIS;
    }

    private static double lanesHeight(int workers) {
        return Math.clamp(LANE * workers, LEAST_LANES, MOST_LANES);
    }

    private PlotArea lanes() {
        return ChartSheet.area(width, HEAD, lanesHeight(course.workers()));
    }

    private double statesTop() {
        return HEAD + lanesHeight(course.workers()) + AXIS + GAP;
    }

    private PlotArea states() {
        return ChartSheet.area(width, statesTop() + HEAD, STRIP);
    }

    private double valuesTop() {
        return statesTop() + HEAD + STRIP + GAP;
    }

    private PlotArea values() {
        double top = valuesTop() + HEAD;
        return ChartSheet.area(width, top, Math.max(16, Math.floor(height) - AXIS - top));
    }

    /// Paints all of it.
    ///
    /// @param selected the number of the checkpoint where the interval begins that is marked; -1 for none
    /// @param hovered  the same of the one under the mouse
    public void paint(Ink ink, int selected, int hovered) {
        ChartSheet.heading(ink, colors, "Workers", course.speed(), 0, statesTop() - GAP);
        ChartSheet.heading(ink, colors, "Intervals", course.done(), statesTop(), valuesTop() - statesTop());
        ChartSheet.heading(ink, colors, course.title(), course.total(), valuesTop(), height - valuesTop());
        ink.fill(colors.grid(), 0, statesTop() - 1, width, 1);
        ink.fill(colors.grid(), 0, valuesTop() - 1, width, 1);
        paintLanes(ink, selected, hovered);
        paintStates(ink);
        paintValues(ink);
        paintPointers(ink, selected, hovered);
    }

    // Workers.

    private double laneHeight() {
        return lanes().height() / course.workers();
    }

    private double wallX(double second) {
        return lanes().x() + second / Math.max(1e-3, course.wallSeconds()) * lanes().width();
    }

    private void paintLanes(Ink ink, int selected, int hovered) {
        PlotArea area = lanes();
        Axes.timeGrid(ink, colors, area, 0, Math.max(1e-3, course.wallSeconds()));
        double step = laneHeight();
        for (int worker = 1; worker <= course.workers() && step >= 12; worker++) {
            ink.textEndingAt(colors.mutedText(), Size.SMALL, false, Integer.toString(worker), area.x() - 6, area.y()
                    + (worker - 0.5) * step + Axes.HALF_TEXT);
        }
        ink.clip(area.x(), area.y(), area.width() + 1, area.height());
        course.spans().forEach(span -> paintSpan(ink, span, selected, hovered));
        ink.unclip();
        if (course.isRunning()) {
            double x = Math.rint(wallX(course.nowSeconds())) + 0.5;
            ink.line(colors.text(), 1, Dash.SOLID, x, area.y() - 3, x, area.bottom());
        }
        Axes.timeLabels(ink, colors, area, 0, Math.max(1e-3, course.wallSeconds()), area.bottom() + 14);
        ink.textEndingAt(colors.mutedText(), Size.SMALL, false, "wall time", area.x() - AXIS_NAME, area.bottom() + 14);
        SimulationColors own = colors.simulation();
        ChartSheet.legend(ink, colors, List.of(entry(own.restore(), "restore"), entry(own.run(), "run"),
                entry(own.proof(), "proof")), area.x(), 13, area.width());
    }

    private static Chart.Entry entry(InkColor color, String name) {
        return new Chart.Entry(color, name, name, "");
    }

    private void paintSpan(Ink ink, IntervalSpan span, int selected, int hovered) {
        double step = laneHeight();
        double y = lanes().y() + (span.worker() - 1) * step + (step > 6 ? 1 : 0);
        double high = Math.max(1, step > 6 ? step - 2 : step);
        boolean open = Double.isNaN(span.end());
        double end = open ? course.nowSeconds() : span.end();
        SimulationColors own = colors.simulation();
        part(ink, own.restore(), span.restore(), Double.isNaN(span.run()) ? end : span.run(), y, high);
        if (!Double.isNaN(span.run())) {
            double ran = Double.isNaN(span.proof()) ? end : span.proof();
            part(ink, open ? own.run().faint(0.5) : own.run(), span.run(), ran, y, high);
            if (!Double.isNaN(span.proof())) {
                part(ink, own.proof(), span.proof(), end, y, high);
            }
            number(ink, span, open, wallX(span.run()), wallX(ran), y + high / 2);
        }
        if (span.from() == selected || span.from() == hovered) {
            outline(ink, wallX(span.restore()), y, wallX(end), y + high, span.from() == selected);
        } else if (!open) {
            ink.fill(colors.background(), wallX(end) - 0.5, y, 1, high);
        }
    }

    private void part(Ink ink, InkColor color, double from, double to, double y, double high) {
        ink.fill(color, wallX(from), y, Math.max(0.5, wallX(to) - wallX(from)), high);
    }

    private void number(Ink ink, IntervalSpan span, boolean open, double left, double right, double middle) {
        String text = Integer.toString(span.from());
        double wide = ink.width(Size.SMALL, false, text);
        if (laneHeight() >= 14 && right - left > wide + AROUND_TEXT) {
            InkColor color = open
                    ? colors.text()
                    : StateSign.on(colors.simulation().run(), colors.text(), colors.background());
            ink.text(color, Size.SMALL, false, text, (left + right - wide) / 2, middle + Axes.HALF_TEXT);
        }
    }

    private void outline(Ink ink, double left, double top, double right, double bottom, boolean selected) {
        double[] xs = {left, right, right, left, left};
        double[] ys = {top, top, bottom, bottom, top};
        ink.path(selected ? colors.selection() : colors.mutedText(), 2, Dash.SOLID, xs, ys, 5);
    }

    // States.

    private double guestX(double second) {
        PlotArea area = states();
        return area.x() + (second - course.from()) / (course.to() - course.from()) * area.width();
    }

    private void paintStates(Ink ink) {
        PlotArea area = states();
        ink.clip(area.x(), area.y(), area.width(), area.height());
        // where they share a pixel, what one has to know is painted last
        for (Piece piece : course.pieces().stream().sorted(Comparator.comparing(Piece::state)).toList()) {
            double left = guestX(piece.fromSecond());
            double wide = guestX(piece.toSecond()) - left;
            InkColor ground = colors.simulation().of(piece.state());
            if (piece.state() == IntervalState.RUNNING) {
                ground = ground.faint(0.5);
            }
            ink.fill(ground, left, area.y(), Math.max(1, wide - (wide > 3 ? 1 : 0)), area.height());
            if (wide > (piece.state().isProblem() ? StateSign.LEAST : StateSign.SIZE)) {
                boolean plain = piece.state() == IntervalState.RUNNING || piece.state() == IntervalState.WAITING;
                InkColor color = plain ? colors.text() : StateSign.on(ground, colors.text(), colors.background());
                StateSign.paint(ink, color, piece.state(), left + wide / 2, area.y() + area.height() / 2);
            }
        }
        ink.unclip();
        legend(ink, area);
    }

    /// Every state that there is, with its sign, its words and how many there are; what one has to know at first, as the room may
    /// end.
    private void legend(Ink ink, PlotArea area) {
        double x = area.x();
        double baseline = statesTop() + 13;
        for (IntervalState state : List.of(IntervalState.values()).reversed()) {
            long count = course.count(state);
            String text = Units.count(count) + " " + state.words();
            double wide = 13 + ink.width(Size.SMALL, false, text) + 12;
            if (count > 0 && x + wide < width) {
                StateSign.paint(ink, state.isProblem() ? colors.simulation().problem() : colors.text(), state, x + 5,
                        baseline
                                - Axes.HALF_TEXT);
                ink.text(state.isProblem() ? colors.simulation().problem() : colors.text(), Size.SMALL, false, text,
                        x + 13,
                        baseline);
                x += wide;
            }
        }
    }

    // Values.

    private void paintValues(Ink ink) {
        PlotArea area = values();
        double[] all = course.pieces().stream().mapToDouble(Piece::value).filter(each -> !Double.isNaN(each)).toArray();
        ValueScale scale = ValueScale.of(all, all.length, 0, area.ticks());
        Axes.timeGrid(ink, colors, area, course.from(), course.to());
        Axes.values(ink, colors, area, scale, value -> brief(value, scale.step()), null);
        ink.clip(area.x(), area.y(), area.width(), area.height() + 1);
        InkColor faint = colors.simulation().run().faint(0.35);
        for (Piece piece : course.pieces()) {
            if (!Double.isNaN(piece.value())) {
                double left = guestX(piece.fromSecond());
                double wide = Math.max(1, guestX(piece.toSecond()) - left);
                double y = area.y(scale.share(piece.value()));
                ink.fill(faint, left, y, wide, area.bottom() - y);
                ink.fill(colors.simulation().run(), left, y, wide, 1.5);
            }
        }
        ink.unclip();
        Axes.timeLabels(ink, colors, area, course.from(), course.to(), area.bottom() + 14);
        ink.textEndingAt(colors.mutedText(), Size.SMALL, false, "guest time", area.x() - AXIS_NAME, area.bottom() + 14);
    }

    /// A number of an axis, with a letter for its thousands.
    private static String brief(double value, double step) {
        String[] units = {"", "k", "M", "G", "T"};
        int unit = 0;
        double scaled = value;
        double scaledStep = step;
        while (unit < units.length - 1 && Math.max(Math.abs(scaled), scaledStep) >= 10_000) {
            scaled /= 1000;
            scaledStep /= 1000;
            unit++;
        }
        return Axes.plain(scaled, scaledStep) + (value == 0 ? "" : units[unit]);
    }

    // Pointing.

    private void paintPointers(Ink ink, int selected, int hovered) {
        PlotArea above = states();
        PlotArea below = values();
        for (Piece piece : course.pieces()) {
            if (piece.from() == selected || piece.from() == hovered) {
                double left = guestX(piece.fromSecond());
                double right = Math.max(left + 3, guestX(piece.toSecond()));
                outline(ink, left, above.y() - 1, right, above.bottom() + 1, piece.from() == selected);
                ink.fill((piece.from() == selected ? colors.selection() : colors.mutedText()).faint(0.18), left,
                        below.y(),
                        right - left, below.height());
            }
        }
    }

    /// The interval at a place: the number of the checkpoint where it begins; -1 for none.
    public int intervalAt(double x, double y) {
        if (y < statesTop()) {
            int worker = 1 + (int) Math.floor((y - lanes().y()) / laneHeight());
            return course.spans().stream()
                    .filter(span -> span.worker() == worker && x >= wallX(span.restore()) && x <= wallX(
                            Double.isNaN(span.end()) ? course.nowSeconds() : span.end()))
                    .mapToInt(IntervalSpan::from).findFirst()
                    .orElse(-1);
        }
        return course.pieces().stream().filter(piece -> x >= guestX(piece.fromSecond()) && x < guestX(piece.toSecond()))
                .mapToInt(Piece::from).findFirst().orElse(-1);
    }
}
