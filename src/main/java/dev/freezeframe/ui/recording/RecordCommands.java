package dev.freezeframe.ui.recording;

import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.machine.MachineModel;
import java.util.List;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import org.kordamp.ikonli.feather.Feather;

/// Recording the selected machine: begin, end, one checkpoint now.
public final class RecordCommands {
    private final WorkbenchModel workbench;
    private final ReadOnlyBooleanWrapper recording = new ReadOnlyBooleanWrapper(this, "recording", false);
    private final Command toggle = new Command("_Record", this::recordOrStop).icon(Feather.CIRCLE).key("Shortcut+R");
    private final Command checkpointNow = new Command("Checkpoint _now", this::takeOne).icon(Feather.CAMERA).help(
            "Take one checkpoint now, besides those on schedule").key("Shortcut+K").when(recording);

    /// @param workbench whose selected machine is recorded
    RecordCommands(WorkbenchModel workbench) {
        this.workbench = workbench;
        refresh();
    }

    /// Records, or stops recording.
    public Command toggle() {
        return toggle;
    }

    /// Takes one checkpoint beside the schedule.
    public Command checkpointNow() {
        return checkpointNow;
    }

    /// All of them, in the order of a menu.
    public List<Command> all() {
        return List.of(toggle, checkpointNow);
    }

    /// Whether the selected machine is being recorded.
    public ReadOnlyBooleanProperty recordingProperty() {
        return recording.getReadOnlyProperty();
    }

    private MachineModel machine() {
        return workbench.machines().selectedProperty().get();
    }

    /// The recording of the selected machine, null if there is none.
    RecordingModel running() {
        return machine() == null ? null : machine().recordingProperty().get();
    }

    /// What the user was shown, or nothing if that cannot be done any more.
    private void recordOrStop() {
        RecordingModel running = running();
        boolean stops = recording.get();
        refresh();
        if (stops && running != null) {
            running.stop();
        } else if (!stops && running == null && canRecord(machine())) {
            workbench.machines().record(machine(), workbench.recordSettings().options(), workbench.recordSettings()
                    .plugin());
        }
    }

    private void takeOne() {
        RecordingModel running = running();
        if (running != null) {
            running.checkpointNow();
        }
    }

    /// Looks anew at what can be done.
    void refresh() {
        MachineModel machine = machine();
        boolean running = running() != null;
        recording.set(running);
        toggle.textProperty().set(running ? "_Stop" : "_Record");
        toggle.help(running ? "Stop recording " + machine.name() + "; the machine runs on" : whyNot(machine));
        toggle.setDisabled(!running && !canRecord(machine));
    }

    private static boolean canRecord(MachineModel machine) {
        return machine != null && machine.alive() && machine.recordable() && machine.stateProperty()
                .get() != MachineState.SHUT_DOWN;
    }

    private static String whyNot(MachineModel machine) {
        if (machine == null) {
            return "Start a machine first: ▶ beside a profile";
        }
        if (!machine.recordable()) {
            return "Machines that share one restored image cannot be recorded; restore a single one";
        }
        return machine.alive() ? "Record " + machine.name() : machine.name() + " has ended";
    }
}
