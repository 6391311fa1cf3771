package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.checkpoint.SegmentBar.Part;
import dev.freezeframe.ui.checkpoint.SegmentBar.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import javafx.beans.InvalidationListener;
import javafx.geometry.HPos;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

/// Everything about the selected checkpoint, and all that can be done with it. Shows the selection of the window and nothing
/// else.
public final class CheckpointDetails extends BorderPane {
    /// The names that the phases have for people, by those that they have in records.
    private static final Map<String, String> PHASES = Map.of("stop", "stop", "deviceState", "device state", "harvest",
            "harvest", "copy", "copy", "disks", "disks", "resume", "resume");

    private final WorkbenchModel workbench;
    private final CheckpointDetailsModel model;

    private final Label title = new Label();
    private final Label experimentName = new Label();
    private final Label captured = new Label();
    private final Label pause = new Label();
    private final Label againstMedian = new Label();
    private final SegmentBar phaseBar = new SegmentBar(phases());
    private final Label dirty = new Label();
    private final Label saved = new Label();
    private final SegmentBar composition = new SegmentBar(List.of(new Part("class-new", "new"),
            new Part("class-duplicate-within", "duplicate within"), new Part("class-duplicate-stored",
                    "duplicate stored"),
            new Part("class-duplicate-disk", "on disk"), new Part("class-zero", "zero"),
            new Part("class-unchanged", "unchanged")));
    private final DiskFigures disks = new DiskFigures();
    private final GridPane figures = new GridPane();
    private final Map<String, Label> figureOf = new HashMap<>();
    private final FlowPane family = new FlowPane(8, 0);
    private final ScrollPane scroll = new ScrollPane();
    private final AnnotationPanel annotation;
    private final CheckpointButtons buttons;
    private final StackPane empty = new StackPane();
    private final BorderPane filled = new BorderPane();

