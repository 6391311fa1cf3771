package dev.freezeframe.ui.lineage;

import atlantafx.base.theme.Styles;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import java.util.ArrayList;
import java.util.List;
import javafx.beans.binding.Bindings;
import javafx.beans.property.DoubleProperty;
import javafx.beans.property.SimpleDoubleProperty;
import javafx.beans.value.ObservableStringValue;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.geometry.Orientation;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.ScrollBar;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.MouseEvent;
import javafx.scene.input.ScrollEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.shape.LineTo;
import javafx.scene.shape.MoveTo;
import javafx.scene.shape.Path;
import javafx.scene.shape.PathElement;
import javafx.scene.shape.Rectangle;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The family of experiments, drawn: a lane for each with a tick for every checkpoint, branching off where a machine was
/// restored. Two hundred lanes cost no more than those that can be seen; a hidden tree reads and draws nothing.
public final class FamilyTree extends BorderPane {
    private static final double LANE_HEIGHT = 32;
    private static final double NAME_WIDTH = 240;
    private static final double MARGIN = 12;
    private static final double TICK = 5;
    /// Ticks that stand closer than this become a band.
    private static final double CLOSEST_TICKS = 3;
    private static final double FURTHEST_ZOOM = 400;
    private static final double ZOOM_STEP = 1.25;
    /// Checkpoints of a small tree are not drawn further apart than this.
    private static final double WIDEST_TICKS = 24;

    private final WorkbenchModel workbench;
    private final FamilyTreeModel model;
    private final ObservableList<FamilyRow> rows = FXCollections.observableArrayList();
    private final ListView<FamilyRow> list = new ListView<>(rows);
    private final ScrollBar across = new ScrollBar();
    /// 1 shows the whole width.
    private final DoubleProperty zoom = new SimpleDoubleProperty(this, "zoom", 1);
    private final List<Lane> lanes = new ArrayList<>();
    private double width;

    /// @param workbench whose experiments it shows
    public FamilyTree(WorkbenchModel workbench) {
        this.workbench = workbench;
        model = new FamilyTreeModel(workbench);
        setId("family-tree");
        getStyleClass().addAll("panel", "family-tree");
        list.setFixedCellSize(LANE_HEIGHT);
        list.setCellFactory(_ -> {
            Lane lane = new Lane();
            lanes.add(lane);
            return lane;
        });
        list.setAccessibleText("Tree of experiments");
        list.setOnKeyPressed(event -> {
            FamilyRow row = list.getSelectionModel().getSelectedItem();
            if (event.getCode() == KeyCode.ENTER && row != null) {
                workbench.show(row.node().experiment());
                event.consume();
            }
        });
        list.addEventFilter(ScrollEvent.SCROLL, this::scrolled);
        Label empty = new Label();
        empty.getStyleClass().add("text-muted");
        ObservableStringValue unread = workbench.library().unreadTextProperty();
        empty.textProperty().bind(Bindings.when(Bindings.isEmpty(unread)).then(
                "No experiment yet. Record a machine; what is restored from its checkpoints branches off here.")
                .otherwise(unread));
        list.setPlaceholder(empty);
        across.setOrientation(Orientation.HORIZONTAL);
        across.setMin(0);
        across.visibleProperty().bind(zoom.greaterThan(1));
        across.managedProperty().bind(across.visibleProperty());
        across.valueProperty().addListener((_, _, _) -> redraw());
        zoom.addListener((_, _, _) -> redraw());
        setTop(bar());
        setCenter(list);
        setBottom(across);
        model.layoutProperty().addListener((_, _, now) -> show(now));
        workbench.experiment().selection().checkpointProperty().addListener((_, _, _) -> redraw());
        workbench.experiment().experimentProperty().addListener((_, _, _) -> redraw());
        widthProperty().addListener((_, _, _) -> redraw());
        sceneProperty().addListener((_, _, _) -> look());
        visibleProperty().addListener((_, _, _) -> look());
        look();
    }

    private void look() {
        model.activeProperty().set(getScene() != null && isVisible());
    }

    private Node bar() {
        Label title = new Label("FAMILY OF EXPERIMENTS");
        title.getStyleClass().add("section-title");
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox bar = new HBox(8, title, gap, button(Feather.ZOOM_OUT, "Show more checkpoints", () -> zoomBy(1
                / ZOOM_STEP, 0.5)), button(Feather.ZOOM_IN, "Show fewer checkpoints, larger", () -> zoomBy(ZOOM_STEP,
                        0.5)),
                button(Feather.MAXIMIZE, "Show all", () -> zoomBy(0, 0)));
        bar.setAlignment(Pos.CENTER_LEFT);
        bar.getStyleClass().add("film-bar");
        return bar;
    }

    private static Button button(Feather icon, String text, Runnable action) {
        Button button = new Button(null, new FontIcon(icon));
        button.getStyleClass().addAll(Styles.BUTTON_ICON, Styles.FLAT, Styles.SMALL);
        button.setTooltip(new Tooltip(text));
        button.setAccessibleText(text);
        button.setOnAction(_ -> action.run());
        return button;
    }

