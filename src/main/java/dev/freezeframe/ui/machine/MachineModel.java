package dev.freezeframe.ui.machine;

import dev.freezeframe.base.Registration;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.recording.RecordingModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;

/// One machine in the sidebar, from the moment that its start was asked for until the user takes it away. Everything that
/// talks to QEMU runs in the background; the properties follow.
public final class MachineModel {
    private static final Duration QUIT_GRACE = Duration.ofSeconds(2);
    private static final int RESUME_ATTEMPTS = 40;
    private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(50);

    private final BackgroundTasks tasks;
    private final String name;
    private final Optional<CheckpointRecord> origin;
    private final ReadOnlyObjectWrapper<Machine> machine = new ReadOnlyObjectWrapper<>(this, "machine");
    private final ReadOnlyObjectWrapper<MachineState> state = new ReadOnlyObjectWrapper<>(this, "state");
    private final ReadOnlyObjectWrapper<RecordingModel> recording = new ReadOnlyObjectWrapper<>(this, "recording");
    private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper(this, "problem", "");
    private final ReadOnlyBooleanWrapper ending = new ReadOnlyBooleanWrapper(this, "ending", false);
    private final MachineStartup arrival;
    private final int placeInArrival;
    private boolean recordable = true;
    private boolean untouched;
    private boolean endAsked;
    private boolean recordingAsked;
    private Duration uptimeAtEnd;
    /// The recording under way, also while it is being started; read by the thread that ends the machine.
    private volatile CompletableFuture<Optional<Closeable>> recorder = CompletableFuture.completedFuture(Optional
            .empty());

    /// @param arrival its QEMU and perhaps others that are started with it
    /// @param place which of them it is
    MachineModel(BackgroundTasks tasks, String name, Optional<CheckpointRecord> origin, MachineStartup arrival,
            int place) {
        this.tasks = tasks;
        this.name = name;
        this.origin = origin;
        this.arrival = arrival;
        placeInArrival = place;
    }

    /// What people know it by, unique among the machines of the window.
    public String name() {
        return name;
    }

    /// The checkpoint that it was restored from.
    public Optional<CheckpointRecord> origin() {
        return origin;
    }

    /// Whether it reads its disks from the store, or will once it has started: that must stay open as long as it runs.
    public boolean needsStore() {
        return origin.isPresent() && !origin.get().metrics().disks().isEmpty() && state.get() != MachineState.ENDED;
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

    /// Whether it is being ended and will go from the list.
    public ReadOnlyBooleanProperty endingProperty() {
        return ending.getReadOnlyProperty();
    }

    /// How long QEMU has been running, or ran; zero while it is being started.
    public Duration uptime() {
        Machine qemu = machine.get();
        if (qemu == null) {
            return Duration.ZERO;
        }
        return uptimeAtEnd == null ? qemu.uptime() : uptimeAtEnd;
    }

    /// Whether the guest has not run since it was restored, so that a recording can build on that checkpoint.
    boolean untouched() {
        return untouched;
    }

    void started(Machine qemu, boolean canBeRecorded, boolean hasNotRun) {
        recordable = canBeRecorded;
        untouched = hasNotRun;
        Registration registration = qemu
                .onStateChange(change -> BackgroundTasks.onFxThread(() -> changed(change.state())));
        machine.set(qemu);
        changed(qemu.state());
        var _ = qemu.onExit().thenAccept(status -> {
            registration.close();
            BackgroundTasks.onFxThread(() -> {
                if (status.code() != 0 && !endAsked) {
                    problem.set("QEMU " + status.describe() + lastWords(qemu.qemuLog()) + "; start it again");
                }
                changed(MachineState.ENDED);
            });
        });
    }

    private static String lastWords(String log) {
        String text = log.strip();
        return text.isEmpty() ? "" : "; its last words: " + text.substring(text.lastIndexOf('\n') + 1);
    }

    private void changed(MachineState now) {
        if (state.get() == MachineState.ENDED) {
            return;
        }
        if (now == MachineState.RUNNING) {
            untouched = false;
        }
        if (now == MachineState.ENDED) {
            uptimeAtEnd = machine.get() == null ? Duration.ZERO : machine.get().uptime();
        }
        state.set(now);
        giveMemoryBack();
    }

    /// A machine that has ended stays in the list, with its last words; its memory need not.
    private void giveMemoryBack() {
        if (state.get() == MachineState.ENDED && machine.get() != null && !recordingAsked && !ending.get()) {
            tasks.quietly("Give back the memory of " + name, _ -> {
                arrival.end(placeInArrival);
                return null;
            }, _ -> {});
        }
    }

    void couldNotStart(Throwable cause) {
        problem.set(Problem.of("Start " + name, cause).message());
        state.set(MachineState.ENDED);
    }

    /// Whether it may be recorded from now on: a second recording of the same machine may not.
    ///
    /// @param coming the recording, once it has started or could not be
    boolean recordingAsked(CompletableFuture<Optional<Closeable>> coming) {
        if (recordingAsked || ending.get() || !alive() || !recordable) {
            return false;
        }
        recordingAsked = true;
        recorder = coming;
        return true;
    }

    void recordingStarted(RecordingModel model) {
        untouched = false;
        recording.set(model);
    }

    /// Whether its run is logged, so that it can be executed again.
    public boolean isLogged() {
        Machine qemu = machine.get();
        return qemu != null && qemu.isLogged();
    }

    public void recordingEnded() {
        recordingAsked = false;
        recording.set(null);
        giveMemoryBack();
    }

    /// Whether this is the first time that its end is asked for.
    boolean endingAsked() {
        if (ending.get()) {
            return false;
        }
        endAsked = true;
        ending.set(true);
        return true;
    }

    /// Stops the guest's processors.
    public void pause() {
        command("Pause", Machine::pause);
    }

    /// Lets the guest go on.
    public void resume() {
        untouched = false;
        command("Resume", Machine::resume);
    }

    /// Wakes a guest that has put itself to sleep.
    public void wake() {
        untouched = false;
        command("Wake", Machine::wake);
    }

    /// Presses the reset button. A guest that had powered off or crashed boots again.
    public void reset() {
        untouched = false;
        boolean halted = state.get() == MachineState.SHUT_DOWN || state.get() == MachineState.PANICKED;
        command("Reset", qemu -> {
            qemu.reset();
            if (halted) {
                resumeAfterReset(qemu);
            }
        });
    }

    /// QEMU resets some time after it was asked to, and refuses to go on before.
    private static void resumeAfterReset(Machine qemu) throws QmpException {
        for (int left = RESUME_ATTEMPTS; true; left--) {
            try {
                qemu.resume();
                return;
            } catch (QmpException e) {
                if (left == 0 || e.kind() != QmpException.Kind.REFUSED) {
                    throw e;
                }
                LockSupport.parkNanos(BETWEEN_ATTEMPTS.toNanos());
            }
        }
    }

    /// Presses the power button; what the guest makes of it is up to the guest.
    public void powerOff() {
        untouched = false;
        command("Power off", Machine::powerdown);
    }

    /// Ends QEMU, whatever the guest does.
    public void forceOff() {
        endAsked = true;
        command("Force off", qemu -> qemu.quit(QUIT_GRACE));
    }

    private interface Command {
        void apply(Machine qemu) throws IOException;
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

    /// Ends the recording and QEMU, also one that is still being started. Blocks, so it is for a background thread.
    void end() throws Exception {
        try {
            Optional<Closeable> running = recorder.join();
            if (running.isPresent()) {
                running.get().close();
            }
        } finally {
            arrival.end(placeInArrival);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