    /// @param workbench whose selection it shows
    public CheckpointDetails(WorkbenchModel workbench) {
        this.workbench = workbench;
        model = new CheckpointDetailsModel(workbench);
        annotation = new AnnotationPanel(model, scroll);
        buttons = new CheckpointButtons(workbench, this);
        getStyleClass().addAll("panel", "checkpoint-details");
        setId("checkpoint-details");
        filled.setTop(header());
        filled.setCenter(body());
        filled.setBottom(buttons);
        buildEmpty();
        InvalidationListener show = _ -> show();
        model.checkpointProperty().addListener(show);
        model.parentProperty().addListener((_, _, _) -> showFamily());
        model.children().addListener((InvalidationListener) _ -> showFamily());
        workbench.experiment().summaryProperty().addListener((_, _, _) -> showPause(model.checkpointProperty().get()));
        workbench.experiment().loadingProperty().addListener(show);
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (AnnotationPanel.UNDO.match(event)) {
                model.undo();
                event.consume();
            }
        });
        showFamily();
        show();
    }

    /// Takes the last change of a note or a tag back.
    public void undo() {
        model.undo();
    }

    /// What [#undo] would take back, in words; empty where there is nothing.
    public javafx.beans.property.ReadOnlyStringProperty undoTextProperty() {
        return model.undoTextProperty();
    }

    /// Puts the keyboard on the restore button.
    public void focusRestore() {
        buttons.focusRestore();
    }

    // --- parts

    /// In the order of the pause.
    private static List<Part> phases() {
        List<Part> parts = new ArrayList<>();
        CheckpointFigure.PHASES.stream().map(CheckpointFigure::field)
                .forEach(name -> parts.add(new Part("phase-" + (parts.size()
                        + 1), PHASES.getOrDefault(name, name))));
        return parts;
    }

    static Label section(String text) {
        Label label = new Label(text);
        label.getStyleClass().add("section-title");
        return label;
    }

    private Node header() {
        title.getStyleClass().addAll("text-large", "text-strong");
        experimentName.getStyleClass().addAll("text-muted", "text-small");
        captured.getStyleClass().addAll("text-muted", "text-small");
        captured.setMinWidth(Region.USE_PREF_SIZE);
        captured.setTooltip(new Tooltip("Local time of the pause, and the time since the recording began"));
        experimentName.setTooltip(new Tooltip());
        experimentName.getTooltip().textProperty().bind(experimentName.textProperty());
        HBox second = new HBox(8, experimentName, captured);
        VBox header = new VBox(2, title, second);
        header.getStyleClass().add("details-header");
        return header;
    }

    private Node body() {
        pause.getStyleClass().addAll("text-large", "text-strong");
        againstMedian.getStyleClass().addAll("text-small", "text-muted");
        dirty.getStyleClass().addAll("text-large", "text-strong");
        pause.setMinWidth(Region.USE_PREF_SIZE);
        dirty.setMinWidth(Region.USE_PREF_SIZE);
        saved.getStyleClass().addAll("text-small", "text-muted");
        HBox pauseLine = new HBox(8, pause, againstMedian);
        pauseLine.setAlignment(Pos.BASELINE_LEFT);
        HBox dirtyLine = new HBox(8, dirty, saved);
        dirtyLine.setAlignment(Pos.BASELINE_LEFT);
        figures.setVgap(2);
        figures.setHgap(8);
        ColumnConstraints names = new ColumnConstraints();
        names.setMinWidth(112);
        ColumnConstraints values = new ColumnConstraints();
        values.setHgrow(Priority.ALWAYS);
        values.setHalignment(HPos.RIGHT);
        figures.getColumnConstraints().addAll(names, values);
        VBox body = new VBox(4, section("PAUSE"), pauseLine, phaseBar, phaseBar.legend(),
                gap(), section("DIRTY MEMORY"), dirtyLine, composition, composition.legend(),
                disks, gap(), annotation,
                gap(), section("FAMILY"), family,
                gap(), section("FIGURES"), figures);
        body.getStyleClass().add("details-body");
        scroll.setContent(body);
        scroll.setFitToWidth(true);
        scroll.setHbarPolicy(ScrollPane.ScrollBarPolicy.NEVER);
        return scroll;
    }

    private static Region gap() {
        Region gap = new Region();
        gap.setMinHeight(4);
        return gap;
    }

    private void buildEmpty() {
        Label text = new Label();
        text.setId("details-empty");
        text.getStyleClass().add("text-muted");
        text.setWrapText(true);
        text.textProperty().bind(javafx.beans.binding.Bindings.createStringBinding(() -> workbench.experiment()
                .loadingProperty().get()
                        ? "Reading the checkpoints…"
                        : workbench.experiment().experimentProperty().get() == null
                                ? "No checkpoint is selected"
                                : "The first checkpoint is still to come",
                workbench.experiment().loadingProperty(),
                workbench.experiment().experimentProperty()));
        empty.getChildren().setAll(text);
        empty.getStyleClass().add("page");
    }

    // --- showing

    private void show() {
        CheckpointRecord checkpoint = model.checkpointProperty().get();
        setCenter(checkpoint == null ? empty : filled);
        workbench.experiment().notice("");
        annotation.show();
        if (checkpoint == null) {
            return;
        }
        CheckpointMetrics metrics = checkpoint.metrics();
        title.setText("Checkpoint " + Units.count(checkpoint.number()));
        experimentName.setText(ShownText.oneLine(checkpoint.experimentName()));
        ExperimentRecord experiment = workbench.experiment().experimentProperty().get();
        captured.setText(CheckpointFigures.localTime(metrics.capturedAt()) + (experiment == null
                ? ""
                : " · " + Units.duration(Duration.between(experiment.startedAt(), metrics.capturedAt())) + " in"));
        showPause(checkpoint);
        showDirty(metrics);
        disks.show(metrics.disks());
        showFigures(metrics);
    }

    private void showPause(CheckpointRecord checkpoint) {
        if (checkpoint == null) {
            return;
        }
        CheckpointMetrics metrics = checkpoint.metrics();
        long median = workbench.experiment().summaryProperty().get().pauseMicros().median();
        pause.setText(Units.millis(metrics.pauseMicros()));
        againstMedian.setText(median == 0
                ? ""
                : Units.text("%s × the median of %s", Units.threeDigits((double) metrics.pauseMicros() / median), Units
                        .millis(median)));
        List<Value> values = new ArrayList<>();
        metrics.phaseMicros().forEach((_, micros) -> values.add(new Value(micros, Units.millis(
                micros))));
        long sum = values.stream().mapToLong(Value::value).sum();
        phaseBar.show("Pause by phase", values, Math.max(Math.max(sum, metrics.pauseMicros()), median + median / 4),
                median == 0 ? -1 : median);
    }

    private void showDirty(CheckpointMetrics metrics) {
        dirty.setText(Units.count(metrics.dirtyPages(), "page"));
        saved.setText(
                Units.bytes(metrics.dirtyPages() * GuestPage.BYTES) + " · saved " + CheckpointFigures.saved(metrics));
        composition.show("Dirty pages by class", LongStream.of(metrics.newPages(), metrics.duplicateWithinPages(),
                metrics.duplicateStoredPages(), metrics.duplicateDiskPages(), metrics.zeroPages(),
                metrics.unchangedPages()).mapToObj(
                        pages -> new Value(pages, Units.count(pages)))
                .toList(), metrics.dirtyPages(), -1);
    }

    private void showFigures(CheckpointMetrics metrics) {
        figure("Dirty of all RAM", Units.percent((double) metrics.dirtyPages(), (double) metrics.ramPages()) + " of "
                + Units.bytes(metrics.ramPages() * GuestPage.BYTES));
        figure("Added to the store", Units.bytes(metrics.storedBytes()));
        figure("Saved by dedup", Units.bytes((metrics.dirtyPages() - metrics.newPages()) * GuestPage.BYTES) + " of "
                + Units.bytes(metrics.dirtyPages() * GuestPage.BYTES));
        figure("Device state", Units.bytes(metrics.deviceStateBytes()));
        figure("Copied before the stop", Units.count(metrics.of(CheckpointFigure.PRE_COPIED_PAGES), "page")
                + " in " + Units.millis(metrics.of(CheckpointFigure.PRE_COPY_TIME)));
        figure("Pre-copy rounds", Units.count(metrics.of(CheckpointFigure.PRE_COPY_ROUNDS)));
        figure("Copied in the pause", Units.count(metrics.of(CheckpointFigure.PAUSE_PAGES), "page"));
        figure("Background work", Units.millis(1000 * metrics.pipelineMillis()));
        figure("Interval", Units.duration(Duration.ofMillis(metrics.intervalMillis())));
        figure("On time", metrics.late() == 0 ? "yes" : Units.count(metrics.late(), "tick") + " late");
    }

    private void figure(String name, String value) {
        figureOf.computeIfAbsent(name, _ -> {
            Label text = new Label(name);
            text.getStyleClass().add("text-muted");
            text.setMinWidth(Region.USE_PREF_SIZE);
            Label figure = new Label();
            figures.addRow(figures.getRowCount(), text, figure);
            return figure;
        }).setText(value);
    }

    private void showFamily() {
        List<Node> nodes = new ArrayList<>();
        Label from = new Label(model.parentProperty().get().isPresent()
                ? "Its machine was restored from"
                : "Its machine was booted");
        from.getStyleClass().add("text-muted");
        nodes.add(from);
        model.parentProperty().get().ifPresent(parent -> nodes.add(link(parent.name().toString(), "details-parent",
                model::showParent)));
        if (!model.children().isEmpty()) {
            Label to = new Label("Restored from here:");
            to.getStyleClass().add("text-muted");
            nodes.add(to);
            model.children().forEach(child -> nodes.add(link(child.name(), "details-child", () -> model.showChild(
                    child))));
        }
        family.getChildren().setAll(nodes);
    }

    private Hyperlink link(String text, String styleClass, Runnable action) {
        Hyperlink link = new Hyperlink(ShownText.oneLine(text));
        link.getStyleClass().add(styleClass);
        link.maxWidthProperty().bind(family.widthProperty());
        link.setTooltip(new Tooltip(text));
        link.setOnAction(_ -> action.run());
        return link;
    }
}