    private void show(FamilyLayout layout) {
        FamilyRow selected = list.getSelectionModel().getSelectedItem();
        width = layout.width();
        if (rows.size() == layout.rows().size()) {
            // a recording grows; replacing the list would lose the place
            for (int i = 0; i < rows.size(); i++) {
                rows.set(i, layout.rows().get(i));
            }
        } else {
            rows.setAll(layout.rows());
        }
        if (selected != null) {
            rows.stream().filter(row -> row.node().experiment().id() == selected.node().experiment().id()).findFirst()
                    .ifPresent(row -> list.getSelectionModel().select(row));
        }
        redraw();
    }

    /// Pixels for lanes.
    private double room() {
        return Math.max(1, list.getWidth() - NAME_WIDTH - 2 * MARGIN - 24);
    }

    /// Pixels from one checkpoint to the next.
    private double scale() {
        double fitting = room() / Math.max(1, width);
        return zoom.get() > 1 ? fitting * zoom.get() : Math.min(WIDEST_TICKS, fitting);
    }

    private double x(double place) {
        return MARGIN + (place - (zoom.get() > 1 ? across.getValue() : 0)) * scale();
    }

    private double place(double x) {
        return (x - MARGIN) / scale() + (zoom.get() > 1 ? across.getValue() : 0);
    }

    /// @param at where the place is that stays, as a share of the room
    private void zoomBy(double factor, double at) {
        double fixed = place(MARGIN + room() * at);
        zoom.set(Math.clamp(zoom.get() * factor, 1, FURTHEST_ZOOM));
        double visible = room() / scale();
        across.setMax(Math.max(0, width - visible));
        across.setVisibleAmount(Math.max(1, across.getMax() * visible / Math.max(1, width)));
        across.setUnitIncrement(visible / 10);
        across.setBlockIncrement(visible);
        across.setValue(Math.clamp(fixed - visible * at, 0, across.getMax()));
        redraw();
    }

    private void scrolled(ScrollEvent event) {
        if (event.isControlDown() && event.getDeltaY() != 0) {
            double at = Math.clamp((event.getX() - NAME_WIDTH - MARGIN) / room(), 0, 1);
            zoomBy(event.getDeltaY() > 0 ? ZOOM_STEP : 1 / ZOOM_STEP, at);
            event.consume();
        } else if (event.getDeltaX() != 0 && zoom.get() > 1) {
            across.setValue(Math.clamp(across.getValue() - event.getDeltaX() / scale(), 0, across.getMax()));
            event.consume();
        }
    }

    private void redraw() {
        lanes.forEach(Lane::draw);
    }

    private boolean isShown(ExperimentRecord experiment) {
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        return shown != null && shown.id() == experiment.id();
    }

    /// One experiment.
    private final class Lane extends ListCell<FamilyRow> {
        private final Label name = new Label();
        private final Label count = new Label();
        private final Path branches = path("family-branch");
        private final Path line = path("family-line");
        private final Path ticks = path("family-tick");
        private final Path band = path("family-band");
        private final Path selected = path("family-selected");
        private final Pane drawing = new Pane(branches, line, band, ticks, selected);
        private final HBox content;

        Lane() {
            getStyleClass().add("family-lane");
            setContentDisplay(javafx.scene.control.ContentDisplay.GRAPHIC_ONLY);
            count.getStyleClass().addAll("text-small", "text-muted");
            count.setMinWidth(Region.USE_PREF_SIZE);
            HBox.setHgrow(name, Priority.ALWAYS);
            name.setMaxWidth(Double.MAX_VALUE);
            name.setMinWidth(0);
            HBox names = new HBox(8, name, count);
            names.setAlignment(Pos.CENTER_LEFT);
            names.setPrefWidth(NAME_WIDTH);
            names.setMinWidth(NAME_WIDTH);
            names.setMaxWidth(NAME_WIDTH);
            HBox.setHgrow(drawing, Priority.ALWAYS);
            drawing.setMinSize(0, LANE_HEIGHT);
            drawing.setPrefSize(0, LANE_HEIGHT);
            drawing.setMaxHeight(LANE_HEIGHT);
            Rectangle clip = new Rectangle();
            clip.widthProperty().bind(drawing.widthProperty());
            clip.setHeight(LANE_HEIGHT);
            drawing.setClip(clip);
            drawing.widthProperty().addListener((_, _, _) -> draw());
            content = new HBox(names, drawing);
            content.setPrefWidth(0);
            names.setOnMouseClicked(event -> {
                if (getItem() != null) {
                    model.show(getItem().node().experiment());
                    stay(event);
                }
            });
            drawing.setOnMouseClicked(this::clicked);
            drawing.setOnMouseMoved(this::moved);
        }

