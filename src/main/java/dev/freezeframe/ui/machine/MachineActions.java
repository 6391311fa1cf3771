package dev.freezeframe.ui.machine;

import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.ui.recording.RecordingModel;
import java.util.List;
import java.util.function.Predicate;
import javafx.beans.InvalidationListener;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.scene.Node;
import org.controlsfx.control.action.Action;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// What can be done with one machine, as actions for buttons and menus: each is enabled exactly while it makes sense, and
/// asks before a running guest is lost.
public final class MachineActions {
    private final ObjectProperty<MachineModel> machine = new SimpleObjectProperty<>(this, "machine");
    private final java.util.function.Consumer<MachineModel> remover;
    private final Node owner;
    private final Action pause = action("Pause", "Stop the guest's processors", Feather.PAUSE, MachineModel::pause);
    private final Action resume = action("Resume", "Let the guest go on", Feather.PLAY, MachineModel::resume);
    private final Action wake = action("Wake", "Wake the guest, which has put itself to sleep", Feather.SUNRISE,
            MachineModel::wake);
    private final Action reset = action("Reset…", "Press the reset button; what the guest has not saved is lost",
            Feather.ROTATE_CW, this::askToReset);
    private final Action powerOff = action("Power off", "Press the power button; the guest may shut down, or ignore it",
            Feather.POWER, MachineModel::powerOff);
    private final Action forceOff = action("Force off…", "End QEMU at once, whatever the guest does",
            Feather.X_OCTAGON, this::askToForceOff);
    private final Action remove = action("Remove", "Take the ended machine out of the list", Feather.X, this::remove);
    private final InvalidationListener onChange = _ -> refresh();

    /// Actions on the machine of [#machineProperty].
    ///
    /// @param owner   what questions belong to
    /// @param remover takes a machine away
    MachineActions(Node owner, java.util.function.Consumer<MachineModel> remover) {
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

    private Action action(String text, String help, Feather icon, java.util.function.Consumer<MachineModel> what) {
        Action action = new Action(text, _ -> {
            if (machine.get() != null) {
                what.accept(machine.get());
            }
        });
        action.setLongText(help);
        action.setGraphic(new FontIcon(icon));
        return action;
    }

    private void refresh() {
        enable(pause, model -> model.alive() && model.stateProperty().get() == MachineState.RUNNING);
        enable(resume, model -> model.alive() && (model.stateProperty().get() == MachineState.PAUSED || model
                .stateProperty().get() == MachineState.FAULTY));
        enable(wake, model -> model.alive() && model.stateProperty().get() == MachineState.SUSPENDED);
        enable(reset, MachineModel::alive);
        enable(powerOff, model -> model.alive() && (model.stateProperty().get() == MachineState.RUNNING || model
                .stateProperty().get() == MachineState.SUSPENDED));
        enable(forceOff, MachineModel::alive);
        enable(remove, model -> !model.alive() || model.stateProperty().get() == null);
    }

    private void enable(Action action, Predicate<MachineModel> when) {
        MachineModel model = machine.get();
        action.setDisabled(model == null || model.endingProperty().get() || !when.test(model));
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

    public Action pause() {
        return pause;
    }

    public Action resume() {
        return resume;
    }

    /// For a guest that sleeps.
    public Action wake() {
        return wake;
    }

    public Action reset() {
        return reset;
    }

    public Action powerOff() {
        return powerOff;
    }

    public Action forceOff() {
        return forceOff;
    }

    /// For a machine that has ended, and for one that is still being started.
    public Action remove() {
        return remove;
    }

    /// All of them, in the order of a menu.
    public List<Action> all() {
        return List.of(pause, resume, wake, reset, powerOff, forceOff, remove);
    }
}
