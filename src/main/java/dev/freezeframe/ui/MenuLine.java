package dev.freezeframe.ui;

import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.checkpoint.CheckpointActions;
import dev.freezeframe.ui.machine.MachineActions;
import dev.freezeframe.ui.recording.RecordBar;
import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ObservableBooleanValue;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuBar;
import javafx.scene.control.MenuItem;
import javafx.scene.control.OverrunStyle;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCombination;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import org.controlsfx.control.action.Action;
import org.controlsfx.control.action.ActionUtils;
import org.kordamp.ikonli.javafx.FontIcon;

/// The menus, and at their end where the user is and the switch of the theme. Every action of the window is in them, with its
/// key.
final class MenuLine extends HBox {
    private final WorkbenchModel workbench;

    MenuLine(WorkbenchModel workbench, WindowActions actions, RecordBar recordBar, MachineActions machine,
            ToggleButton drawer) {
        this.workbench = workbench;
        getStyleClass().add("menu-line");
        setAlignment(Pos.CENTER_LEFT);
        Menu file = new Menu("_File", null, item("_Open store…", "Shortcut+O", actions::openStore),
                item("_Import an experiment…", "Shortcut+I", actions::importBundle), new SeparatorMenuItem(),
                item("_Quit", "Shortcut+Q", actions::close));
        Menu view = new Menu("_View", null, go("_Experiment", "Shortcut+1", new Navigation.Place.Experiment()), go(
                "_Library", "Shortcut+2", new Navigation.Place.Library()),
                go("_Tree of experiments", "Shortcut+3",
                        new Navigation.Place.Family()),
                new SeparatorMenuItem(), item("Light or _dark",
                        "Shortcut+Shift+D", actions::toggleTheme));
        Menu record = new Menu("_Record", null, item("_Record or stop", "Shortcut+R", recordBar::toggle, recordBar
                .canToggle()), item("Checkpoint _now", "Shortcut+K", recordBar::checkpointNow,
                        recordBar
                                .recordingNow()));
        Menu machines = new Menu("_Machine");
        bind(machines, machine.resume(), "Shortcut+G");
        bind(machines, machine.pause(), "Shortcut+P");
        bind(machines, machine.reset(), null);
        bind(machines, machine.powerOff(), null);
        bind(machines, machine.forceOff(), null);
        bind(machines, machine.remove(), null);
        Selection selection = workbench.experiment().selection();
        Menu checkpoint = new Menu("_Checkpoint", null, item("_Previous", "Shortcut+Left", () -> selection.move(-1)),
                item(
                        "_Next", "Shortcut+Right", () -> selection.move(1)),
                item("_Follow the newest", "Shortcut+End",
                        () -> selection.followNewestProperty().set(true)),
                new SeparatorMenuItem(), item(
                        "_Restore to new machine", "Shortcut+Enter", this::restore),
                item("_Compare…",
                        "Shortcut+D", this::compare));
        Menu help = new Menu("_Help", null, go("What this computer can _do", null, new Navigation.Place.Doctor()));
        MenuBar menus = new MenuBar(file, view, machines, record, checkpoint, help);

        Label where = new Label();
        where.getStyleClass().add("text-muted");
        where.setTextOverrun(OverrunStyle.CENTER_ELLIPSIS);
        where.textProperty().bind(Bindings.createStringBinding(() -> "store " + workbench.stores().stateProperty().get()
                .directory(), workbench.stores().stateProperty()));
        HBox middle = new HBox(where);
        middle.setAlignment(Pos.CENTER_RIGHT);
        HBox.setHgrow(middle, Priority.ALWAYS);
        Button theme = new Button("", new FontIcon());
        theme.setId("theme");
        theme.getStyleClass().addAll("flat", "button-icon");
        theme.setAccessibleText("Change between the light and the dark theme");
        theme.setTooltip(new Tooltip("Light or dark (Ctrl+Shift+D)"));
        theme.setOnAction(_ -> actions.toggleTheme());
        theme.getStyleClass().add("theme-switch");
        getChildren().addAll(menus, middle, theme);
    }

    private void restore() {
        CheckpointRecord chosen = workbench.experiment().selection().checkpoint();
        if (chosen != null) {
            new CheckpointActions(workbench).restore(chosen);
        }
    }

    private void compare() {
        CheckpointRecord chosen = workbench.experiment().selection().checkpoint();
        if (chosen != null) {
            workbench.navigation().go(new Navigation.Place.Compare(chosen, Optional.empty()));
        }
    }

    private static void bind(Menu menu, Action action, String key) {
        if (key != null) {
            action.setAccelerator(KeyCombination.valueOf(key));
        }
        menu.getItems().add(ActionUtils.createMenuItem(action));
    }

    private MenuItem go(String text, String key, Navigation.Place place) {
        return item(text, key, () -> workbench.navigation().go(place));
    }

    private static MenuItem item(String text, String key, Runnable action) {
        MenuItem item = new MenuItem(text);
        item.setOnAction(_ -> action.run());
        if (key != null) {
            item.setAccelerator(KeyCombination.valueOf(key));
        }
        return item;
    }

    private static MenuItem item(String text, String key, Runnable action, ObservableBooleanValue enabled) {
        MenuItem item = item(text, key, action);
        item.disableProperty().bind(Bindings.not(enabled));
        return item;
    }
}
