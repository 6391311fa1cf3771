package dev.freezeframe.ui.checkpoint;

import atlantafx.base.theme.Styles;
import dev.freezeframe.base.Units;
import dev.freezeframe.bundle.CheckpointExport.DiskFormat;
import dev.freezeframe.restore.RecordedOutside;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.checkpoint.SegmentBar.Part;
import dev.freezeframe.ui.checkpoint.SegmentBar.Value;
import dev.freezeframe.ui.machine.MachinesModel;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.stream.LongStream;
import javafx.beans.InvalidationListener;
import javafx.geometry.HPos;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.control.SplitMenuButton;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
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
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// Everything about the selected checkpoint, and all that can be done with it. Shows the selection of the window and nothing
/// else; a note that is being written goes to the checkpoint that it was begun for, wherever the selection has moved.
public final class CheckpointDetails extends BorderPane {
    private static final KeyCombination SAVE = new KeyCodeCombination(KeyCode.ENTER, KeyCombination.SHORTCUT_DOWN);
    private static final KeyCombination UNDO = new KeyCodeCombination(KeyCode.Z, KeyCombination.SHORTCUT_DOWN);
    private static final long PAGE_BYTES = 4096;
    /// The names that the phases have for people, by those that they have in records.
    private static final Map<String, String> PHASES = Map.of("stop", "stop", "deviceState", "device state", "harvest",
            "harvest", "copy", "copy", "disks", "disks", "resume", "resume");

    private final WorkbenchModel workbench;
    private final CheckpointDetailsModel model;
    private final CheckpointActions actions;

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
    private final TextArea note = new TextArea();
    private final Label noteProblem = problemLabel();
    private final FlowPane tags = new FlowPane(4, 4);
    private final TextField newTag = new TextField();
    private final Label tagProblem = problemLabel();
    private final Hyperlink undo = new Hyperlink();
    private final Label message = new Label();
    private final ScrollPane scroll = new ScrollPane();
    private final StackPane empty = new StackPane();
    private final BorderPane filled = new BorderPane();
    private Node restoreButton;
    /// Whose note the text field holds; stays while somebody writes.
    private CheckpointRecord noteOf;
    private SortedSet<String> shownTags;

