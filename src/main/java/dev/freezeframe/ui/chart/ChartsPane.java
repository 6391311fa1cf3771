package dev.freezeframe.ui.chart;

import atlantafx.base.theme.Styles;
import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.Chart;
import dev.freezeframe.plot.ChartColors;
import dev.freezeframe.plot.ChartFrame;
import dev.freezeframe.plot.ChartKind;
import dev.freezeframe.plot.ChartSheet;
import dev.freezeframe.plot.PlotArea;
import dev.freezeframe.plot.TimeTicks;
import dev.freezeframe.plot.TimeWindow;
import dev.freezeframe.plot.ink.ChartFile;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.PageCommands;
import dev.freezeframe.ui.Selection;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.theme.Palette;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import javafx.scene.AccessibleRole;
import javafx.scene.Cursor;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.input.ScrollEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The charts over the shown experiment's checkpoints, one above the other over one axis of time: pause, dirty rate,
/// composition of the dirty set, blocks of disks where there are any, and growth of the store. The wheel zooms, dragging moves along, a double click shows
/// everything; pointing at a checkpoint shows its exact values in every chart, and a click selects it everywhere.
///
/// The charts are painted on two canvases, values below and what follows the mouse above, each at most once a frame, so their
/// cost does not depend on how many checkpoints there are but on how many columns of pixels.
public final class ChartsPane extends BorderPane {
    private static final double WHEEL_ZOOM = 1.0025;
    private static final double KEY_ZOOM = 1.5;
    private static final double STILL_A_CLICK = 4;
    private static final double REACH_PIXELS = 24;
    private static final double EXPORT_TITLE = 28;
    private static final double LEAST_WIDTH = 360;
    private static final double LEAST_HEIGHT = 240;
    private static final int FAR = 10;

    private final WorkbenchModel workbench;
    private final Selection selection;
    private final ChartsModel model;
    private final Canvas plots = new Canvas();
    private final Canvas pointers = new Canvas();
    private final Surface surface = new Surface();
    private final Label readout = new Label();
    private final Label note = new Label();
    private final ToggleButton follow = new ToggleButton(null, new FontIcon(Feather.CHEVRONS_RIGHT));
    private final Button all = new Button(null, new FontIcon(Feather.MAXIMIZE_2));
    private final FramePainter plotsPainter;
    private final FramePainter pointersPainter;
    private final CanvasInk plotsInk = new CanvasInk(plots.getGraphicsContext2D());
    private final CanvasInk pointersInk = new CanvasInk(pointers.getGraphicsContext2D());
    private ChartColors colors;
    private ChartFrame frame;
    private ChartSheet sheet;
    private double pressedX;
    private double draggedFrom;
    private boolean dragging;
    private double mouseX = Double.NaN;
    private double mouseY;
    private ContextMenu menu;

    /// The canvases, which have no size of their own.
    private final class Surface extends Region {
        Surface() {
            getChildren().addAll(plots, pointers);
            setMinSize(LEAST_WIDTH, LEAST_HEIGHT);
            setFocusTraversable(true);
            setAccessibleRole(AccessibleRole.IMAGE_VIEW);
            getStyleClass().add("charts-surface");
            setId("charts");
        }

        @Override
        protected void layoutChildren() {
            double width = Math.floor(getWidth());
            double height = Math.floor(getHeight());
            if (plots.getWidth() != width || plots.getHeight() != height) {
                for (Canvas canvas : List.of(plots, pointers)) {
                    canvas.setWidth(width);
                    canvas.setHeight(height);
                }
                sheet = new ChartSheet(sheet.charts(), width, height, 0);
                plotsPainter.request();
                pointersPainter.request();
            }
            plotsPainter.paintIfStale();
            pointersPainter.paintIfStale();
        }
    }

    /// @param palette of the window that this is shown in
    public ChartsPane(WorkbenchModel workbench, Palette palette) {
        this.workbench = workbench;
        selection = workbench.experiment().selection();
        colors = PaletteColors.of(palette);
        plotsPainter = new FramePainter(plots, this::paintPlots);
        pointersPainter = new FramePainter(pointers, this::paintPointers);
        model = new ChartsModel(workbench, this::changed);
        frame = model.frame(colors);
        sheet = new ChartSheet(ChartKind.of(frame.checkpoints()), LEAST_WIDTH, LEAST_HEIGHT, 0);
        palette.changesProperty().addListener((_, _, _) -> {
            colors = PaletteColors.of(palette);
            changed();
        });
        selection.checkpointProperty().addListener((_, _, now) -> selected(now));
        selection.hoveredProperty().addListener((_, _, _) -> pointersPainter.request());
        sceneProperty().addListener((_, _, scene) -> model.look(scene != null));
        getStyleClass().add("charts-pane");
        plots.setManaged(false);
        pointers.setManaged(false);
        setTop(bar());
        setCenter(surface);
        hearMouseAndKeys();
    }