        private static Path path(String styleClass) {
            Path path = new Path();
            path.getStyleClass().add(styleClass);
            path.setManaged(false);
            path.setMouseTransparent(true);
            return path;
        }

        /// A double click goes to the experiment; a single one stays in the tree.
        private void stay(MouseEvent event) {
            workbench.navigation().go(event.getClickCount() > 1
                    ? new Navigation.Place.Experiment()
                    : new Navigation.Place.Family());
        }

        private void clicked(MouseEvent event) {
            FamilyRow row = getItem();
            if (row != null) {
                row.node().nearest(place(event.getX()) - row.start()).ifPresent(number -> {
                    model.show(row.node().experiment(), number);
                    stay(event);
                });
            }
        }

        private void moved(MouseEvent event) {
            FamilyRow row = getItem();
            if (row != null) {
                setTooltip(row.node().nearest(place(event.getX()) - row.start()).map(number -> new Tooltip(row.node()
                        .experiment().name() + "/" + number)).orElse(null));
            }
        }

        @Override
        protected void updateItem(FamilyRow row, boolean empty) {
            super.updateItem(row, empty);
            if (empty || row == null) {
                setGraphic(null);
                setAccessibleText(null);
                return;
            }
            FamilyNode node = row.node();
            name.setText(ShownText.oneLine(node.experiment().name()));
            name.setTooltip(new Tooltip(node.experiment().name()));
            count.setText(Units.count(node.checkpoints()));
            setAccessibleText(node.experiment().name() + ", " + Units.count(node.checkpoints(), "checkpoint") + node
                    .origin().map(origin -> ", restored from checkpoint " + origin.number() + " of the lane "
                            + row.depth() + " above")
                    .orElse(""));
            setGraphic(content);
            draw();
        }

        @Override
        protected void layoutChildren() {
            super.layoutChildren();
            if (getGraphic() != null) {
                content.resizeRelocate(snappedLeftInset(), 0, getWidth() - snappedLeftInset() - snappedRightInset(),
                        LANE_HEIGHT);
            }
        }

        void draw() {
            FamilyRow row = getItem();
            if (row == null || isEmpty()) {
                return;
            }
            boolean shown = isShown(row.node().experiment());
            pseudoClassStateChanged(javafx.css.PseudoClass.getPseudoClass("shown"), shown);
            double middle = LANE_HEIGHT / 2;
            List<PathElement> branch = new ArrayList<>();
            row.passes().forEach(place -> vertical(branch, x(place), 0, LANE_HEIGHT));
            row.departures().forEach(place -> vertical(branch, x(place), middle, LANE_HEIGHT));
            row.arrival().ifPresent(place -> {
                vertical(branch, x(place), 0, middle);
                if (row.node().last() > 0) {
                    horizontal(branch, x(place), x(row.start() + 1), middle);
                }
            });
            branches.getElements().setAll(branch);
            List<PathElement> base = new ArrayList<>();
            List<PathElement> marks = new ArrayList<>();
            List<PathElement> bands = new ArrayList<>();
            if (row.node().last() > 0) {
                horizontal(base, x(row.start() + 1), x(row.end()), middle);
                drawTicks(row, marks, bands, middle);
            }
            line.getElements().setAll(base);
            ticks.getElements().setAll(marks);
            band.getElements().setAll(bands);
            CheckpointRecord checkpoint = workbench.experiment().selection().checkpoint();
            List<PathElement> chosen = new ArrayList<>();
            if (shown && checkpoint != null && checkpoint.experimentId() == row.node().experiment().id()) {
                vertical(chosen, x(row.place(checkpoint.number())), middle - 2 * TICK, middle + 2 * TICK);
            }
            selected.getElements().setAll(chosen);
        }

        private void drawTicks(FamilyRow row, List<PathElement> marks, List<PathElement> bands, double middle) {
            FamilyNode node = row.node();
            double right = drawing.getWidth();
            if (!node.isDetailed() || scale() < CLOSEST_TICKS) {
                double from = x(row.place(node.isDetailed() ? node.number(0) : 1));
                horizontal(bands, from, Math.max(x(row.end()), from + 1), middle);
                return;
            }
            for (int i = 0; i < node.checkpoints(); i++) {
                double x = x(row.place(node.number(i)));
                if (x >= -1 && x <= right + 1) {
                    vertical(marks, x, middle - TICK, middle + TICK);
                }
            }
        }

        private void vertical(List<PathElement> path, double x, double from, double to) {
            double sharp = Math.round(x) + 0.5;
            if (sharp >= -1 && sharp <= drawing.getWidth() + 1) {
                path.add(new MoveTo(sharp, from));
                path.add(new LineTo(sharp, to));
            }
        }

        private void horizontal(List<PathElement> path, double from, double to, double y) {
            double sharp = Math.round(y) + 0.5;
            path.add(new MoveTo(Math.clamp(from, -1, drawing.getWidth() + 1), sharp));
            path.add(new LineTo(Math.clamp(to, -1, drawing.getWidth() + 1), sharp));
        }
    }
}
