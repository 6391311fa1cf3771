package dev.freezeframe.ui.chart;

import dev.freezeframe.plot.ChartColors;
import dev.freezeframe.plot.SimulationCourse;
import dev.freezeframe.plot.SimulationSheet;
import dev.freezeframe.plot.ink.ChartFile;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.ShiftedInk;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.theme.Palette;
import java.nio.file.Path;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import javafx.scene.canvas.Canvas;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.BorderPane;

/// A simulation as a picture: its workers over wall time, the state of each interval and a figure of it over guest time. Painted
/// at most once a frame, from what is asked for then.
public final class SimulationChart extends BorderPane {
    private static final double LEAST_WIDTH = 360;
    private static final double EXPORT_TITLE = 28;
    private static final int FAR = 10;

    private final Supplier<SimulationCourse> course;
    private final Reactions reactions;
    private final Canvas canvas = new Canvas();
    private final CanvasInk ink = new CanvasInk(canvas.getGraphicsContext2D());
    private final FramePainter painter = new FramePainter(canvas, this::paint);
    private final PaintedSurface surface = new PaintedSurface(canvas, painter, LEAST_WIDTH,
            SimulationSheet.leastHeight(1));
    private ChartColors colors;
    private SimulationSheet sheet;
    private int selected = -1;
    private int hovered = -1;

    /// What the user does; intervals are named by the checkpoint where they begin, -1 for none.
    ///
    /// @param select a click
    /// @param open   a double click, or Enter
    /// @param hover  the mouse is over it
    /// @param move   so many intervals on
    public record Reactions(IntConsumer select, Runnable open, IntConsumer hover, IntConsumer move) {}

    /// @param palette of the window that this is shown in
    /// @param course  what is to be painted now
    public SimulationChart(Palette palette, Supplier<SimulationCourse> course, Reactions reactions) {
        this.course = course;
        this.reactions = reactions;
        colors = PaletteColors.of(palette);
        sheet = new SimulationSheet(course.get(), colors, LEAST_WIDTH, SimulationSheet.leastHeight(1));
        palette.changesProperty().addListener((_, _, _) -> {
            colors = PaletteColors.of(palette);
            painter.request();
        });
        surface.setId("simulate-chart");
        surface.setFocusTraversable(true);
        surface.getStyleClass().add("charts-surface");
        surface.setOnMouseMoved(event -> reactions.hover().accept(sheet.intervalAt(event.getX(), event.getY())));
        surface.setOnMouseExited(_ -> reactions.hover().accept(-1));
        surface.setOnMousePressed(_ -> surface.requestFocus());
        surface.setOnMouseClicked(this::click);
        surface.setOnKeyPressed(this::key);
        getStyleClass().add("charts-pane");
        setCenter(surface);
    }

    private void click(MouseEvent event) {
        int interval = sheet.intervalAt(event.getX(), event.getY());
        if (event.getButton() == MouseButton.PRIMARY && interval >= 0) {
            reactions.select().accept(interval);
            if (event.getClickCount() == 2) {
                reactions.open().run();
            }
        }
    }

    private void key(KeyEvent event) {
        switch (event.getCode()) {
            case LEFT -> reactions.move().accept(event.isShiftDown() ? -FAR : -1);
            case RIGHT -> reactions.move().accept(event.isShiftDown() ? FAR : 1);
            case HOME -> reactions.move().accept(-sheet.course().pieces().size());
            case END -> reactions.move().accept(sheet.course().pieces().size());
            case ENTER -> reactions.open().run();
            default -> {
                return;
            }
        }
        event.consume();
    }

    /// Has it painted anew.
    public void request() {
        painter.request();
    }

    /// Marks intervals, by the checkpoints where they begin; -1 for none.
    public void point(int chosen, int under) {
        selected = chosen;
        hovered = under;
        painter.request();
    }

    /// What a reader of screens is told.
    public void describe(String text) {
        surface.setAccessibleText(text);
    }

    /// Whether what is on the screen is old.
    boolean isStale() {
        return painter.isStale();
    }

    private void paint() {
        SimulationCourse now = course.get();
        sheet = new SimulationSheet(now, colors, canvas.getWidth(), canvas.getHeight());
        canvas.getGraphicsContext2D().clearRect(0, 0, canvas.getWidth(), canvas.getHeight());
        sheet.paint(ink, selected, hovered);
        double least = SimulationSheet.leastHeight(now.workers());
        if (surface.getMinHeight() != least) {
            surface.setMinHeight(least);
        }
    }

    /// Asks where to save it as a picture, and does so.
    ///
    /// @param name of whose simulation it is
    public void chooseFile(BackgroundTasks tasks, String name) {
        Path file = PictureFile.choose(surface, name + "-simulation");
        if (file != null) {
            var _ = exportTo(tasks, file, name);
        }
    }

    /// Saves it, as it is shown, as a PNG file of twice the size or an SVG file, by the ending of its name.
    public Cancellable exportTo(BackgroundTasks tasks, Path file, String name) {
        SimulationSheet painted = new SimulationSheet(course.get(), colors, Math.max(LEAST_WIDTH, canvas.getWidth()),
                Math
                        .max(SimulationSheet.leastHeight(course.get().workers()), canvas.getHeight()));
        int marked = selected;
        return tasks.run("Save the simulation as " + file.getFileName(), _ -> {
            ChartFile.write(file, painted.width(), painted.height() + EXPORT_TITLE, colors.background(), onto -> {
                onto.text(painted.colors().text(), Ink.Size.NORMAL, true, name, 8, 18);
                painted.paint(new ShiftedInk(onto, EXPORT_TITLE), marked, -1);
            });
            return file;
        }, _ -> {});
    }
}