    private HBox bar() {
        readout.getStyleClass().add("text-small");
        readout.setId("charts-readout");
        readout.setMinWidth(0);
        note.getStyleClass().addAll("text-small", "text-muted");
        note.setMinWidth(0);
        HBox.setHgrow(note, Priority.ALWAYS);
        note.setMaxWidth(Double.MAX_VALUE);
        follow.setId("charts-follow");
        all.setId("charts-all");
        icon(follow, "Follow the recording (F)");
        follow.setOnAction(_ -> follow());
        icon(all, "Show the whole experiment (0)");
        all.setOnAction(_ -> showAll());
        Button export = new Button(null, new FontIcon(Feather.DOWNLOAD));
        icon(export, "Save the charts as a picture");
        export.setOnAction(_ -> chooseFile(null));
        Button simulate = new PageCommands(workbench.navigation()).simulate().button();
        simulate.setId("charts-simulate");
        simulate.getStyleClass().addAll(Styles.FLAT, Styles.SMALL);
        simulate.setMinWidth(USE_PREF_SIZE);
        HBox bar = new HBox(8, readout, note, follow, all, export, simulate);
        bar.getStyleClass().add("charts-bar");
        return bar;
    }

    private static void icon(javafx.scene.control.ButtonBase button, String what) {
        button.getStyleClass().addAll(Styles.BUTTON_ICON, Styles.FLAT, Styles.SMALL);
        button.setTooltip(new Tooltip(what));
        button.setAccessibleText(what);
    }

    private void hearMouseAndKeys() {
        surface.setOnMouseMoved(event -> hover(event.getX(), event.getY()));
        surface.setOnMouseExited(_ -> {
            mouseX = Double.NaN;
            selection.hoveredProperty().set(null);
        });
        surface.setOnMousePressed(this::press);
        surface.setOnMouseDragged(this::drag);
        surface.setOnMouseReleased(this::release);
        surface.setOnScroll(this::scroll);
        surface.setOnKeyPressed(this::key);
        surface.setOnContextMenuRequested(event -> {
            if (menu != null) {
                menu.hide();
            }
            menu = menu(ChartKind.of(sheet.charts().get(sheet.chartAt(event.getY()))));
            menu.show(surface, event.getScreenX(), event.getScreenY());
            event.consume();
        });
    }

    private ContextMenu menu(ChartKind chart) {
        MenuItem following = item("Follow the recording", this::follow);
        following.setDisable(!model.window().isLive());
        return new ContextMenu(item("Show the whole experiment", this::showAll), following, new SeparatorMenuItem(),
                item("Save “" + chart.title() + "” as a picture…", () -> chooseFile(chart)),
                item("Save all charts as a picture…", () -> chooseFile(null)));
    }

    private static MenuItem item(String text, Runnable action) {
        MenuItem item = new MenuItem(text);
        item.setOnAction(_ -> action.run());
        return item;
    }

    // What the user does.

    private void hover(double x, double y) {
        mouseX = x;
        mouseY = y;
        int chart = sheet.chartAt(y);
        PlotArea area = sheet.area(chart);
        boolean over = x >= area.x() - REACH_PIXELS && x <= area.right() + REACH_PIXELS;
        int checkpoint = over
                ? sheet.charts().get(chart).columns(frame, area).checkpointAt(x - area.x(), REACH_PIXELS)
                : -1;
        if (checkpoint < 0 && over) {
            int nearest = frame.checkpoints().nearest(frame.second(area, x));
            checkpoint = nearest >= 0
                    && Math.abs(frame.x(area, frame.checkpoints().seconds(nearest)) - x) <= REACH_PIXELS
                            ? nearest
                            : -1;
        }
        selection.hoveredProperty().set(checkpoint < 0 ? null : frame.checkpoints().record(checkpoint));
    }

    private void press(MouseEvent event) {
        surface.requestFocus();
        if (event.getButton() == MouseButton.PRIMARY) {
            pressedX = event.getX();
            draggedFrom = event.getX();
            dragging = false;
        }
    }

