package dev.freezeframe.ui.chart;

import atlantafx.base.theme.Styles;
import dev.freezeframe.analyse.OverlayRun;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ChartColors;
import dev.freezeframe.plot.OverlaySheet;
import dev.freezeframe.plot.ink.ChartFile;
import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.theme.Palette;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.collections.ListChangeListener;
import javafx.geometry.Orientation;
import javafx.scene.canvas.Canvas;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.SplitPane;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// Two or more experiments laid over each other, to compare what intervals cost and bring: charts of their pauses, dirty rates
/// and stored bytes, and a table of their figures.
public final class OverlayPane extends BorderPane {
    private static final double LEAST_WIDTH = 320;
    private static final double LEAST_HEIGHT = 240;
    private static final double TABLE_HEIGHT = 148;

    private final WorkbenchModel workbench;
    private final OverlayModel model;
    private final Canvas canvas = new Canvas();
    private final CanvasInk ink = new CanvasInk(canvas.getGraphicsContext2D());
    private final FramePainter painter = new FramePainter(canvas, this::paint);
    private final PaintedSurface surface = new PaintedSurface(canvas, painter, LEAST_WIDTH, LEAST_HEIGHT);
    private final ListView<ExperimentTotals> experiments;
    private final TableView<OverlayRun> table = new TableView<>();
    private ChartColors colors;

    /// @param palette of the window that this is shown in
    public OverlayPane(WorkbenchModel workbench, Palette palette) {
        this.workbench = workbench;
        model = new OverlayModel(workbench);
        surface.setId("overlay-charts");
        colors = PaletteColors.of(palette);
        experiments = new ListView<>(model.experiments());
        experiments.setCellFactory(_ -> new Choice());
        experiments.setId("overlay-experiments");
        experiments.setPlaceholder(new Label("No experiment yet"));
        experiments.setAccessibleText("Experiments to compare");
        experiments.getStyleClass().addAll(Styles.DENSE);
        palette.changesProperty().addListener((_, _, _) -> {
            colors = PaletteColors.of(palette);
            painter.request();
        });
        model.runs().addListener((ListChangeListener<OverlayRun>) _ -> {
            table.getItems().setAll(model.runs());
            experiments.refresh();
            surface.setAccessibleText("Charts of " + model.runs().stream().map(run -> run.experiment().name()).collect(
                    Collectors.joining(", ")));
            painter.request();
        });
        table.getItems().setAll(model.runs());
        fillTable();
        getStyleClass().add("overlay-pane");
        VBox side = new VBox(title("Experiments to compare"), experiments);
        VBox.setVgrow(experiments, Priority.ALWAYS);
        side.setMinWidth(160);
        VBox middle = new VBox(bar(), surface, table);
        VBox.setVgrow(surface, Priority.ALWAYS);
        SplitPane split = new SplitPane(side, middle);
        split.setOrientation(Orientation.HORIZONTAL);
        split.setDividerPositions(0.22);
        SplitPane.setResizableWithParent(side, false);
        setCenter(split);
    }

    /// Chooses the experiments with these ids; the two newest where there are none.
    public void show(List<Long> experimentIds) {
        model.choose(experimentIds);
        experiments.refresh();
    }

    private static Label title(String text) {
        Label title = new Label(text);
        title.getStyleClass().addAll("section-title", "charts-title");
        return title;
    }

    private HBox bar() {
        Button export = new Button(null, new FontIcon(Feather.DOWNLOAD));
        export.getStyleClass().addAll(Styles.BUTTON_ICON, Styles.FLAT, Styles.SMALL);
        export.setTooltip(new Tooltip("Save the charts as a picture"));
        export.setAccessibleText("Save the charts as a picture");
        export.setOnAction(_ -> {
            Path file = PictureFile.choose(surface, "comparison");
            if (file != null) {
                var _ = exportTo(file);
            }
        });
        Region space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        HBox bar = new HBox(8, title("Laid over each other, from the start of each"), space, export);
        bar.getStyleClass().add("charts-bar");
        return bar;
    }

    /// An experiment that can be chosen.
    private final class Choice extends ListCell<ExperimentTotals> {
        private final CheckBox box = new CheckBox();
        private final Tooltip whole = new Tooltip();

