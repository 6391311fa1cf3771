package dev.freezeframe.ui.machine;

import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.recording.RecordingModel;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javafx.beans.InvalidationListener;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.scene.Node;
import org.kordamp.ikonli.feather.Feather;

/// What can be done with one machine: each command is enabled exactly while it makes sense, and asks before a running guest
/// is lost.
public final class MachineCommands {
    private static final String WAKE = "Wake the guest, which has put itself to sleep";
    private static final String RESET = "Press the reset button; what the guest has not saved is lost";
    private static final String POWER_OFF = "Press the power button; the guest may shut down, or ignore it";
    private static final String LOGGED = "Not in the log of this machine's run, so nothing behind it could be executed again;"
            + " use the guest's console, or end the machine and start it anew";
    private final ObjectProperty<MachineModel> machine = new SimpleObjectProperty<>(this, "machine");
    private final Consumer<MachineModel> remover;
    private final Node owner;
    private final Command resume = command("_Resume", "Let the guest go on", Feather.PLAY, MachineModel::resume);
    private final Command pause = command("_Pause", "Stop the guest's processors", Feather.PAUSE, MachineModel::pause);
    private final Command wake = command("_Wake", WAKE, Feather.SUNRISE, MachineModel::wake);
    private final Command reset = command("R_eset…", RESET, Feather.ROTATE_CW, this::askToReset);
    private final Command powerOff = command("Power _off", POWER_OFF, Feather.POWER, MachineModel::powerOff);
    private final Command forceOff = command("_Force off…", "End QEMU at once, whatever the guest does",
            Feather.X_OCTAGON, this::askToForceOff);
    private final Command remove = command("Re_move", "Take the ended machine out of the list", Feather.X,
            this::remove);
    private final InvalidationListener onChange = _ -> refresh();

    /// Commands for the machine of [#machineProperty].
    ///
    /// @param owner   what questions belong to
    /// @param remover takes a machine away
    MachineCommands(Node owner, Consumer<MachineModel> remover) {
        this.owner = owner;
        this.remover = remover;
        machine.addListener((_, before, after) -> {
            if (before != null) {
                watch(before, false);
            }
            if (after != null) {
                watch(after, true);
            }
            refresh();
        });
        refresh();
    }

    private void watch(MachineModel model, boolean on) {
        for (var property : List.of(model.stateProperty(), model.machineProperty(), model.endingProperty())) {
            if (on) {
                property.addListener(onChange);
            } else {
                property.removeListener(onChange);
            }
        }
    }

    private Command command(String text, String help, Feather icon, Consumer<MachineModel> deed) {
        return new Command(text, () -> deed.accept(machine.get())).icon(icon).help(help);
    }

    private void refresh() {
        enable(pause, model -> model.alive() && model.stateProperty().get() == MachineState.RUNNING);
        enable(resume, model -> model.alive() && (model.stateProperty().get() == MachineState.PAUSED || model
                .stateProperty().get() == MachineState.FAULTY));
        enableUnlogged(wake, WAKE, model -> model.alive() && model.stateProperty().get() == MachineState.SUSPENDED);
        enableUnlogged(reset, RESET, MachineModel::alive);
        enableUnlogged(powerOff, POWER_OFF,
                model -> model.alive() && (model.stateProperty().get() == MachineState.RUNNING || model
                        .stateProperty().get() == MachineState.SUSPENDED));
        enable(forceOff, MachineModel::alive);
        enable(remove, model -> !model.alive() || model.stateProperty().get() == null);
    }

    private void enable(Command command, Predicate<MachineModel> when) {
        MachineModel model = machine.get();
        command.setDisabled(model == null || model.endingProperty().get() || !when.test(model));
    }

    /// Enables what QEMU does not log, which a machine whose run is logged refuses.
    private void enableUnlogged(Command command, String help, Predicate<MachineModel> when) {
        MachineModel model = machine.get();
        boolean logged = model != null && model.isLogged();
        command.help(logged ? LOGGED : help);
        enable(command, each -> !logged && when.test(each));
    }

    private void askToReset(MachineModel model) {
        if (model.stateProperty().get() == MachineState.SHUT_DOWN || model.stateProperty()
                .get() == MachineState.PANICKED) {
            model.reset();
            return;
        }
        LossQuestions.ask(owner, "Reset " + model.name() + "?",
                "The guest boots again at once; what it has in memory and"
                        + " has not saved is lost. Stored checkpoints stay.",
                "Reset", model::reset);
    }

    private void askToForceOff(MachineModel model) {
        if (model.stateProperty().get() == MachineState.SHUT_DOWN) {
            model.forceOff();
            return;
        }
        RecordingModel recording = model.recordingProperty().get();
        LossQuestions.ask(
                owner, "Force off " + model.name() + "?",
                "QEMU ends at once; what the guest has in memory" + (MachineStateStyle
                        .losesWrites(model) ? ", and what it wrote to its disks," : "") + " is lost."
                        + (recording == null
                                ? " Checkpoints of earlier recordings stay."
                                : " Its recording " + recording.experiment().name()
                                        + " ends; checkpoints that were taken are kept."),
                "Force off", model::forceOff);
    }

    private void remove(MachineModel model) {
        remover.accept(model);
    }

    /// The machine that they are about; null for none, and then all are disabled.
    public ObjectProperty<MachineModel> machineProperty() {
        return machine;
    }

    /// Gives them their keys: they are those of the selected machine.
    MachineCommands withKeys() {
        resume.key("Shortcut+G");
        pause.key("Shortcut+P");
        return this;
    }

    /// For a machine that is to go, whatever state it is in: takes an ended one away, forces another off.
    Command end() {
        return remove.isDisabled() ? forceOff : remove;
    }

    /// All of them, in the order of a menu: what can be undone by another of them, and what ends the machine.
    public List<List<Command>> sections() {
        return List.of(List.of(resume, pause, wake), List.of(reset, powerOff, forceOff, remove));
    }

    /// All of them, in the order of a menu.
    List<Command> all() {
        return sections().stream().flatMap(List::stream).toList();
    }
}