    private void drag(MouseEvent event) {
        if (event.getButton() != MouseButton.PRIMARY) {
            return;
        }
        if (!dragging && Math.abs(event.getX() - pressedX) < STILL_A_CLICK) {
            return;
        }
        dragging = true;
        surface.setCursor(Cursor.CLOSED_HAND);
        double secondsPerPixel = model.window().length() / sheet.area(0).width();
        model.window().pan((draggedFrom - event.getX()) * secondsPerPixel);
        draggedFrom = event.getX();
        changed();
    }

    private void release(MouseEvent event) {
        surface.setCursor(Cursor.DEFAULT);
        if (event.getButton() != MouseButton.PRIMARY || dragging) {
            dragging = false;
            return;
        }
        if (event.getClickCount() == 2) {
            showAll();
            return;
        }
        hover(event.getX(), event.getY());
        CheckpointRecord hovered = selection.hoveredProperty().get();
        if (hovered != null) {
            selection.select(hovered);
        }
    }

    private void scroll(ScrollEvent event) {
        PlotArea area = sheet.area(0);
        double sideways = event.isShiftDown() && event.getDeltaX() == 0 ? event.getDeltaY() : event.getDeltaX();
        if (Math.abs(sideways) > Math.abs(event.isShiftDown() ? 0 : event.getDeltaY())) {
            model.window().pan(-sideways * model.window().length() / area.width());
        } else if (event.getDeltaY() != 0) {
            ChartFrame now = model.frame(colors);
            model.window().zoom(Math.pow(WHEEL_ZOOM, -event.getDeltaY()), now.second(area, Math.clamp(event.getX(), area
                    .x(), area.right())));
        }
        changed();
        event.consume();
    }

    private void key(KeyEvent event) {
        switch (event.getCode()) {
            case LEFT -> move(event.isShiftDown() ? -FAR : -1);
            case RIGHT -> move(event.isShiftDown() ? FAR : 1);
            case PAGE_UP -> move(-FAR);
            case PAGE_DOWN -> move(FAR);
            case HOME -> move(-frame.checkpoints().size());
            case END -> move(frame.checkpoints().size());
            case PLUS, ADD, EQUALS -> zoomByKey(1 / KEY_ZOOM);
            case MINUS, SUBTRACT -> zoomByKey(KEY_ZOOM);
            case DIGIT0, NUMPAD0 -> showAll();
            case F -> follow();
            default -> {
                return;
            }
        }
        event.consume();
    }

    private void move(int places) {
        selection.move(places);
    }

    private void zoomByKey(double factor) {
        CheckpointRecord now = selection.checkpoint();
        int index = now == null ? -1 : model.series().indexOf(now.number());
        double middle = (model.window().from() + model.window().to()) / 2;
        double around = index < 0 ? middle : model.series().seconds(index);
        boolean inView = around >= model.window().from() && around <= model.window().to();
        model.window().zoom(factor, inView ? around : middle);
        changed();
    }

    /// Shows the whole experiment.
    public void showAll() {
        model.window().all();
        changed();
    }

    /// Moves on with the recording, where one is being made.
    public void follow() {
        if (model.window().isLive()) {
            model.window().follow();
        }
        changed();
    }

    private void selected(CheckpointRecord now) {
        if (now != null && !selection.followNewestProperty().get()) {
            int index = model.series().indexOf(now.number());
            if (index >= 0) {
                double second = model.series().seconds(index);
                if (second < model.window().from() || second > model.window().to()) {
                    model.window().reveal(second);
                    changed();
                }
            }
        }
        pointersPainter.request();
    }

    // What is painted.

    private void changed() {
        // called by the model before everything here is made
        if (plotsPainter != null && model != null) {
            follow.setDisable(!model.window().isLive());
            follow.setSelected(model.window().mode() == TimeWindow.Mode.FOLLOW);
            plotsPainter.request();
            pointersPainter.request();
        }
    }

    private void paintPlots() {
        frame = model.frame(colors);
        List<Chart> charts = ChartKind.of(frame.checkpoints());
        if (charts.size() != sheet.charts().size()) {
            sheet = new ChartSheet(charts, sheet.width(), sheet.height(), 0);
            pointersPainter.request();
        }
        GraphicsContext graphics = plots.getGraphicsContext2D();
        graphics.clearRect(0, 0, plots.getWidth(), plots.getHeight());
        sheet.paintPlots(plotsInk, frame);
        int most = sheet.charts().getFirst().columns(frame, sheet.area(0)).mostHeld();
        note.setText(most < 2 ? "" : "each pixel shows the largest of up to " + most);
        if (!Double.isNaN(mouseX) && !dragging) {
            hover(mouseX, mouseY);
        }
    }

