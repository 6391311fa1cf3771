package dev.freezeframe.ui.simulate;

import dev.freezeframe.base.Units;
import dev.freezeframe.plot.SimulationCourse;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.PluginText;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.task.Problem;
import dev.freezeframe.ui.task.SingleJob;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javafx.beans.InvalidationListener;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyLongProperty;
import javafx.beans.property.ReadOnlyLongWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.SimpleObjectProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;

/// Simulations of the shown experiment: what is to be executed again, the one that runs, and those that are kept. It reads
/// nothing while nobody looks. At most one simulation runs in a window, whichever experiment is shown.
public final class SimulationModel {
    private final WorkbenchModel workbench;
    private final ExperimentModel experiment;
    private final BackgroundTasks.Lane listing;
    private final BackgroundTasks.Lane reading;
    private final SingleJob job;
    private final ReadOnlyObjectWrapper<SimulationState> state = new ReadOnlyObjectWrapper<>(this, "state",
            new SimulationState.NoExperiment());
    private final ObservableList<SimulationRecord> records = FXCollections.observableArrayList();
    private final ReadOnlyObjectWrapper<SimulationRecord> chosen = new ReadOnlyObjectWrapper<>(this, "chosen");
    private final ReadOnlyObjectWrapper<SimulationPlan> plan = new ReadOnlyObjectWrapper<>(this, "plan",
            SimulationPlan.of(List.of()));
    private final ObservableList<IntervalRow> rows = FXCollections.observableArrayList();
    private final ObservableList<ShownFigure> figures = FXCollections.observableArrayList();
    private final ObjectProperty<ShownFigure> figure = new SimpleObjectProperty<>(this, "figure", new ShownFigure(
            ShownFigure.Kind.SPEED, ""));
    private final IntervalSelection selection;
    private final ReadOnlyLongWrapper changes = new ReadOnlyLongWrapper(this, "changes", 0);
    private Map<Integer, IntervalRow.Ended> results = Map.of();
    /// The last one that this window began, under way or over.
    private Optional<RunningSimulation> run = Optional.empty();
    private long readId = -1;
    /// Where the shown experiment came from, if it was imported.
    private Optional<ImportOrigin> origin = Optional.empty();
    /// The experiment that is to be re-executed though nothing led it.
    private long reexecutedId = -1;
    private final ReadOnlyBooleanWrapper exact = new ReadOnlyBooleanWrapper(true);
    private boolean looking;

    /// @param workbench whose shown experiment it is about
    public SimulationModel(WorkbenchModel workbench) {
        this.workbench = workbench;
        experiment = workbench.experiment();
        listing = workbench.tasks().lane();
        reading = workbench.tasks().lane();
        job = new SingleJob(workbench.tasks());
        // what another store has of the same number is another experiment
        workbench.stores().stateProperty().addListener((_, _, _) -> {
            job.cancel();
            run = Optional.empty();
            readId = -1;
        });
        experiment.experimentProperty().addListener((_, _, now) -> {
            if (now == null) { // another one is looked at once its checkpoints are there
                experimentChanged();
            }
        });
        experiment.loadingProperty().addListener((_, _, _) -> experimentChanged());
        experiment.checkpoints().addListener((InvalidationListener) _ -> checkpointsChanged());
        selection = new IntervalSelection(experiment, rows, this::changed);
        figure.addListener((_, _, _) -> changed());
        job.runningProperty().addListener((_, _, now) -> {
            if (!now) {
                runEnded();
            }
        });
    }

    /// Whether there is something to simulate.
    public ReadOnlyObjectProperty<SimulationState> stateProperty() {
        return state.getReadOnlyProperty();
    }

    /// Those of the shown experiment that are kept, the newest first. Not to be changed.
    public ObservableList<SimulationRecord> records() {
        return records;
    }

    /// The kept one that is shown; null for one that is yet to begin.
    public ReadOnlyObjectProperty<SimulationRecord> chosenProperty() {
        return chosen.getReadOnlyProperty();
    }

