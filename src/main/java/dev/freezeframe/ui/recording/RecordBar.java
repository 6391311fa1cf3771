package dev.freezeframe.ui.recording;

import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.base.DurationText;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.record.Budget;
import dev.freezeframe.record.LiveFigures;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.task.Problem;
import java.time.Duration;
import java.util.Objects;
import javafx.css.PseudoClass;
import javafx.geometry.Orientation;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.Separator;
import javafx.scene.control.Slider;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The bar over the experiment: record and stop, the interval, the budget, and the three answers that need no click: is it
/// recording and on time, how long does the guest stand still, how much is saved.
public final class RecordBar extends VBox {
    private static final PseudoClass ON = PseudoClass.getPseudoClass("on");
    private static final PseudoClass LATE = PseudoClass.getPseudoClass("late");

    private final WorkbenchModel workbench;
    private final BudgetEditor budgetEditor;
    private final RecordCommands commands;
    private final Button record;
    private final Button budget = new Button("No budget", new FontIcon(Feather.HARD_DRIVE));
    private final CheckBox simulate = new CheckBox("Si_mulate");
    private final Slider slider = new Slider(0, 1, 0.36);
    private final TextField field = new TextField();
    private final Figure timeliness = new Figure("recording");
    private final Tooltip failure = new Tooltip();
    private final Figure queue = new Figure("queue");
    private final Figure pause = new Figure("pause");
    private final Figure dirty = new Figure("dirty");
    private final Figure saved = new Figure("saved");
    private final ProgressBar queueFill = new ProgressBar(0);
    private final FlowPane controls = new FlowPane(16, 8);
    private boolean sliderMoves;

    /// A large number over its name and a line of detail.
    private static final class Figure extends VBox {
        private final Label value = new Label("–");
        private final Label detail = new Label();

        Figure(String name) {
            getStyleClass().add("figure");
            Label title = new Label(name);
            title.getStyleClass().add("section-title");
            value.getStyleClass().addAll("text-large", "text-strong");
            detail.getStyleClass().addAll("text-small", "text-muted");
            value.setMinWidth(USE_PREF_SIZE);
            detail.setMinWidth(USE_PREF_SIZE);
            HBox line = new HBox(8, title, value);
            line.setAlignment(Pos.BASELINE_LEFT);
            getChildren().addAll(line, detail);
        }

        void set(String number, String more) {
            value.setText(number);
            detail.setText(more);
        }

        void late(boolean isLate) {
            value.pseudoClassStateChanged(LATE, isLate);
        }
    }

    public RecordBar(WorkbenchModel workbench) {
        this.workbench = workbench;
        commands = new RecordCommands(workbench);
        record = commands.toggle().button();
        budgetEditor = new BudgetEditor(workbench);
        getStyleClass().add("record-bar");
        setMinHeight(USE_PREF_SIZE);
        record.setId("record");
        record.getStyleClass().add("record-button");
        record.setMinWidth(Region.USE_PREF_SIZE);
        Button now = commands.checkpointNow().button();
        now.setId("checkpoint-now");
        budget.setId("budget");
        budget.setOnAction(_ -> budgetEditor.show(budget));
        simulate.setId("record-simulate");
        simulate.setMnemonicParsing(true);
        simulate.setTooltip(new Tooltip());
        simulate.selectedProperty().bindBidirectional(workbench.recordSettings().simulatingProperty());
        slider.setId("interval-slider");
        slider.setAccessibleText("Interval between checkpoints, logarithmic, 100 ms to 60 s");
        slider.setTooltip(new Tooltip("Interval between checkpoints: 100 ms to 60 s. Holds from the next tick on"));
        slider.setBlockIncrement(0.05);
        field.setId("interval");
        field.setAccessibleText("Interval between checkpoints, such as 250ms or 2s");
        field.setTooltip(new Tooltip("Interval between checkpoints, such as 250ms or 2s"));
        field.setPrefColumnCount(6);
        queueFill.setAccessibleText("How full the queue between capture and store is");
        queueFill.getStyleClass().add("queue-fill");
        queue.getChildren().set(1, queueFill);
        connectInterval();

        Label intervalName = new Label("_Interval");
        intervalName.setMnemonicParsing(true);
        intervalName.setLabelFor(slider);
        Label low = new Label("100 ms");
        Label high = new Label("60 s");
        low.getStyleClass().addAll("text-small", "text-muted");
        high.getStyleClass().addAll("text-small", "text-muted");
        HBox interval = new HBox(8, intervalName, low, slider, high, field);
        interval.setAlignment(Pos.CENTER_LEFT);
        HBox buttons = new HBox(8, record, now);
        buttons.setAlignment(Pos.CENTER_LEFT);
        controls.getChildren().addAll(buttons, interval, budget, simulate);
        controls.setAlignment(Pos.CENTER_LEFT);
        HBox figures = new HBox(16, timeliness, bar(), queue, bar(), pause, bar(), dirty, bar(), saved);
        figures.getStyleClass().add("figures");
        getChildren().addAll(controls, figures);

        workbench.machines().selectedProperty().addListener((_, before, after) -> machineChanged(before, after));
        machineChanged(null, workbench.machines().selectedProperty().get());
        workbench.experiment().summaryProperty().addListener((_, _, _) -> showSummary());
        workbench.experiment().experimentProperty().addListener((_, _, _) -> refresh());
        workbench.recordSettings().budgetProperty().addListener((_, _, _) -> refresh());
        showSummary();
        refresh();
    }

