package dev.freezeframe.ui.task;

import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyDoubleProperty;
import javafx.beans.property.ReadOnlyDoubleWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.concurrent.Worker;

/// Long work of one kind, of which at most one is under way: its progress where it is shown besides the list of tasks, and
/// cancel. It counts as under way until it has really ended, also after it was cancelled.
public final class SingleJob {
    private final BackgroundTasks tasks;
    private final ReadOnlyBooleanWrapper running = new ReadOnlyBooleanWrapper(this, "running", false);
    private final ReadOnlyBooleanWrapper cancelled = new ReadOnlyBooleanWrapper(this, "cancelled", false);
    private final ReadOnlyDoubleWrapper progress = new ReadOnlyDoubleWrapper(this, "progress", -1);
    private final ReadOnlyStringWrapper step = new ReadOnlyStringWrapper(this, "step", "");
    private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper(this, "problem", "");
    private Cancellable task;

    /// @param tasks where it is run and listed
    public SingleJob(BackgroundTasks tasks) {
        this.tasks = tasks;
    }

    /// Whether it is under way.
    public ReadOnlyBooleanProperty runningProperty() {
        return running.getReadOnlyProperty();
    }

    /// Whether it was cancelled, and has yet to end or was not begun again since.
    public ReadOnlyBooleanProperty cancelledProperty() {
        return cancelled.getReadOnlyProperty();
    }

    /// From 0 to 1, or -1 while that is not known.
    public ReadOnlyDoubleProperty progressProperty() {
        return progress.getReadOnlyProperty();
    }

    /// What it is at, for people.
    public ReadOnlyStringProperty stepProperty() {
        return step.getReadOnlyProperty();
    }

    /// One line about why the last one failed; empty if it did not.
    public ReadOnlyStringProperty problemProperty() {
        return problem.getReadOnlyProperty();
    }

    /// Begins it, unless it is under way.
    ///
    /// @param whenDone gets the result on the JavaFX thread, unless it was cancelled; the job may have ended by then, or not
    public <T> void start(String title, BackgroundTask.Work<T> work, Consumer<? super T> whenDone) {
        if (running.get()) {
            return;
        }
        running.set(true);
        cancelled.set(false);
        progress.set(-1);
        step.set("");
        problem.set("");
        // who is first decides: the work that begins, or the user who cancels it before it has
        AtomicBoolean decided = new AtomicBoolean();
        task = tasks.run(title, steps -> {
            if (!decided.compareAndSet(false, true)) {
                throw new CancellationException();
            }
            try {
                return work.run(steps);
            } finally {
                Platform.runLater(this::ended);
            }
        }, whenDone, cause -> problem.set(Problem.of(title, cause).message()));
        BackgroundTask<?> shown = tasks.listed().getLast();
        progress.bind(shown.progressProperty());
        step.bind(shown.messageProperty());
        shown.stateProperty().addListener((_, _, state) -> {
            // also when it was cancelled from the list of tasks
            if (state == Worker.State.CANCELLED) {
                cancelled.set(true);
                if (decided.compareAndSet(false, true)) {
                    ended();
                }
            }
        });
    }

    private void ended() {
        progress.unbind();
        step.unbind();
        task = null;
        running.set(false);
    }

    /// Gives it up; it ends at its next step.
    public void cancel() {
        if (task != null) {
            cancelled.set(true);
            task.giveUp();
        }
    }
}