        Choice() {
            box.setMaxWidth(Double.MAX_VALUE);
            box.setOnAction(_ -> model.choose(getItem().experiment().id(), box.isSelected()));
            box.setTooltip(whole);
            setPrefWidth(0);
        }

        @Override
        protected void updateItem(ExperimentTotals each, boolean empty) {
            super.updateItem(each, empty);
            if (empty || each == null) {
                setGraphic(null);
                return;
            }
            boolean chosen = model.isChosen(each.experiment().id());
            box.setText(each.experiment().name());
            whole.setText(each.experiment().name() + ", " + Units.count(each.checkpoints(), "checkpoint") + (!chosen
                    && model.isFull() ? "; no more than " + OverlayModel.MOST + " can be told apart" : ""));
            box.setSelected(chosen);
            box.setDisable(!chosen && model.isFull());
            setGraphic(box);
        }
    }

    private void fillTable() {
        table.setId("overlay-table");
        table.setMinHeight(TABLE_HEIGHT);
        table.setPrefHeight(TABLE_HEIGHT);
        table.setPlaceholder(new Label("Choose two or more experiments at the left"));
        table.getStyleClass().addAll(Styles.DENSE, Styles.STRIPED, "text-small");
        table.setColumnResizePolicy(TableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        table.setAccessibleText("Figures of the chosen experiments");
        TableColumn<OverlayRun, String> name = column("experiment", run -> run.experiment().name());
        name.getStyleClass().remove("figures");
        name.setMinWidth(120);
        table.getColumns().setAll(List.of(name, column("interval", OverlayRun::interval), column("checkpoints",
                run -> Units.count(run.checkpoints().size())),
                column("median pause", run -> Units.millis(run.summary()
                        .pauseMicros().median())),
                column("p99 pause", run -> Units.millis(run.summary().pauseMicros()
                        .p99())),
                column("dirty pages/s", OverlayPane::dirtyRate),
                column("saved", OverlayRun::saved), column(
                        "per checkpoint", run -> bytes(run.bytesPerCheckpoint())),
                column(
                        "per second", run -> bytes(run.bytesPerSecond()))));
    }

    private static String dirtyRate(OverlayRun run) {
        long rate = run.checkpoints().medianPagesPerSecond();
        return run.checkpoints().size() < 2 ? "–" : Units.count(rate);
    }

    private static String bytes(double bytes) {
        return Double.isNaN(bytes) ? "–" : Units.bytes(Math.round(bytes));
    }

    private static TableColumn<OverlayRun, String> column(String title, Function<OverlayRun, String> text) {
        TableColumn<OverlayRun, String> column = new TableColumn<>();
        Label heading = new Label(title);
        heading.getStyleClass().add("text-small");
        heading.setTooltip(new Tooltip(title));
        column.setGraphic(heading);
        column.setCellValueFactory(cell -> new ReadOnlyStringWrapper(text.apply(cell.getValue())));
        column.getStyleClass().add("figures");
        column.setSortable(false);
        column.setMinWidth(72);
        return column;
    }

    private void paint() {
        canvas.getGraphicsContext2D().clearRect(0, 0, canvas.getWidth(), canvas.getHeight());
        if (model.runs().isEmpty()) {
            ink.text(colors.mutedText(), Ink.Size.NORMAL, false, "Choose two or more experiments at the left", 8, 24);
        } else {
            sheet().paint(ink);
        }
    }

    private OverlaySheet sheet() {
        return new OverlaySheet(List.copyOf(model.runs()), colors, Math.max(LEAST_WIDTH, canvas.getWidth()), Math.max(
                LEAST_HEIGHT, canvas.getHeight()));
    }

    /// Saves the charts, as they are shown, as a PNG file of twice the size or an SVG file, by the ending of its name.
    public Cancellable exportTo(Path file) {
        OverlaySheet painted = sheet();
        return workbench.tasks().run("Save the comparison as " + file.getFileName(), _ -> {
            ChartFile.write(file, painted.width(), painted.height(), painted.colors().background(), painted::paint);
            return file;
        }, _ -> {});
    }
}