    /// @param workbench whose selection it shows
    public CheckpointDetails(WorkbenchModel workbench) {
        this.workbench = workbench;
        model = new CheckpointDetailsModel(workbench);
        actions = new CheckpointActions(workbench);
        getStyleClass().addAll("panel", "checkpoint-details");
        setId("checkpoint-details");
        filled.setTop(header());
        filled.setCenter(body());
        filled.setBottom(buttons());
        buildEmpty();
        InvalidationListener show = _ -> show();
        model.checkpointProperty().addListener(show);
        model.parentProperty().addListener((_, _, _) -> showFamily());
        model.children().addListener((InvalidationListener) _ -> showFamily());
        model.annotationProperty().addListener((_, _, now) -> showAnnotation(now));
        workbench.experiment().summaryProperty().addListener((_, _, _) -> showPause(model.checkpointProperty().get()));
        workbench.experiment().loadingProperty().addListener(show);
        workbench.machines().setWhenRefused(this::askAgain);
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (UNDO.match(event)) {
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
        restoreButton.requestFocus();
    }

    // --- parts

    /// In the order of the pause.
    private static List<Part> phases() {
        List<Part> parts = new ArrayList<>();
        CheckpointFigure.PHASES.stream().map(CheckpointFigure::field).forEach(name -> parts.add(new Part("phase-" + (parts.size()
                + 1), PHASES.getOrDefault(name, name))));
        return parts;
    }

    private static Label problemLabel() {
        Label label = new Label();
        label.getStyleClass().addAll("text-small", "text-late");
        label.setWrapText(true);
        label.managedProperty().bind(label.textProperty().isNotEmpty());
        label.visibleProperty().bind(label.managedProperty());
        return label;
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
                disks, gap(), noteTitle(), note, noteProblem, tags, tagProblem,
                gap(), section("FAMILY"), family,
                gap(), section("FIGURES"), figures);
        body.getStyleClass().add("details-body");
        note();
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

    private Node noteTitle() {
        undo.setId("details-undo");
        undo.getStyleClass().add("text-small");
        undo.textProperty().bind(javafx.beans.binding.Bindings.concat("Undo: ", model.undoTextProperty()));
        undo.visibleProperty().bind(model.undoTextProperty().isNotEmpty());
        undo.setOnAction(_ -> {
            undo.setVisited(false);
            model.undo();
        });
        undo.setMinWidth(0);
        Region between = new Region();
        HBox.setHgrow(between, Priority.ALWAYS);
        HBox line = new HBox(8, section("NOTE AND TAGS"), between, undo);
        line.setAlignment(Pos.CENTER_LEFT);
        return line;
    }

    private void note() {
        note.setId("details-note");
        note.setPromptText("Write a note");
        note.setWrapText(true);
        note.setPrefRowCount(2);
        note.setMinHeight(Region.USE_PREF_SIZE);
        note.setAccessibleText("Note");
        note.setTooltip(new Tooltip("Saved when you leave it, or with Ctrl+Enter; Escape drops the change"));
        note.addEventFilter(KeyEvent.KEY_PRESSED, event -> {
            if (SAVE.match(event)) {
                saveNote();
                event.consume();
            } else if (event.getCode() == KeyCode.ESCAPE) {
                dropNote();
                event.consume();
            } else if (event.getCode() == KeyCode.TAB && !event.isControlDown()) {
                // in a note Tab is of no use, and from a text area there would be no way on
                Node next = event.isShiftDown() ? scroll : newTag;
                next.requestFocus();
                event.consume();
            } else if (UNDO.match(event) && !note.isUndoable()) {
                model.undo();
                event.consume();
            }
        });
        note.textProperty().addListener((_, _, _) -> {
            if (note.isFocused() && noteOf != null) {
                model.beginEditing();
            }
        });
        note.focusedProperty().addListener((_, _, focused) -> {
            if (!focused) {
                saveNote();
            }
        });
        newTag.setId("details-new-tag");
        newTag.setPromptText("add tag");
        newTag.setPrefColumnCount(7);
        newTag.getStyleClass().add(Styles.SMALL);
        newTag.setAccessibleText("New tag");
        newTag.setOnAction(_ -> {
            if (newTag.getText().isBlank()) {
                return;
            }
            Optional<String> wrong = model.addTag(newTag.getText());
            tagProblem.setText(wrong.orElse(""));
            if (wrong.isEmpty()) {
                newTag.clear();
            }
        });
        newTag.textProperty().addListener((_, _, text) -> {
            tagProblem.setText("");
            if (!text.isEmpty()) {
                model.beginEditing();
            }
        });
    }

    private void saveNote() {
        if (noteOf != null) {
            noteProblem.setText(model.saveNote(noteOf, note.getText()).orElse(""));
            if (noteProblem.getText().isEmpty()) {
                takeNote();
            }
        }
    }

    private void dropNote() {
        noteOf = null;
        noteProblem.setText("");
        takeNote();
    }

    /// Fills the field with the note of the selected checkpoint.
    private void takeNote() {
        noteOf = model.checkpointProperty().get();
        String text = model.annotationProperty().get().note();
        if (!note.getText().equals(text)) {
            note.setText(text);
        }
    }

    private Node buttons() {
        SplitMenuButton restore = new SplitMenuButton();
        restore.setId("details-restore");
        restore.setText("Restore to new machine");
        restore.setGraphic(new FontIcon(Feather.ROTATE_CCW));
        restore.getStyleClass().add(Styles.ACCENT);
        restore.setTooltip(new Tooltip("One machine, running, that can be recorded. The arrow has more."));
        restore.setOnAction(_ -> selected().ifPresent(actions::restore));
        restore.setMaxWidth(Double.MAX_VALUE);
        MenuItem paused = new MenuItem("Restore and leave paused");
        paused.setOnAction(_ -> selected().ifPresent(each -> actions.restore(each, CheckpointActions.usualRestore()
                .withLeavePaused(true))));
        MenuItem more = new MenuItem("Several machines and other options…");
        more.setId("details-restore-options");
        more.setOnAction(_ -> askRestore());
        restore.getItems().setAll(paused, more);
        restoreButton = restore;

        MenuItem previous = new MenuItem();
        previous.setOnAction(_ -> compareWith(model.previous()));
        MenuItem first = new MenuItem();
        first.setOnAction(_ -> compareWith(model.first()));
        MenuItem other = new MenuItem("Another checkpoint…");
        other.setOnAction(_ -> compareWith(Optional.empty()));
        MenuButton compare = new MenuButton("Compare with", null, previous, first, other);
        compare.setId("details-compare");
        compare.setOnShowing(_ -> {
            previous.setDisable(model.previous().isEmpty());
            previous.setText(model.previous().map(each -> "The previous checkpoint, " + each.number()).orElse(
                    "The previous checkpoint"));
            first.setDisable(model.first().isEmpty());
            first.setText(model.first().map(each -> "The first checkpoint, " + each.number()).orElse(
                    "The first checkpoint"));
        });
        MenuItem ram = new MenuItem("RAM image…");
        ram.setOnAction(_ -> exportRam());
        MenuItem devices = new MenuItem("Device state…");
        devices.setOnAction(_ -> exportDevices());
        MenuButton export = new MenuButton("Export", null, ram, devices);
        export.setId("details-export");
        export.setOnShowing(_ -> {
            List<MenuItem> items = new ArrayList<>(List.of(ram, devices));
            selected().ifPresent(each -> items.addAll(diskExports(each)));
            export.getItems().setAll(items);
        });
        Button delete = new Button("Delete…");
        delete.setId("details-delete");

        delete.setOnAction(_ -> selected().ifPresent(each -> DeleteDialog.ask(this, actions.deletionOf(List.of(each)),
                actions::delete)));
        HBox second = new HBox(8, compare, export, delete);
        for (Region each : List.of(compare, export, delete)) {
            HBox.setHgrow(each, Priority.ALWAYS);
            each.setMaxWidth(Double.MAX_VALUE);
        }
        message.setId("details-message");
        message.getStyleClass().addAll("text-small", "text-muted");
        message.setTooltip(new Tooltip());
        message.getTooltip().textProperty().bind(message.textProperty());
        message.managedProperty().bind(message.textProperty().isNotEmpty());
        message.visibleProperty().bind(message.managedProperty());
        VBox box = new VBox(8, message, restore, second);
        box.getStyleClass().add("details-buttons");
        return box;
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

    // --- actions

    private Optional<CheckpointRecord> selected() {
        return Optional.ofNullable(model.checkpointProperty().get());
    }

    private void compareWith(Optional<CheckpointRecord> other) {
        selected().ifPresent(each -> workbench.navigation().go(new Navigation.Place.Compare(each, other)));
    }

    private void askRestore() {
        selected().ifPresent(each -> RestoreDialog.ask(this, new CheckpointRestoreModel(workbench.tasks(), each,
                outsideOf(each)), options -> actions.restore(each, options)));
    }

    private void askAgain(MachinesModel.Refused refused) {
        RestoreDialog.ask(this, CheckpointRestoreModel.again(workbench.tasks(), refused, outsideOf(refused
                .checkpoint())), options -> {
                    refused.failed().forEach(workbench.machines()::remove);
                    actions.restore(refused.checkpoint(), options);
                });
    }

    private RecordedOutside outsideOf(CheckpointRecord checkpoint) {
        return workbench.library().find(checkpoint.experimentId()).map(RecordedOutside::of).orElse(
                RecordedOutside.NOTHING);
    }

    private void exportRam() {
        selected().ifPresent(each -> chooseFile("Export the RAM of " + each.name(), each, ".ram").ifPresent(
                file -> actions.exportRam(each, file.toPath(), this::say)));
    }

    private void exportDevices() {
        selected().ifPresent(each -> chooseFile("Export the device state of " + each.name(), each, ".devices")
                .ifPresent(file -> actions.exportDeviceState(each, file.toPath(), this::say)));
    }

    /// Two entries for each disk of a checkpoint.
    private List<MenuItem> diskExports(CheckpointRecord checkpoint) {
        List<MenuItem> items = new ArrayList<>();
        for (DiskMetrics disk : checkpoint.metrics().disks()) {
            items.add(new SeparatorMenuItem());
            for (DiskFormat format : DiskFormat.values()) {
                String word = format.name().toLowerCase(Locale.ROOT);
                MenuItem item = new MenuItem(disk.disk() + " as " + word + " image…");
                item.setId("details-export-" + disk.disk() + "-" + word);
                item.setOnAction(_ -> exportDisk(checkpoint, disk.disk(), format, word));
                items.add(item);
            }
        }
        return items;
    }

    private void exportDisk(CheckpointRecord checkpoint, String disk, DiskFormat format, String word) {
        chooseFile("Export " + disk + " of " + checkpoint.name(), checkpoint,
                "-" + disk + "." + (format == DiskFormat.RAW
                        ? "img"
                        : word))
                .ifPresent(file -> actions.exportDisk(checkpoint, disk, format, file.toPath(), this::say));
    }

    private Optional<File> chooseFile(String what, CheckpointRecord checkpoint, String ending) {
        FileChooser chooser = new FileChooser();
        chooser.setTitle(what);
        chooser.setInitialFileName(checkpoint.experimentName().replaceAll("[^A-Za-z0-9._-]", "_") + "-" + checkpoint
                .number() + ending);
        return Optional.ofNullable(chooser.showSaveDialog(getScene().getWindow()));
    }

    private void say(String line) {
        message.setText(line);
    }

    // --- showing

    private void show() {
        CheckpointRecord checkpoint = model.checkpointProperty().get();
        setCenter(checkpoint == null ? empty : filled);
        say("");
        tagProblem.setText("");
        if (checkpoint == null) {
            noteOf = null;
            return;
        }
        CheckpointMetrics metrics = checkpoint.metrics();
        title.setText("Checkpoint " + Units.count(checkpoint.number()));
        experimentName.setText(Units.printable(checkpoint.experimentName()));
        ExperimentRecord experiment = workbench.experiment().experimentProperty().get();
        captured.setText(CheckpointFigures.localTime(metrics.capturedAt()) + (experiment == null
                ? ""
                : " · " + Units.duration(Duration.between(experiment.startedAt(), metrics.capturedAt())) + " in"));
        showPause(checkpoint);
        showDirty(metrics);
        disks.show(metrics.disks());
        showFigures(metrics);
        showAnnotation(model.annotationProperty().get());
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
        saved.setText(Units.bytes(metrics.dirtyPages() * PAGE_BYTES) + " · saved " + CheckpointFigures.saved(metrics));
        composition.show("Dirty pages by class", LongStream.of(metrics.newPages(), metrics.duplicateWithinPages(),
                metrics.duplicateStoredPages(), metrics.duplicateDiskPages(), metrics.zeroPages(),
                metrics.unchangedPages()).mapToObj(
                        pages -> new Value(pages, Units.count(pages)))
                .toList(), metrics.dirtyPages(), -1);
    }

    private void showFigures(CheckpointMetrics metrics) {
        figure("Dirty of all RAM", Units.percent((double) metrics.dirtyPages(), (double) metrics.ramPages()) + " of "
                + Units.bytes(metrics.ramPages() * PAGE_BYTES));
        figure("Added to the store", Units.bytes(metrics.storedBytes()));
        figure("Saved by dedup", Units.bytes((metrics.dirtyPages() - metrics.newPages()) * PAGE_BYTES) + " of "
                + Units.bytes(metrics.dirtyPages() * PAGE_BYTES));
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
        Hyperlink link = new Hyperlink(Units.printable(text));
        link.getStyleClass().add(styleClass);
        link.maxWidthProperty().bind(family.widthProperty());
        link.setTooltip(new Tooltip(text));
        link.setOnAction(_ -> action.run());
        return link;
    }

    private void showAnnotation(Annotation annotation) {
        CheckpointRecord checkpoint = model.checkpointProperty().get();
        boolean writing = note.isFocused() && noteOf != null && checkpoint != null && noteOf.id() != checkpoint.id();
        if (!writing && checkpoint != null) {
            boolean other = noteOf == null || noteOf.id() != checkpoint.id();
            if (other || !note.isFocused()) {
                takeNote();
            }
        } else if (writing) {
            saveNote();
        }
        if (!annotation.tags().equals(shownTags)) {
            showTags(annotation.tags());
        }
    }

    private void showTags(SortedSet<String> now) {
        shownTags = now;
        List<Node> chips = new ArrayList<>();
        for (String tag : now) {
            Button remove = new Button(tag, new FontIcon(Feather.X));
            remove.getStyleClass().addAll("tag-chip", "tag-remove");
            remove.setContentDisplay(javafx.scene.control.ContentDisplay.RIGHT);
            remove.setMaxWidth(200);
            remove.setTooltip(new Tooltip("Remove tag " + tag));
            remove.setAccessibleText("Remove tag " + tag);
            remove.setOnAction(_ -> model.removeTag(tag));
            chips.add(remove);
        }
        chips.add(newTag);
        boolean typing = newTag.isFocused();
        tags.getChildren().setAll(chips);
        if (typing) {
            newTag.requestFocus();
        }
    }
}