    private void paintPointers() {
        GraphicsContext graphics = pointers.getGraphicsContext2D();
        graphics.clearRect(0, 0, pointers.getWidth(), pointers.getHeight());
        int selected = indexOf(selection.checkpoint());
        int hovered = indexOf(selection.hoveredProperty().get());
        sheet.paintPointers(pointersInk, frame, selected, hovered);
        int pointed = hovered >= 0 ? hovered : selected;
        readout.setText(words(frame, pointed));
        surface.setAccessibleText(
                "Charts. " + readout.getText() + ". " + String.join(". ", sheet.words(frame, pointed)));
    }

    private int indexOf(CheckpointRecord checkpoint) {
        return checkpoint == null ? -1 : frame.checkpoints().indexOf(checkpoint.number());
    }

    private static String words(ChartFrame frame, int checkpoint) {
        if (checkpoint < 0) {
            return frame.checkpoints().size() == 0 ? "no checkpoint yet" : "";
        }
        CheckpointSeries series = frame.checkpoints();
        String late = series.late(checkpoint) == 0
                ? ""
                : " · late, " + Units.count(series.late(checkpoint), "tick");
        return "#" + Units.count(series.number(checkpoint)) + " at " + TimeTicks.clock(series.seconds(checkpoint), 1)
                + late + eachDisk(series.record(checkpoint).metrics().disks());
    }

    /// What the chart of disk blocks adds up, where there is something to add.
    private static String eachDisk(List<DiskMetrics> disks) {
        return disks.size() < 2
                ? ""
                : disks.stream().map(disk -> " · " + disk.disk() + " " + Units.count(disk.dirtyBlocks(), "block")
                        + " in " + Units.millis(disk.readMicros())).collect(Collectors.joining());
    }

    /// Whether what is on the screen is old.
    boolean isStale() {
        return plotsPainter.isStale() || pointersPainter.isStale();
    }

    /// What was painted last.
    ChartFrame shownFrame() {
        return frame;
    }

    /// Where a checkpoint is painted, in pixels from the left of the charts; not a number for one that is not among them.
    double xOf(int number) {
        int index = frame.checkpoints().indexOf(number);
        return index < 0 ? Double.NaN : frame.x(sheet.area(0), frame.checkpoints().seconds(index));
    }

    // Files.

    /// Saves all charts, as they are shown, as a PNG file of twice the size or an SVG file, by the ending of its name.
    public Cancellable exportTo(Path file) {
        return export(ChartKind.of(model.series()), file, Math.max(LEAST_HEIGHT, surface.getHeight()));
    }

    /// The same with one of the charts.
    public Cancellable exportTo(ChartKind chart, Path file) {
        return export(List.of(chart.chart()), file, Math.max(LEAST_HEIGHT, surface.getHeight() / 2));
    }

    private Cancellable export(List<Chart> charts, Path file, double height) {
        ChartFrame painted = model.frame(colors);
        double width = Math.max(LEAST_WIDTH, surface.getWidth());
        int selected = selection.checkpoint() == null
                ? -1
                : painted.checkpoints().indexOf(selection.checkpoint().number());
        String title = experimentName() + (note.getText().isEmpty() ? "" : " · " + note.getText());
        return workbench.tasks().run("Save charts as " + file.getFileName(), _ -> {
            ChartFile.write(file, width, height + EXPORT_TITLE, painted.colors().background(), ink -> {
                ink.text(painted.colors().text(), Ink.Size.NORMAL, true, title, 8, 18);
                ChartSheet all = new ChartSheet(charts, width, height + EXPORT_TITLE, EXPORT_TITLE);
                all.paintPlots(ink, painted);
                all.paintPointers(ink, painted, selected, -1);
            });
            return file;
        }, _ -> {});
    }

    private String experimentName() {
        return workbench.experiment().experimentProperty().get() == null
                ? ""
                : workbench.experiment().experimentProperty().get().name();
    }

    private void chooseFile(ChartKind chart) {
        Path file = PictureFile.choose(surface, experimentName() + (chart == null ? "" : "-" + chart.title()));
        if (file != null) {
            var _ = chart == null ? exportTo(file) : exportTo(chart, file);
        }
    }
}
