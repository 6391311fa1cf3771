package dev.freezeframe.ui.model;

import dev.freezeframe.machine.Machine;
import dev.freezeframe.machine.MachineState;
import dev.freezeframe.qmp.QmpException;
import dev.freezeframe.qmp.Registration;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;

/// One machine in the sidebar, from the moment that its start was asked for until the user takes it away. Everything that
/// talks to QEMU runs in the background; the properties follow.
public final class MachineModel {
    private static final Duration QUIT_GRACE = Duration.ofSeconds(2);

    private final BackgroundTasks tasks;
    private final String name;
    private final Optional<CheckpointRecord> origin;
    private final ReadOnlyObjectWrapper<Machine> machine = new ReadOnlyObjectWrapper<>(this, "machine");
    private final ReadOnlyObjectWrapper<MachineState> state = new ReadOnlyObjectWrapper<>(this, "state");
    private final ReadOnlyObjectWrapper<RecordingModel> recording = new ReadOnlyObjectWrapper<>(this, "recording");
    private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper(this, "problem", "");
    private boolean recordable = true;
    private boolean untouched;
    private AutoCloseable owner = () -> {};

    MachineModel(BackgroundTasks tasks, String name, Optional<CheckpointRecord> origin) {
        this.tasks = tasks;
        this.name = name;
        this.origin = origin;
    }

    /// What people know it by, unique among the machines of the window.
    public String name() {
        return name;
    }

    /// The checkpoint that it was restored from.
    public Optional<CheckpointRecord> origin() {
        return origin;
    }

    /// The QEMU behind it; null while it is being started, and for one that could not be.
    public ReadOnlyObjectProperty<Machine> machineProperty() {
        return machine.getReadOnlyProperty();
    }

    /// What it does; null while it is being started.
    public ReadOnlyObjectProperty<MachineState> stateProperty() {
        return state.getReadOnlyProperty();
    }

    /// Its recording; null while it is not recorded.
    public ReadOnlyObjectProperty<RecordingModel> recordingProperty() {
        return recording.getReadOnlyProperty();
    }

    /// One line about what is wrong with it, empty when nothing is.
    public ReadOnlyStringProperty problemProperty() {
        return problem.getReadOnlyProperty();
    }

    /// Whether its memory can be captured: always, but for machines that share one restored image.
    public boolean recordable() {
        return recordable;
    }

    /// Whether QEMU is there.
    public boolean alive() {
        return machine.get() != null && state.get() != MachineState.ENDED;
    }

    /// Whether the guest has not run since it was restored, so that a recording can build on that checkpoint.
    boolean untouched() {
        return untouched;
    }

    /// @param resources what is closed when the machine is taken away
    void started(Machine qemu, boolean canBeRecorded, boolean hasNotRun, AutoCloseable resources) {
        recordable = canBeRecorded;
        untouched = hasNotRun;
        owner = resources;
        Registration registration = qemu
                .onStateChange(change -> BackgroundTasks.onFxThread(() -> changed(change.state())));
        machine.set(qemu);
        changed(qemu.state());
        var _ = qemu.onExit().thenAccept(status -> {
            registration.close();
            BackgroundTasks.onFxThread(() -> {
                if (status.code() != 0) {
                    problem.set("QEMU " + status.describe() + "; its last words: " + lastLine(qemu.qemuLog()));
                }
                changed(MachineState.ENDED);
            });
        });
    }

    private static String lastLine(String log) {
        String text = log.strip();
        return text.isEmpty() ? "none" : text.substring(text.lastIndexOf('\n') + 1);
    }

    private void changed(MachineState now) {
        if (state.get() == MachineState.ENDED) {
            return;
        }
        if (now == MachineState.RUNNING) {
            untouched = false;
        }
        state.set(now);
    }

    void couldNotStart(Throwable cause) {
        problem.set(Problem.of("Start " + name, cause).message());
        state.set(MachineState.ENDED);
    }

    void recordingStarted(RecordingModel model) {
        untouched = false;
        recording.set(model);
    }

    void recordingEnded() {
        recording.set(null);
    }

    /// Stops the guest's processors.
    public void pause() {
        command("Pause", Machine::pause);
    }

    /// Lets the guest go on.
    public void resume() {
        command("Resume", Machine::resume);
    }

    /// Presses the reset button.
    public void reset() {
        command("Reset", Machine::reset);
    }

    /// Presses the power button; what the guest makes of it is up to the guest.
    public void powerOff() {
        command("Power off", Machine::powerdown);
    }

    /// Ends QEMU, whatever the guest does.
    public void forceOff() {
        command("Force off", qemu -> qemu.quit(QUIT_GRACE));
    }

    private interface Command {
        void apply(Machine qemu) throws QmpException;
    }

    private void command(String what, Command command) {
        Machine qemu = machine.get();
        if (qemu == null) {
            return;
        }
        tasks.quietly(what + " " + name, _ -> {
            command.apply(qemu);
            return null;
        }, _ -> {}, cause -> {
            // A QEMU that has just ended answers nothing any more, which is no news.
            if (alive()) {
                tasks.report(Problem.of(what + " " + name, cause));
            }
        });
    }

    /// Reads something of the machine in the background.
    public <T> void ask(String what, Question<T> question, Consumer<? super T> whenDone) {
        Machine qemu = machine.get();
        if (qemu != null) {
            tasks.quietly(what, _ -> question.of(qemu), whenDone);
        }
    }

    /// Something to be asked of a machine.
    @FunctionalInterface
    public interface Question<T> {
        /// Asks it, in the background.
        ///
        /// @throws Exception its message is one line for the user
        T of(Machine qemu) throws Exception;
    }

    /// Ends the recording and QEMU. Blocks, so it is for a background thread.
    void end() throws Exception {
        RecordingModel running = recording.get();
        if (running != null) {
            running.close();
        }
        owner.close();
    }

    @Override
    public String toString() {
        return name;
    }
}
