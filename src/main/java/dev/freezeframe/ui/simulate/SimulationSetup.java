package dev.freezeframe.ui.simulate;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.ui.WorkbenchModel;
import java.util.List;
import javafx.beans.InvalidationListener;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.util.StringConverter;

/// What is to be executed again, and how: experiment, range, who looks on, warm-up, workers, proof. It goes into a second line
/// where there is no room.
final class SimulationSetup extends FlowPane {
    /// Those that come with the program.
    private static final List<String> PLUGINS = List.of("", "count", "mix", "cache", "branch", "bbv", "trace");
    private static final String NOBODY = "nobody, only prove";

    private final WorkbenchModel workbench;
    private final SimulationModel model;
    private final ComboBox<ExperimentRecord> experiments = new ComboBox<>();
    private final NumberField first;
    private final NumberField last;
    private final NumberField every;
    private final NumberField warmUp;
    private final NumberField workers;
    private final ComboBox<String> plugin = new ComboBox<>();
    private final CheckBox proof = new CheckBox("Prove");
    private final List<Node> settings;
    private boolean showing;

    SimulationSetup(WorkbenchModel workbench) {
        super(12, 8);
        this.workbench = workbench;
        model = workbench.simulation();
        getStyleClass().add("simulate-bar");
        first = field("simulate-first", "The checkpoint to begin with",
                number -> model.planProperty().get().withRange(number,
                        Math.max(number, model.planProperty().get().last())));
        last = field("simulate-last", "The checkpoint to end with",
                number -> model.planProperty().get().withRange(Math.min(
                        number, model.planProperty().get().first()), number));
        every = field("simulate-every", "How many recorded intervals become one", number -> model.planProperty().get()
                .withEvery(number));
        warmUp = field("simulate-warm-up",
                "How many recorded intervals each is begun earlier, which fill caches and predictors and count for nothing",
                number -> model.planProperty().get().withWarmUp(number));
        workers = field("simulate-workers", "How many intervals at a time",
                number -> model.planProperty().get().withWorkers(
                        number));
        buildExperiments();
        buildPlugin();
        proof.setId("simulate-proof");
        proof.setTooltip(
                new Tooltip("Compare all of RAM, the disks and the devices at each end with the checkpoint there"));
        proof.setOnAction(_ -> wish(model.planProperty().get().withProof(proof.isSelected())));
        HBox range = group("Checkpoints", first, new Label("to"), last);
        settings = List.of(range, group("Every", every), group("With", plugin), group("Warm-up", warmUp),
                group("Workers",
                        workers),
                proof);
        setRowValignment(javafx.geometry.VPos.CENTER);
        getChildren().add(experiments);
        getChildren().addAll(settings);
        model.planProperty().addListener((_, _, _) -> show());
        model.stateProperty().addListener((_, _, _) -> show());
        model.job().runningProperty().addListener((_, _, _) -> show());
        model.exactProperty().addListener((_, _, _) -> show());
        workbench.experiment().checkpoints().addListener((InvalidationListener) _ -> show());
        show();
    }

    private interface Wish {
        SimulationPlan with(int number);
    }

    private NumberField field(String id, String what, Wish wish) {
        NumberField field = new NumberField(what, number -> wish(wish.with(number)));
        field.setId(id);
        return field;
    }

    private static HBox group(String name, Node... controls) {
        Label label = new Label(name);
        label.getStyleClass().add("text-muted");
        label.setMinWidth(USE_PREF_SIZE);
        HBox group = new HBox(6, label);
        group.getChildren().addAll(controls);
        group.setAlignment(Pos.CENTER_LEFT);
        return group;
    }

    private void wish(SimulationPlan plan) {
        if (!showing) {
            model.setPlan(plan);
        }
    }

    private void buildExperiments() {
        experiments.setId("simulate-experiment");
        experiments.setAccessibleText("Experiment");
        experiments.setPromptText("Choose an experiment");
        experiments.setPrefWidth(228);
        experiments.setButtonCell(new NameCell());
        experiments.setCellFactory(_ -> new NameCell());
        // one that is not in the list, because that could not be read, is shown all the same
        experiments.setConverter(new StringConverter<>() {
            @Override
            public String toString(ExperimentRecord experiment) {
                return experiment == null ? "" : ShownText.oneLine(experiment.name());
            }

            @Override
            public ExperimentRecord fromString(String name) {
                return experiments.getValue();
            }
        });
        workbench.library().experiments().addListener((InvalidationListener) _ -> listExperiments());
        workbench.experiment().experimentProperty().addListener((_, _, _) -> listExperiments());
        experiments.setOnAction(_ -> {
            ExperimentRecord wanted = experiments.getValue();
            ExperimentRecord shown = workbench.experiment().experimentProperty().get();
            if (!showing && wanted != null && (shown == null || shown.id() != wanted.id())) {
                workbench.experiment().show(wanted);
            }
        });
        listExperiments();
    }

    private void listExperiments() {
        showing = true;
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        experiments.getItems()
                .setAll(workbench.library().experiments().stream().map(ExperimentTotals::experiment).toList());
        experiments.setValue(shown == null
                ? null
                : experiments.getItems().stream().filter(each -> each.id() == shown.id()).findFirst().orElse(shown));
        showing = false;
    }

    private static final class NameCell extends ListCell<ExperimentRecord> {
        @Override
        protected void updateItem(ExperimentRecord item, boolean empty) {
            super.updateItem(item, empty);
            setText(empty || item == null ? "" : ShownText.oneLine(item.name()));
        }
    }

    private void buildPlugin() {
        plugin.setId("simulate-plugin");
        plugin.setEditable(true);
        plugin.setPrefWidth(152);
        plugin.getItems().setAll(PLUGINS);
        plugin.setPromptText(NOBODY);
        plugin.setAccessibleText("The plugin that looks on");
        plugin.setTooltip(new Tooltip(
                "A TCG plugin that looks on: one of these, with ,NAME=VALUE behind it, or FILE.so of your own"));
        plugin.setCellFactory(_ -> new ListCell<>() {
            @Override
            protected void updateItem(String item, boolean empty) {
                super.updateItem(item, empty);
                setText(empty || item == null ? "" : item.isEmpty() ? NOBODY : item);
            }
        });
        plugin.valueProperty()
                .addListener((_, _, now) -> wish(model.planProperty().get().withPlugin(now == null ? "" : now)));
    }

    private void show() {
        SimulationPlan plan = model.planProperty().get();
        List<CheckpointRecord> checkpoints = workbench.experiment().checkpoints();
        int least = checkpoints.isEmpty() ? plan.first() : Math.min(plan.first(), checkpoints.getFirst().number());
        int most = checkpoints.isEmpty() ? plan.last() : Math.max(plan.last(), checkpoints.getLast().number());
        showing = true;
        first.show(plan.first(), least, most);
        last.show(plan.last(), least, most);
        every.show(plan.every(), 1, Math.max(plan.every(), most));
        warmUp.show(plan.warmUp(), 0, Math.max(plan.warmUp(), most));
        workers.show(plan.workers(), 1, SimulationPlan.MOST_WORKERS);
        plugin.setValue(plan.plugin());
        proof.setSelected(plan.proof());
        showing = false;
        boolean ready = model.stateProperty().get() instanceof SimulationState.Ready && !model.isShownRunning();
        settings.forEach(each -> each.setDisable(!ready));
        warmUp.setDisable(!ready || plan.plugin().isEmpty() || !model.exactProperty().get());
        proof.setText(model.exactProperty().get() ? "Prove" : "Compare");
    }
}
