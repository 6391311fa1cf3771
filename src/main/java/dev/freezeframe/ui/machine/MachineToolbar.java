package dev.freezeframe.ui.machine;

import dev.freezeframe.base.Units;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import java.util.List;
import java.util.Locale;
import javafx.beans.InvalidationListener;
import javafx.beans.Observable;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

/// The head line of the selected machine: what it is, what it does, and the buttons for it. [#commands] are the same for
/// menus.
public final class MachineToolbar extends HBox {
    private final MachineCommands commands;
    private final Label name = MachineButtons.label("text-large", "text-strong");
    private final Label details = MachineButtons.label("text-muted", "figures");
    private final Label state = new Label();
    private final Region dot = new Region();
    private final InvalidationListener onChange = _ -> refresh();
    private MachineModel machine;

    /// The head line; it follows the selected machine.
    public MachineToolbar(WorkbenchModel workbench) {
        super(8);
        getStyleClass().add("machine-toolbar");
        setAlignment(Pos.CENTER_LEFT);
        commands = new MachineCommands(this, workbench.machines()::remove).withKeys();
        commands.machineProperty().bind(workbench.machines().selectedProperty());
        dot.getStyleClass().add("state-dot");
        dot.setMinSize(USE_PREF_SIZE, USE_PREF_SIZE);
        dot.setMaxSize(USE_PREF_SIZE, USE_PREF_SIZE);
        state.setMinWidth(USE_PREF_SIZE);
        HBox.setHgrow(details, Priority.ALWAYS);
        details.setMaxWidth(Double.MAX_VALUE);
        HBox buttons = new HBox();
        buttons.setAlignment(Pos.CENTER_RIGHT);
        buttons.setMinWidth(USE_PREF_SIZE);
        for (Command command : commands.all()) {
            Button button = command.iconButton();
            button.getStyleClass().add("icon-button");
            button.setId("machine-" + command.words().replace("…", "").toLowerCase(Locale.ROOT).replace(' ', '-'));
            buttons.getChildren().add(button);
        }
        getChildren().addAll(dot, name, state, details, buttons);
        workbench.machines().selectedProperty().addListener((_, _, now) -> select(now));
        select(workbench.machines().selectedProperty().get());
    }

    /// What can be done with the selected machine; disabled where it cannot.
    public MachineCommands commands() {
        return commands;
    }

    private void select(MachineModel now) {
        if (machine != null) {
            properties(machine).forEach(property -> property.removeListener(onChange));
        }
        machine = now;
        if (machine != null) {
            properties(machine).forEach(property -> property.addListener(onChange));
        }
        refresh();
    }

    private static List<Observable> properties(MachineModel model) {
        return List.of(model.stateProperty(), model.machineProperty(), model.recordingProperty(), model
                .problemProperty(), model.endingProperty());
    }

    private void refresh() {
        dot.setVisible(machine != null);
        dot.setManaged(machine != null);
        details.setTooltip(null);
        if (machine == null) {
            name.setText("No machine");
            state.setText("");
            details.setText("Start one with ▶ beside a profile");
            return;
        }
        MachineStateStyle look = MachineStateStyle.of(machine);
        dot.getStyleClass().setAll("state-dot", look.styleClass());
        name.setText(machine.name());
        state.setText(look.words());
        Machine qemu = machine.machineProperty().get();
        details.setText(qemu == null
                ? machine.problemProperty().get()
                : Units.bytes(qemu.ramBytes()) + " · "
                        + (qemu.disks().isEmpty() ? "" : MachineStateStyle.disks(qemu) + " · ")
                        + MachineStateStyle.accelerator(qemu) + " · QEMU " + qemu
                                .qemuVersion());
        String disks = MachineStateStyle.aboutDisks(machine);
        details.setTooltip(disks.isEmpty() ? null : new Tooltip(disks));
        details.setAccessibleHelp(disks);
    }
}