    /// What *Run* does.
    public ReadOnlyObjectProperty<SimulationPlan> planProperty() {
        return plan.getReadOnlyProperty();
    }

    /// The intervals, in the order of the run. Not to be changed.
    public ObservableList<IntervalRow> rows() {
        return rows;
    }

    /// What can be shown of them as a chart. Not to be changed.
    public ObservableList<ShownFigure> figures() {
        return figures;
    }

    /// What is shown so.
    public ObjectProperty<ShownFigure> figureProperty() {
        return figure;
    }

    /// The selected interval.
    public IntervalSelection selection() {
        return selection;
    }

    /// Counts up when there is something new to paint.
    public ReadOnlyLongProperty changesProperty() {
        return changes.getReadOnlyProperty();
    }

    /// The simulation that runs, of whichever experiment.
    public SingleJob job() {
        return job;
    }

    /// Whether what runs is what is shown.
    public boolean isShownRunning() {
        return job.runningProperty().get() && run.filter(this::isOfShown).isPresent();
    }

    private boolean isOfShown(RunningSimulation each) {
        ExperimentRecord shown = experiment.experimentProperty().get();
        return shown != null && each.experiment().id() == shown.id();
    }

    /// Whether anybody looks.
    boolean isLookedAt() {
        return looking;
    }

    /// Says whether anybody looks.
    public void look(boolean looks) {
        looking = looks;
        ExperimentRecord shown = experiment.experimentProperty().get();
        if (looks && shown != null && shown.id() == readId) {
            list(shown);
        } else {
            experimentChanged();
        }
        changed();
    }

    /// Whether the shown run was recorded so that its ends can be proven.
    public ReadOnlyBooleanProperty exactProperty() {
        return exact.getReadOnlyProperty();
    }

    /// Offers to re-execute the shown run, of which nothing can be proven.
    public void reexecute() {
        ExperimentRecord shown = experiment.experimentProperty().get();
        if (shown != null) {
            reexecutedId = shown.id();
            list(shown);
        }
    }

    private void changed() {
        changes.set(changes.get() + 1);
    }

    private void experimentChanged() {
        ExperimentRecord shown = experiment.experimentProperty().get();
        if (!looking || experiment.loadingProperty().get()) {
            return;
        }
        if (shown == null) {
            readId = -1;
            show(List.of());
            state.set(new SimulationState.NoExperiment());
        } else if (shown.id() != readId) {
            readId = shown.id();
            chosen.set(null);
            results = Map.of();
            plan.set(run.filter(this::isOfShown).map(RunningSimulation::plan)
                    .orElseGet(() -> SimulationPlan.of(experiment
                            .checkpoints())));
            state.set(new SimulationState.Reading());
            list(shown);
        }
    }

    /// What the store has of an experiment.
    ///
    /// @param origin where it came from, if it was imported
    private record Kept(boolean repeatable, List<SimulationRecord> records, Optional<ImportOrigin> origin) {}

    private void list(ExperimentRecord shown) {
        String title = "Read the simulations of " + shown.name();
        workbench.stores().store()
                .ifPresent(store -> listing.run(title, _ -> new Kept(Simulation.canRepeat(shown), store
                        .simulations().of(shown.id()), Optional.ofNullable(store.imported().get(shown.id()))),
                        kept -> listed(shown, kept),
                        cause -> state.set(new SimulationState.Unfit(
                                Problem.of(title, cause).message()))));
    }

    private void listed(ExperimentRecord shown, Kept kept) {
        origin = kept.origin();
        records.setAll(kept.records().reversed());
        exact.set(kept.repeatable());
        if (!kept.repeatable() && records.isEmpty() && reexecutedId != shown.id()) {
            state.set(new SimulationState.NotLogged(
                    shown.name() + " was recorded without a log of what came to its guest: the"
                            + " profile " + shown.profileName() + " does not say \"replay\": true."));
        } else if (experiment.checkpoints().size() < 2 && records.isEmpty()) {
            state.set(new SimulationState.TooShort());
        } else {
            state.set(new SimulationState.Ready());
            SimulationRecord before = chosen.get();
            choose(isShownRunning()
                    ? null
                    : records.stream().filter(each -> before != null && each.id() == before.id()).findFirst().or(
                            () -> records.stream().filter(each -> run.filter(this::isOfShown).filter(last -> last.plan()
                                    .isOf(each)).isPresent()).findFirst())
                            .or(() -> records.stream().findFirst()).orElse(
                                    null));
        }
    }

