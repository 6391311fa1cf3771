package dev.freezeframe.ui.chart;

import dev.freezeframe.analyse.OverlayRun;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javafx.collections.FXCollections;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;

/// Which experiments are laid over each other, and what was read of them, without any control. For the JavaFX thread.
final class OverlayModel {
    /// There are so many colours that are told apart.
    static final int MOST = 8;

    private final WorkbenchModel workbench;
    private final BackgroundTasks.Lane lane;
    private final ObservableList<ExperimentTotals> experiments;
    private final Set<Long> chosen = new LinkedHashSet<>();
    private final ObservableList<OverlayRun> runs = FXCollections.observableArrayList();
    private boolean untouched = true;

    OverlayModel(WorkbenchModel workbench) {
        this.workbench = workbench;
        lane = workbench.tasks().lane();
        experiments = workbench.library().experiments();
        experiments.addListener((ListChangeListener<ExperimentTotals>) _ -> experimentsChanged());
        experimentsChanged();
    }

    /// All that can be chosen, newest first.
    ObservableList<ExperimentTotals> experiments() {
        return experiments;
    }

    /// The chosen ones as far as they were read, in the order in which they were chosen.
    ObservableList<OverlayRun> runs() {
        return runs;
    }

    boolean isChosen(long experimentId) {
        return chosen.contains(experimentId);
    }

    boolean isFull() {
        return chosen.size() >= MOST;
    }

    void choose(long experimentId, boolean wanted) {
        untouched = false;
        if (wanted ? !isFull() && chosen.add(experimentId) : chosen.remove(experimentId)) {
            read();
        }
    }

    /// Chooses exactly these; the two newest where there are none.
    void choose(List<Long> experimentIds) {
        untouched = experimentIds.isEmpty();
        chosen.clear();
        experimentIds.stream().limit(MOST).forEach(chosen::add);
        experimentsChanged();
        read();
    }

    private void experimentsChanged() {
        Set<Long> there = new LinkedHashSet<>();
        experiments.forEach(each -> there.add(each.experiment().id()));
        boolean changed = chosen.retainAll(there);
        if (untouched) {
            List<Long> newest = experiments.stream().filter(each -> each.checkpoints() > 0).limit(2).map(each -> each
                    .experiment().id()).toList();
            changed |= !newest.equals(List.copyOf(chosen));
            chosen.clear();
            chosen.addAll(newest);
        }
        if (changed) {
            read();
        }
    }

    private void read() {
        Map<Long, OverlayRun> known = new HashMap<>();
        Map<Long, Long> lengths = new HashMap<>();
        experiments.forEach(each -> lengths.put(each.experiment().id(), each.checkpoints()));
        for (OverlayRun run : runs) {
            long id = run.experiment().id();
            if (lengths.getOrDefault(id, -1L) == run.checkpoints().size()) {
                known.put(id, run);
            }
        }
        List<Long> wanted = List.copyOf(chosen);
        List<ExperimentRecord> all = experiments.stream().map(ExperimentTotals::experiment).toList();
        Optional<Store> store = workbench.stores().store();
        if (store.isEmpty()) {
            runs.clear();
            return;
        }
        var _ = lane.run("Read the experiments to compare", steps -> {
            List<OverlayRun> read = new ArrayList<>();
            for (long id : wanted) {
                steps.check();
                Optional<ExperimentRecord> experiment = all.stream().filter(each -> each.id() == id).findFirst();
                if (known.containsKey(id)) {
                    read.add(known.get(id));
                } else if (experiment.isPresent()) {
                    read.add(OverlayRun.of(experiment.get(), store.get().checkpoints(id)));
                }
            }
            return read;
        }, runs::setAll);
    }
}
