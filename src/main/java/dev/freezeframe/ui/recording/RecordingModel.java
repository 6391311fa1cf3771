package dev.freezeframe.ui.recording;

import dev.freezeframe.record.Budget;
import dev.freezeframe.record.LiveFigures;
import dev.freezeframe.record.Recording;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;

/// A recording as the window shows and steers it. Its figures are those of the last [#refresh].
public final class RecordingModel {
    private final BackgroundTasks tasks;
    private final MachineModel machine;
    private final Recording recording;
    private final Closeable end;
    private final ReadOnlyObjectWrapper<LiveFigures> live = new ReadOnlyObjectWrapper<>(this, "live");
    private final ReadOnlyStringWrapper lastFailure = new ReadOnlyStringWrapper(this, "lastFailure", "");
    private boolean stopping;
    private String reported = "";

    /// @param end ends it, with all that goes with it
    public RecordingModel(BackgroundTasks tasks, MachineModel machine, Recording recording, Closeable end) {
        this.tasks = tasks;
        this.machine = machine;
        this.recording = recording;
        this.end = end;
        refresh();
    }

    /// What is recorded.
    public MachineModel machine() {
        return machine;
    }

    /// Where it is recorded to.
    public ExperimentRecord experiment() {
        return recording.experiment();
    }

    /// The engine's own object, for what has no property here.
    public Recording recording() {
        return recording;
    }

    /// The figures of the last refresh.
    public ReadOnlyObjectProperty<LiveFigures> liveProperty() {
        return live.getReadOnlyProperty();
    }

    /// Changes the interval from the next tick on.
    public void changeInterval(Duration wanted) {
        recording.changeInterval(wanted);
        refresh();
    }

    /// Changes the budget at once.
    public void changeBudget(Budget wanted) {
        recording.changeBudget(wanted);
        refresh();
    }

    /// One line about the last checkpoint that could not be taken or stored, empty when none failed.
    public ReadOnlyStringProperty lastFailureProperty() {
        return lastFailure.getReadOnlyProperty();
    }

    /// Takes one checkpoint now.
    public void checkpointNow() {
        recording.checkpointNow();
    }

    /// Takes the live figures anew; cheap, for once per frame at most.
    public void refresh() {
        live.set(recording.live());
    }

    public void failed(int number, Exception cause) {
        String why = Problem.of("", cause).message();
        if (!why.equals(reported)) {
            // what fails again and again for the same reason is told once
            reported = why;
            tasks.report(new Problem("Checkpoint " + number + " of " + machine.name() + " failed", why));
        }
        lastFailure.set("checkpoint " + number + ": " + why);
    }

    /// Ends the recording; the machine runs on. What was captured is stored first.
    public void stop() {
        if (stopping) {
            return;
        }
        stopping = true;
        tasks.run("Store the last checkpoints of " + experiment().name(), _ -> {
            close();
            return null;
        }, _ -> ended(), cause -> {
            ended();
            tasks.report(Problem.of("End the recording of " + machine.name(), cause));
        });
    }

    private void ended() {
        machine.recordingEnded();
        if (recording.failed()) {
            tasks.report(new Problem("The recording of " + machine.name() + " ended early", recording.endReason()));
        }
    }

    /// Blocks until what was captured is stored.
    public void close() throws IOException {
        end.close();
    }
}