    private void checkpointsChanged() {
        if (!looking || experiment.loadingProperty().get() || readId < 0) {
            return;
        }
        if (state.get() instanceof SimulationState.TooShort && experiment.checkpoints().size() > 1) {
            state.set(new SimulationState.Ready());
        }
        if (chosen.get() == null && !isShownRunning() && !experiment.checkpoints().isEmpty()) {
            // the range goes on with a recording, unless somebody has said where it ends
            SimulationPlan now = plan.get();
            int first = rows.isEmpty() ? experiment.checkpoints().getFirst().number() : now.first();
            boolean toTheEnd = rows.isEmpty() || now.last() == rows.getLast().to();
            plan.set(now.withRange(first, toTheEnd ? experiment.checkpoints().getLast().number() : now.last()));
        }
        rebuild();
    }

    /// Whether a simulation that is kept came with a bundle: it is what a stranger says.
    boolean isForeign(SimulationRecord kept) {
        return origin.filter(each -> !each.isBefore(kept)).isPresent();
    }

    /// What *Run* does where a simulation that is kept is shown: the same, but for programs that a stranger named.
    private SimulationPlan planOf(SimulationRecord kept) {
        SimulationPlan same = plan.get().like(kept);
        return isForeign(kept) && !PluginText.of(kept.plugin()).isOfOurs() ? same.withPlugin("") : same;
    }

    /// Shows a simulation that is kept, or one that is yet to begin where it is null.
    public void choose(SimulationRecord kept) {
        reading.cancel();
        results = Map.of();
        chosen.set(kept);
        if (kept == null) {
            rebuild();
            return;
        }
        plan.set(planOf(kept));
        workbench.stores().read(reading, "Read a simulation", (store, _) -> read(store, kept), found -> {
            results = found;
            rebuild();
        });
    }

    private static Map<Integer, IntervalRow.Ended> read(Store store, SimulationRecord kept) throws IOException {
        Map<Integer, IntervalRow.Ended> found = new HashMap<>();
        for (SimulatedInterval each : store.simulations().intervals(kept)) {
            found.put(each.from(), IntervalRow.Ended.of(each));
        }
        return found;
    }

    /// Changes what *Run* does; what is kept of the same and is not whole is shown, and gone on with.
    void setPlan(SimulationPlan wanted) {
        if (wanted.equals(plan.get()) || isShownRunning()) {
            return;
        }
        plan.set(wanted);
        if (chosen.get() != null && wanted.isOf(chosen.get())) {
            return;
        }
        choose(records.stream().filter(each -> each.endedAt().isEmpty() && wanted.isOf(each)).findFirst().orElse(null));
    }

    private void rebuild() {
        ExperimentRecord shown = experiment.experimentProperty().get();
        if (shown == null) {
            show(List.of());
            return;
        }
        List<Interval> intervals = isShownRunning()
                ? run.orElseThrow().intervals()
                : plan.get().intervals(experiment.checkpoints());
        List<IntervalRow> made = IntervalRow.of(intervals, shown.startedAt(), results);
        show(isShownRunning() ? made.stream().map(run.orElseThrow()::now).toList() : made);
    }

    private void show(List<IntervalRow> now) {
        if (now.size() == rows.size()) {
            for (int i = 0; i < now.size(); i++) {
                if (!now.get(i).equals(rows.get(i))) {
                    rows.set(i, now.get(i));
                }
            }
        } else {
            rows.setAll(now);
        }
        List<ShownFigure> there = ShownFigure.of(rows);
        if (!there.equals(figures)) {
            ShownFigure wanted = figure.get();
            figures.setAll(there);
            figure.set(there.contains(wanted) && wanted.kind() != ShownFigure.Kind.SPEED ? wanted : there.getFirst());
        }
        selection.find();
    }

