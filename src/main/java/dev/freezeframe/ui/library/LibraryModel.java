package dev.freezeframe.ui.library;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.ui.StoreModel;
import dev.freezeframe.ui.StoreState;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import javafx.animation.PauseTransition;
import javafx.beans.Observable;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.value.ObservableStringValue;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.util.Duration;

/// The experiments of the open store with their totals, newest first. While something is recorded they are read again every
/// second or so, and less often where reading takes long.
public final class LibraryModel {
    private static final Duration SOON = Duration.seconds(1);
    /// Reading takes at most one part in so many of a processor's time.
    private static final int READING_SHARE = 20;
    private static final String READ = "Read the list of experiments";

    private final BackgroundTasks tasks;
    private final StoreModel stores;
    private final BackgroundTasks.Lane lane;
    private final ObservableList<ExperimentTotals> experiments = FXCollections.observableArrayList();
    private final ObservableList<LibraryRow> rows = FXCollections.observableArrayList(row -> new Observable[]{row
            .entryProperty()});
    /// One wrapper each for all who listen: it listens weakly, and would be forgotten with its listeners.
    private final ObservableList<ExperimentTotals> readOnlyExperiments = FXCollections.unmodifiableObservableList(
            experiments);
    private final ObservableList<LibraryRow> readOnlyRows = FXCollections.unmodifiableObservableList(rows);
    private final ReadOnlyBooleanWrapper loaded = new ReadOnlyBooleanWrapper(this, "loaded", false);
    private final ReadOnlyBooleanWrapper changing = new ReadOnlyBooleanWrapper(this, "changing", false);
    private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper(this, "problem", "");
    private final StringBinding unread;
    private final Set<Long> recording = new HashSet<>();
    private final PauseTransition pause = new PauseTransition(SOON);
    private boolean waiting;

    public LibraryModel(BackgroundTasks tasks, StoreModel stores) {
        this.tasks = tasks;
        this.stores = stores;
        lane = tasks.lane();
        unread = Bindings.createStringBinding(this::whyUnread, loaded, problem, stores.stateProperty());
        pause.setOnFinished(_ -> {
            waiting = false;
            reload();
        });
        stores.stateProperty().addListener((_, _, state) -> {
            if (!(state instanceof StoreState.Open)) {
                lane.cancel();
                pause.stop();
                waiting = false;
                recording.clear();
                show(new Content(List.of(), Map.of(), 0));
                loaded.set(false);
                problem.set("");
            }
        });
    }

    /// The experiments, newest first. Not to be changed.
    public ObservableList<ExperimentTotals> experiments() {
        return readOnlyExperiments;
    }

    /// The same with all that a library shows of them. Not to be changed.
    public ObservableList<LibraryRow> rows() {
        return readOnlyRows;
    }

    /// True while [#rows] is being brought up to date, so that what a control makes of its selection meanwhile is not taken
    /// for the user's wish.
    public ReadOnlyBooleanProperty changingProperty() {
        return changing.getReadOnlyProperty();
    }

    /// Whether the list has been read, so that an empty one means an empty store.
    public ReadOnlyBooleanProperty loadedProperty() {
        return loaded.getReadOnlyProperty();
    }

    /// One line about why the list could not be read, empty when it could.
    public ReadOnlyStringProperty problemProperty() {
        return problem.getReadOnlyProperty();
    }

    /// What stands in the place of the list while it has not been read; empty once it has.
    public ObservableStringValue unreadTextProperty() {
        return unread;
    }

    private String whyUnread() {
        return switch (stores.stateProperty().get()) {
            // why not is what the page says
            case StoreState.Failed _,StoreState.Closed _ -> "No store is open.";
            case StoreState.Opening _ -> "Opening the store…";
            case StoreState.Open _ -> !problem.get().isEmpty()
                    ? problem.get()
                    : loaded.get() ? "" : "Reading the experiments…";
        };
    }

    /// @param parents the checkpoints that machines were restored from, by id
    private record Content(List<ExperimentTotals> totals, Map<Long, CheckpointRecord> parents, long millis) {}

    /// Reads the list again.
    public void reload() {
        stores.store().ifPresent(store -> lane.run(READ, _ -> read(store), read -> {
            problem.set("");
            show(read);
            pause.setDuration(Duration.millis(Math.max(SOON.toMillis(), (double) READING_SHARE * read.millis())));
            loaded.set(true);
        }, cause -> {
            problem.set(Problem.of(READ, cause).message());
            if (loaded.get()) {
                tasks.report(Problem.of(READ, cause));
            }
        }));
    }

    private static Content read(Store store) throws StoreException {
        long began = System.nanoTime();
        List<ExperimentTotals> totals = store.totals();
        return new Content(totals.reversed(), store.parents(), (System.nanoTime() - began) / 1_000_000);
    }

    private void show(Content content) {
        experiments.setAll(content.totals());
        List<LibraryEntry> entries = content.totals().stream().map(totals -> new LibraryEntry(totals, totals
                .experiment().parentCheckpointId().map(content.parents()::get),
                recording.contains(totals
                        .experiment().id())))
                .toList();
        changing.set(true);
        try {
            bringUpToDate(entries);
        } finally {
            changing.set(false);
        }
    }

    /// Keeps the row of each experiment that is still there.
    private void bringUpToDate(List<LibraryEntry> entries) {
        Set<Long> wanted = entries.stream().map(LibraryEntry::id).collect(Collectors.toSet());
        rows.removeIf(row -> !wanted.contains(row.id()));
        Map<Long, LibraryRow> known = rows.stream().collect(Collectors.toMap(LibraryRow::id, Function.identity()));
        List<LibraryRow> added = new ArrayList<>();
        for (LibraryEntry entry : entries) {
            LibraryRow row = known.get(entry.id());
            if (row == null) {
                added.add(new LibraryRow(entry));
            } else {
                row.show(entry);
            }
        }
        // ids only grow, so what is new is newer than all that was there
        rows.addAll(0, added);
    }

    /// The experiment with this id, where the list has it.
    public Optional<ExperimentRecord> find(long experimentId) {
        return experiments.stream().map(ExperimentTotals::experiment).filter(record -> record.id() == experimentId)
                .findFirst();
    }

    /// The row of the experiment with this id, where the list has it.
    public Optional<LibraryRow> row(long experimentId) {
        return rows.stream().filter(row -> row.id() == experimentId).findFirst();
    }

    public void recordingStarted(ExperimentRecord experiment) {
        recording.add(experiment.id());
        reload();
    }

    public void recordingEnded(ExperimentRecord experiment) {
        recording.remove(experiment.id());
        reload();
    }

    public void stored(List<CheckpointRecord> arrived) {
        if (arrived.stream().anyMatch(checkpoint -> checkpoint.number() == 1)) {
            reload();
        } else if (!arrived.isEmpty()) {
            reloadSoon();
        }
    }

    /// Reads the list again, but not at once, and once for many calls.
    public void reloadSoon() {
        if (!waiting) {
            waiting = true;
            pause.playFromStart();
        }
    }
}