    private static Separator bar() {
        return new Separator(Orientation.VERTICAL);
    }

    private void connectInterval() {
        var interval = workbench.recordSettings().intervalProperty();
        interval.addListener((_, _, value) -> showInterval(value));
        showInterval(interval.get());
        slider.valueProperty().addListener((_, _, place) -> {
            if (!sliderMoves) {
                interval.set(RecordSettings.fromScale(place.doubleValue()));
            }
        });
        field.setOnAction(_ -> takeField());
        field.focusedProperty().addListener((_, _, focused) -> {
            if (!focused) {
                takeField();
            }
        });
        field.setOnKeyPressed(key -> {
            if (key.getCode() == KeyCode.ESCAPE) {
                showInterval(interval.get());
            }
        });
    }

    private void showInterval(Duration value) {
        sliderMoves = true;
        slider.setValue(RecordSettings.toScale(value));
        sliderMoves = false;
        field.setText(text(value));
    }

    static String text(Duration interval) {
        long millis = interval.toMillis();
        return millis < 1000 ? millis + " ms" : Units.text(millis % 1000 == 0 ? "%.0f s" : "%.2f s", millis / 1e3);
    }

    private void takeField() {
        Duration before = workbench.recordSettings().intervalProperty().get();
        if (field.getText().strip().equals(text(before))) {
            return;
        }
        try {
            Duration wanted = DurationText.parse(field.getText());
            Duration limited = RecordSettings.limited(wanted);
            if (!limited.equals(wanted)) {
                workbench.tasks().report(new Problem("Interval", text(wanted) + " is outside of 100 ms to 60 s; "
                        + text(limited) + " is taken"));
            }
            workbench.recordSettings().intervalProperty().set(limited);
            showInterval(limited);
        } catch (IllegalArgumentException e) {
            showInterval(before);
            workbench.tasks().report(new Problem("Interval", e.getMessage()));
        }
    }

    private void machineChanged(MachineModel before, MachineModel after) {
        if (before != null) {
            before.recordingProperty().removeListener(onChange);
            before.stateProperty().removeListener(onChange);
        }
        if (after != null) {
            after.recordingProperty().addListener(onChange);
            after.stateProperty().addListener(onChange);
        }
        refresh();
    }

    private final javafx.beans.InvalidationListener onChange = _ -> refresh();

    /// Shows the controls over the figures, or the figures alone.
    public void showControls(boolean shown) {
        controls.setVisible(shown);
        controls.setManaged(shown);
    }

    /// Recording the selected machine.
    public RecordCommands commands() {
        return commands;
    }