    /// Executes what is planned and not yet kept.
    public void run() {
        ExperimentRecord shown = experiment.experimentProperty().get();
        List<Interval> intervals = plan.get().intervals(experiment.checkpoints());
        if (shown == null || intervals.isEmpty() || job.runningProperty().get()) {
            return;
        }
        workbench.stores().store().ifPresent(store -> {
            plan.set(plan.get().withRange(intervals.getFirst().from().number(), intervals.getLast().to().number()));
            RunningSimulation begun = new RunningSimulation(shown, plan.get(), intervals, () -> {
                if (isShownRunning()) {
                    rebuild();
                }
            });
            run = Optional.of(begun);
            job.start("Simulate " + shown.name(), new SimulationWork(store, begun), _ -> {});
            choose(null);
        });
    }

    /// Whether intervals that have not begun are held back.
    boolean isHeld() {
        return job.runningProperty().get() && run.filter(RunningSimulation::isHeld).isPresent();
    }

    /// Holds back the intervals of what runs that have not begun, or lets them begin.
    void hold(boolean wanted) {
        run.ifPresent(each -> each.hold(wanted));
        changed();
    }

    /// Ends what runs. What has ended until then is kept, and [#run] goes on with the rest.
    public void cancel() {
        job.cancel();
    }

    private void runEnded() {
        run.ifPresent(RunningSimulation::end);
        ExperimentRecord shown = experiment.experimentProperty().get();
        if (looking && shown != null) {
            list(shown);
        }
        changed();
    }

    /// Deletes the kept one that is shown.
    void delete() {
        SimulationRecord going = chosen.get();
        ExperimentRecord shown = experiment.experimentProperty().get();
        if (going == null || shown == null || isShownRunning()) {
            return;
        }
        workbench.stores().store().ifPresent(store -> {
            Cancellable _ = workbench.tasks().quietly("Delete a simulation", _ -> store.simulations().delete(going),
                    _ -> {
                        if (Objects.equals(chosen.get(), going)) {
                            chosen.set(null);
                            run = run.filter(each -> !each.plan().isOf(going));
                        }
                        list(shown);
                    });
        });
    }

    /// What came of the intervals, as far as they have ended.
    List<SimulatedInterval> ended() {
        return rows.stream().flatMap(row -> row.result().stream()).toList();
    }

    private Optional<RunningSimulation> shownRun() {
        return run.filter(this::isOfShown)
                .filter(each -> isShownRunning() || (chosen.get() != null && records.stream().filter(
                        each.plan()::isOf).findFirst().filter(chosen.get()::equals).isPresent()));
    }

    /// All that a painting of it needs.
    SimulationCourse course() {
        return CoursePicture.of(rows, shownRun(), Optional.ofNullable(chosen.get()), CoursePicture.window(experiment),
                figure.get(), plan.get().workers());
    }

    /// How far it is, in a line.
    String status() {
        return CoursePicture.status(rows, shownRun());
    }

    /// What there is to tell of the last run, a line; empty for nothing.
    String remark() {
        if (job.runningProperty().get()) {
            return isShownRunning()
                    ? isHeld() ? "Paused: what is under way goes to its end, and no other interval begins" : ""
                    : "The simulation of " + run.map(each -> each.experiment().name()).orElse("another run")
                            + " is under way";
        }
        if (run.filter(this::isOfShown).isEmpty()) {
            return exact.get()
                    ? ""
                    : "Recorded without a log: re-executed, nothing is proven";
        }
        if (!job.problemProperty().get().isEmpty()) {
            return job.problemProperty().get();
        }
        return job.cancelledProperty().get()
                ? "Cancelled; " + Units.count(ended().size(), "interval") + " kept, Run goes on with the others"
                : "";
    }
}
