package dev.freezeframe.ui.compare;

import dev.freezeframe.analyse.CheckpointComparison.PageContents;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.BackgroundTask;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.task.Problem;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.SimpleObjectProperty;
import javafx.concurrent.Worker;

/// The comparison of two checkpoints: choosing them, computing it in the background, and looking into a page. Changing either
/// checkpoint starts it anew and drops what was under way.
public final class ComparisonModel {
    private final WorkbenchModel workbench;
    private final BackgroundTasks.Lane pageLane;
    private final BackgroundTasks.Lane listLane;
    private final ObjectProperty<CheckpointRecord> first = new SimpleObjectProperty<>(this, "first");
    private final ObjectProperty<CheckpointRecord> second = new SimpleObjectProperty<>(this, "second");
    private final ReadOnlyObjectWrapper<ComparisonState> state = new ReadOnlyObjectWrapper<>(this, "state",
            new ComparisonState.Choosing());
    private final ReadOnlyObjectWrapper<PageContents> contents = new ReadOnlyObjectWrapper<>(this, "contents");
    private final ReadOnlyObjectWrapper<ComparedImage> image = new ReadOnlyObjectWrapper<>(this, "image");
    private BackgroundTask<?> running;
    private String wanted = "";
    /// While both are being set.
    private boolean choosing;

    /// @param workbench in whose store the checkpoints are
    public ComparisonModel(WorkbenchModel workbench) {
        this.workbench = workbench;
        pageLane = workbench.tasks().lane();
        listLane = workbench.tasks().lane();
        first.addListener((_, _, _) -> chosen());
        second.addListener((_, _, _) -> chosen());
        workbench.stores().stateProperty().addListener((_, _, _) -> compare(null, null));
    }

    /// The one that is compared; null while none is chosen.
    public ObjectProperty<CheckpointRecord> firstProperty() {
        return first;
    }

    /// What it is compared with; null while none is chosen.
    public ObjectProperty<CheckpointRecord> secondProperty() {
        return second;
    }

    /// How far it is.
    public ReadOnlyObjectProperty<ComparisonState> stateProperty() {
        return state.getReadOnlyProperty();
    }

    /// What both have in the page that was looked into last; null while none was.
    public ReadOnlyObjectProperty<PageContents> contentsProperty() {
        return contents.getReadOnlyProperty();
    }

    /// Compares these two.
    public void compare(CheckpointRecord one, CheckpointRecord other) {
        choosing = true;
        first.set(one);
        second.set(other);
        choosing = false;
        restart();
    }

    private void chosen() {
        if (!choosing) {
            restart();
        }
    }

    /// Lets the two change places.
    public void swap() {
        compare(second.get(), first.get());
    }

    /// Compares again, after it was cancelled or failed.
    public void restart() {
        drop();
        Optional<Store> store = workbench.stores().store();
        CheckpointRecord one = first.get();
        CheckpointRecord other = second.get();
        if (one == null || other == null || store.isEmpty()) {
            state.set(new ComparisonState.Choosing());
            return;
        }
        state.set(new ComparisonState.Running(one, other));
        String title = "Compare " + one.name() + " with " + other.name();
        Cancellable _ = workbench.tasks().run(title, steps -> ComparisonResult.of(store.get(), one, other, steps),
                this::done,
                cause -> state.set(new ComparisonState.Failed(one, other, why(title, cause))));
        BackgroundTask<?> mine = workbench.tasks().listed().getLast();
        running = mine;
        // it may also be cancelled where all tasks are listed
        mine.stateProperty().addListener((_, _, now) -> {
            if (now == Worker.State.CANCELLED && mine == running) {
                state.set(new ComparisonState.Cancelled(one, other));
            }
        });
    }

    /// A disk that was looked at is looked at again, where there still is one of that name.
    private void done(ComparisonResult result) {
        image.set(result.images().stream().filter(each -> each.title().equals(wanted)).findFirst().orElse(result
                .ram()));
        state.set(new ComparisonState.Done(result));
    }

    /// What is looked at of the comparison: RAM or one of the disks; null while none is done.
    public ReadOnlyObjectProperty<ComparedImage> imageProperty() {
        return image.getReadOnlyProperty();
    }

    /// Looks at RAM or at a disk.
    public void choose(ComparedImage chosen) {
        wanted = chosen.title();
        pageLane.cancel();
        contents.set(null);
        image.set(chosen);
    }

    private static String why(String title, Throwable cause) {
        return cause instanceof StoreException failure && failure.reason() == StoreException.Reason.NOT_FOUND
                ? "One of the two is not in the store any more: it was deleted meanwhile. Choose another checkpoint."
                : Problem.of(title, cause).message();
    }

    /// Ends a comparison that is under way.
    public void cancel() {
        if (running != null) {
            running.cancel();
        }
    }

    private void drop() {
        BackgroundTask<?> before = running;
        running = null;
        if (before != null) {
            before.cancel();
        }
        pageLane.cancel();
        contents.set(null);
        image.set(null);
    }

    /// The progress of what is under way.
    public Optional<BackgroundTask<?>> running() {
        return Optional.ofNullable(running);
    }

    /// Reads what both have in a page.
    public void look(int page) {
        ComparedImage looked = image.get();
        if (looked != null) {
            Cancellable _ = pageLane.run("Read " + looked.unit() + " " + page, _ -> looked.comparison().contents(page),
                    contents::set);
        }
    }

    /// Looks into the next differing page, or the one before.
    ///
    /// @param step 1 or -1
    public void lookFurther(int step) {
        if (contents.get() != null && image.get() != null) {
            image.get().nextDifference(contents.get().page(), step).ifPresent(this::look);
        }
    }

    /// Reads which checkpoints an experiment has, to choose from.
    public void checkpointsOf(ExperimentRecord experiment, Consumer<List<CheckpointRecord>> whenRead) {
        ExperimentModel shown = workbench.experiment();
        ExperimentRecord known = shown.experimentProperty().get();
        if (known != null && known.id() == experiment.id() && !shown.loadingProperty().get()) {
            listLane.cancel();
            whenRead.accept(List.copyOf(shown.checkpoints()));
        } else {
            workbench.stores().read(listLane, "List the checkpoints of " + experiment.name(),
                    (store, _) -> store.checkpoints(experiment.id()), whenRead);
        }
    }
}
