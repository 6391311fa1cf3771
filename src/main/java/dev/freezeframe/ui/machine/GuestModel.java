package dev.freezeframe.ui.machine;

import dev.freezeframe.host.GuestPlan;
import dev.freezeframe.host.GuestPreparation;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.task.Problem;
import dev.freezeframe.ui.task.Steps;
import java.nio.file.Path;
import java.util.OptionalInt;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;

/// Whether the demo machine can be started here, and its preparation, which begins only when the user has asked for it.
/// Used on the JavaFX thread only.
public final class GuestModel {
    private static final String TITLE = "Prepare the demo machine";

    private final BackgroundTasks tasks;
    private final GuestPreparation preparation;
    private final ReadOnlyObjectWrapper<State> state;
    private Cancellable running = () -> {};
    private boolean looking;

    /// What is known of the guest.
    public sealed interface State {
        /// It can be started.
        record Ready() implements State {}

        /// It is not there; what it takes is being found out.
        record Looking() implements State {}

        /// It is not there, and the user may have it prepared.
        record Missing(GuestPlan plan) implements State {}

        /// It is being prepared.
        ///
        /// @param percent of this step, where it is known
        record Preparing(String step, OptionalInt percent) implements State {}

        /// It cannot be prepared, or could not be.
        ///
        /// @param message one line: what failed, why, what to do
        record Failed(String message) implements State {}
    }

    /// Does not look for anything yet but the guest's files.
    public GuestModel(BackgroundTasks tasks, GuestPreparation preparation) {
        this.tasks = tasks;
        this.preparation = preparation;
        state = new ReadOnlyObjectWrapper<>(this, "state", preparation.isPrepared()
                ? new State.Ready()
                : new State.Looking());
    }

    /// How it stands.
    public ReadOnlyObjectProperty<State> stateProperty() {
        return state.getReadOnlyProperty();
    }

    /// Where the guest is, or will be.
    public Path folder() {
        return preparation.folder();
    }

    /// Looks again, and where the guest is missing finds out what it takes. Not while it is being prepared.
    public void look() {
        if (looking || state.get() instanceof State.Preparing) {
            return;
        }
        if (preparation.isPrepared()) {
            state.set(new State.Ready());
            return;
        }
        state.set(new State.Looking());
        looking = true;
        tasks.quietly("Find out what the demo machine takes", _ -> preparation.plan(), plan -> {
            looking = false;
            if (state.get() instanceof State.Looking) {
                state.set(plan.isDone() ? new State.Ready() : new State.Missing(plan));
            }
        }, cause -> {
            looking = false;
            failed(cause);
        });
    }

    /// Fetches and builds it, seen in the list of tasks as well.
    ///
    /// @param whenReady runs once it can be started; not if it was cancelled or failed
    public void prepare(Runnable whenReady) {
        if (state.get() instanceof State.Preparing) {
            return;
        }
        state.set(new State.Preparing("starting", OptionalInt.empty()));
        running = tasks.run(TITLE, steps -> {
            preparation.prepare((step, percent) -> report(steps, step, percent), steps::cancelled);
            return true;
        }, _ -> {
            state.set(new State.Ready());
            whenReady.run();
        }, this::failed, () -> {
            state.set(new State.Looking());
            look();
        });
    }

    /// Ends the preparation; nothing is left half made.
    public void cancel() {
        running.giveUp();
    }

    private void report(Steps steps, String step, OptionalInt percent) {
        if (percent.isPresent()) {
            steps.at(step, percent.getAsInt(), 100);
        } else {
            steps.at(step);
        }
        BackgroundTasks.onFxThread(() -> {
            if (state.get() instanceof State.Preparing) {
                state.set(new State.Preparing(step, percent));
            }
        });
    }

    private void failed(Throwable cause) {
        state.set(new State.Failed(Problem.of(TITLE, cause).message()));
    }
}