    /// Shows the live figures as they are now; for a few times a second.
    public void refresh() {
        MachineModel machine = workbench.machines().selectedProperty().get();
        RecordingModel running = commands.running();
        commands.refresh();
        record.pseudoClassStateChanged(ON, running != null);
        boolean logged = machine != null && machine.isLogged();
        simulate.setDisable(running != null || !logged);
        simulate.getTooltip().setText(logged
                ? "Execute each interval again as soon as it is stored, prove it and count its instructions. Counts from the"
                        + " next recording on"
                : "Executes each interval again as soon as it is stored: of a machine whose profile says \"replay\": true");
        record.setAccessibleText(running != null ? "Stop recording " + machine.name() : "Record the selected machine");
        Budget rule = workbench.recordSettings().budgetProperty().get();
        budget.setText(rule.isUnlimited() ? "No budget" : budgetText(rule, running));
        budget.setTooltip(new Tooltip(rule.describe()));
        if (running == null) {
            timeliness.set(machine == null ? "–" : "off", machine == null ? "no machine selected" : machine.name());
            timeliness.late(false);
            queue.set("–", "");
            queueFill.setProgress(0);
            queue.late(false);
            dirty.set("–", "pages a second");
        } else {
            show(running.liveProperty().get());
        }
        failure.setText(running == null ? "" : running.lastFailureProperty().get());
        Tooltip wanted = failure.getText().isEmpty() ? null : failure;
        if (!Objects.equals(timeliness.value.getTooltip(), wanted)) {
            timeliness.value.setTooltip(wanted);
            timeliness.detail.setTooltip(wanted);
        }
        showDirty(running);
    }

    private static String budgetText(Budget rule, RecordingModel running) {
        String limit = rule.bytes().isPresent()
                ? Units.bytes(rule.bytes().getAsLong())
                : Units.count(rule.checkpoints().getAsLong(), "checkpoint");
        String word = rule.rule() == Budget.Rule.STOP ? "stop at " : "thin at ";
        return running == null
                ? word + limit
                : word + limit + " · " + Units.percent(running.liveProperty().get().budget().share(), 1);
    }

    private void show(LiveFigures live) {
        boolean isLate = live.late() > 0 || live.failed() > 0;
        timeliness.set(clock(live.elapsed()), live.failed() > 0
                ? live.failed() + " failed · late " + live.late()
                : live.late() > 0 ? "late " + live.late() : "on time · late 0");
        timeliness.late(isLate);
        queue.set(Units.text("%.0f %%", 100 * live.queueFill()), "");
        queue.late(live.queueFill() >= 1);
        queueFill.setProgress(live.queueFill());
    }

    private static String clock(Duration elapsed) {
        long seconds = elapsed.toSeconds();
        return seconds < 3600
                ? Units.text("%02d:%02d", seconds / 60, seconds % 60)
                : Units.text("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    private void showDirty(RecordingModel running) {
        if (running != null) {
            running.liveProperty().get().dirty().ifPresentOrElse(sample -> dirty.set(Units.count(Math.round(sample
                    .pagesPerSecond())) + " /s",
                    Units.bytes(Math.round(sample.pagesPerSecond() * GuestPage.BYTES)) + "/s"),
                    () -> showMeanDirty());
        } else {
            showMeanDirty();
        }
    }

    private void showMeanDirty() {
        RunSummary summary = workbench.experiment().summaryProperty().get();
        double seconds = summary.span().toMillis() / 1e3;
        if (summary.checkpoints() < 2 || seconds <= 0) {
            dirty.set("–", "pages a second");
            return;
        }
        // the first checkpoint holds all of RAM, which says nothing about the guest's work
        long first = workbench.experiment().checkpoints().isEmpty()
                ? 0
                : Objects.requireNonNull(workbench.experiment().checkpoints().getFirst()).metrics().dirtyPages();
        double rate = Math.max(0, summary.dirtyPages() - first) / seconds;
        dirty.set(Units.count(Math.round(rate)) + " /s", Units.bytes(Math.round(rate * GuestPage.BYTES)) + "/s, mean");
    }

    private void showSummary() {
        RunSummary summary = workbench.experiment().summaryProperty().get();
        if (summary.checkpoints() == 0) {
            pause.set("–", "median and p99");
            saved.set("–", "of the raw images");
        } else {
            pause.set(Units.millis(summary.pauseMicros().median()), "median · p99 " + Units.millis(summary.pauseMicros()
                    .p99()));
            saved.set(
                    Units.percent((double) summary.imageBytes() - (double) summary.storedBytes(),
                            (double) summary.imageBytes()),
                    "kept " + Units
                            .bytes(summary.storedBytes()) + " of " + Units.bytes(summary.imageBytes()));
        }
        showDirty(commands.running());
    }
}
