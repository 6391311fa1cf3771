package dev.freezeframe.ui.compare;

import atlantafx.base.controls.Popover;
import atlantafx.base.theme.Styles;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.checkpoint.CheckpointFigures;
import dev.freezeframe.ui.checkpoint.CheckpointFilter;
import java.util.List;
import java.util.Optional;
import javafx.beans.property.ObjectProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.collections.transformation.FilteredList;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// Chooses a checkpoint of any experiment: a button with its name that opens a list to search in. The list is read when it
/// is opened, and not before.
final class CheckpointPicker extends Button {
    private static final double WIDTH = 360;
    private static final double HEIGHT = 280;

    private final WorkbenchModel workbench;
    private final ComparisonModel model;
    private final ObjectProperty<CheckpointRecord> chosen;
    private final ObservableList<CheckpointRecord> all = FXCollections.observableArrayList();
    private final FilteredList<CheckpointRecord> matching = new FilteredList<>(all);
    private final ComboBox<ExperimentRecord> experiments = new ComboBox<>();
    private final TextField search = new TextField();
    private final Label problem = new Label();
    private final ListView<CheckpointRecord> list = new ListView<>(matching);
    private final Popover popover;

    CheckpointPicker(WorkbenchModel workbench, ComparisonModel model, ObjectProperty<CheckpointRecord> chosen) {
        this.workbench = workbench;
        this.model = model;
        this.chosen = chosen;
        setGraphic(new FontIcon(Feather.CHEVRON_DOWN));
        setContentDisplay(javafx.scene.control.ContentDisplay.RIGHT);
        setMinWidth(96);
        popover = new Popover(content());
        popover.setHeaderAlwaysVisible(false);
        popover.setDetachable(false);
        popover.setArrowLocation(Popover.ArrowLocation.TOP_LEFT);
        chosen.addListener((_, _, _) -> name());
        name();
        setOnAction(_ -> open());
    }

    private void name() {
        CheckpointRecord checkpoint = chosen.get();
        setText(checkpoint == null ? "Choose a checkpoint" : ShownText.oneLine(checkpoint.name().toString()));
        setTooltip(checkpoint == null ? null : new Tooltip(CheckpointFigures.inOneLine(checkpoint)));
    }

    private VBox content() {
        experiments.setMaxWidth(Double.MAX_VALUE);
        experiments.setAccessibleText("Experiment");
        experiments.setCellFactory(_ -> new ExperimentCell());
        experiments.setButtonCell(new ExperimentCell());
        experiments.valueProperty().addListener((_, _, experiment) -> {
            all.clear();
            if (experiment != null) {
                model.checkpointsOf(experiment, this::read);
            }
        });
        search.setPromptText("Search: 40, 10-40, pause>5ms, late, #tag");
        search.setTooltip(new Tooltip(CheckpointFilter.GRAMMAR));
        search.setAccessibleText("Search checkpoints");
        search.textProperty().addListener((_, _, text) -> filter(text));
        search.addEventFilter(KeyEvent.KEY_PRESSED, event -> {
            if (event.getCode() == KeyCode.DOWN) {
                list.requestFocus();
                list.getSelectionModel().selectFirst();
                event.consume();
            } else if (event.getCode() == KeyCode.ENTER && !matching.isEmpty()) {
                choose(matching.getFirst());
                event.consume();
            }
        });
        problem.getStyleClass().addAll("text-small", "text-late");
        problem.managedProperty().bind(problem.textProperty().isNotEmpty());
        list.setCellFactory(_ -> new CheckpointCell());
        list.setPrefSize(WIDTH, HEIGHT);
        list.setPlaceholder(new Label("No checkpoint matches"));
        list.setOnMouseClicked(_ -> choose(list.getSelectionModel().getSelectedItem()));
        list.setOnKeyPressed(event -> {
            if (event.getCode() == KeyCode.ENTER) {
                choose(list.getSelectionModel().getSelectedItem());
            }
        });
        VBox content = new VBox(8, experiments, search, problem, list);
        content.getStyleClass().add("picker");
        content.setPrefWidth(WIDTH);
        return content;
    }

    private void read(List<CheckpointRecord> checkpoints) {
        all.setAll(checkpoints.reversed());
    }

    private void filter(String text) {
        try {
            CheckpointFilter filter = CheckpointFilter.parse(text);
            problem.setText("");
            matching.setPredicate(checkpoint -> filter.matches(checkpoint, workbench.experiment().annotations()
                    .getOrDefault(checkpoint.id(), Annotation.NONE)));
        } catch (IllegalArgumentException e) {
            problem.setText(e.getMessage());
        }
    }

    private void open() {
        List<ExperimentRecord> known = workbench.library().experiments().stream().map(ExperimentTotals::experiment)
                .toList();
        experiments.getItems().setAll(known);
        Optional<ExperimentRecord> current = Optional.ofNullable(chosen.get()).flatMap(checkpoint -> workbench
                .library().find(checkpoint.experimentId())).or(() -> Optional.ofNullable(
                        workbench.experiment()
                                .experimentProperty().get()));
        experiments.setValue(null);
        search.clear();
        current.filter(known::contains).or(() -> known.stream().findFirst()).ifPresent(experiments::setValue);
        popover.show(this);
        search.requestFocus();
    }

    private void choose(CheckpointRecord checkpoint) {
        if (checkpoint != null) {
            popover.hide();
            chosen.set(checkpoint);
            requestFocus();
        }
    }

    private static final class ExperimentCell extends ListCell<ExperimentRecord> {
        @Override
        protected void updateItem(ExperimentRecord experiment, boolean empty) {
            super.updateItem(experiment, empty);
            setText(empty || experiment == null ? "" : ShownText.oneLine(experiment.name()));
            setPrefWidth(WIDTH - 48);
        }
    }

    private static final class CheckpointCell extends ListCell<CheckpointRecord> {
        CheckpointCell() {
            getStyleClass().add(Styles.TEXT_SMALL);
        }

        @Override
        protected void updateItem(CheckpointRecord checkpoint, boolean empty) {
            super.updateItem(checkpoint, empty);
            setText(empty || checkpoint == null
                    ? ""
                    : checkpoint.number() + " · " + CheckpointFigures.localTime(checkpoint.metrics().capturedAt())
                            + " · pause " + Units.millis(checkpoint.metrics().pauseMicros()));
        }
    }
}
