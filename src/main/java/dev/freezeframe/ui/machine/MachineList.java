package dev.freezeframe.ui.machine;

import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.command.CommandMenus;
import dev.freezeframe.ui.recording.RecordingModel;
import java.util.List;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.beans.InvalidationListener;
import javafx.collections.ListChangeListener;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.OverrunStyle;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.util.Duration;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The machines of the window in the sidebar, each with its state, what it runs on and what can be done with it. Selecting
/// one selects it everywhere and shows its recording.
public final class MachineList extends VBox {
    private static final double ROW_HEIGHT = 46;
    private static final double LINE_HEIGHT = 18;
    private static final double MOST_HEIGHT = 320;

    private final WorkbenchModel workbench;
    private final MachinesModel machines;
    private final ListView<MachineModel> list = new ListView<>();
    private final Timeline clock = new Timeline(new KeyFrame(Duration.seconds(1), _ -> list.fireEvent(new Tick())));

    /// Once a second while the list is shown.
    private static final class Tick extends javafx.event.Event {
        private static final long serialVersionUID = 1;
        private static final javafx.event.EventType<Tick> TYPE = new javafx.event.EventType<>("MACHINE_LIST_TICK");

        Tick() {
            super(TYPE);
        }
    }

    /// The section for the sidebar.
    public MachineList(WorkbenchModel workbench) {
        this.workbench = workbench;
        machines = workbench.machines();
        getStyleClass().addAll("machine-list", "sidebar-section");
        Label title = new Label("MACHINES");
        title.getStyleClass().add("section-title");
        title.setLabelFor(list);
        list.setId("machines");
        list.setAccessibleText("Machines");
        list.setItems(machines.machines());
        list.setCellFactory(_ -> new Row());
        MachineButtons.menusByKeyboard(list);
        Label empty = new Label("No machine runs. Start one with ▶ beside a profile.");
        empty.setWrapText(true);
        empty.getStyleClass().addAll("text-small", "text-muted", "empty-note");
        list.setPlaceholder(empty);
        VBox.setVgrow(list, Priority.ALWAYS);
        getChildren().addAll(title, list);
        list.getItems().addListener((ListChangeListener<MachineModel>) _ -> size());
        size();
        connectSelection();
        clock.setCycleCount(Animation.INDEFINITE);
        var shown = Visibility.of(list);
        shown.addListener((_, _, now) -> {
            if (now) {
                clock.play();
            } else {
                clock.stop();
            }
        });
        list.setOnKeyPressed(key -> {
            MachineModel chosen = list.getSelectionModel().getSelectedItem();
            if (key.getCode() == KeyCode.DELETE && chosen != null) {
                MachineCommands commands = new MachineCommands(this, machines::remove);
                commands.machineProperty().set(chosen);
                commands.end().run();
                commands.machineProperty().set(null);
                key.consume();
            }
        });
    }

    /// As high as its rows, up to a bound: what is more is scrolled to.
    private void size() {
        double height = 2;
        for (MachineModel model : list.getItems()) {
            height += ROW_HEIGHT + (model.origin().isPresent() ? LINE_HEIGHT : 0) + (model.problemProperty().get()
                    .isEmpty() ? 0 : 2 * LINE_HEIGHT);
        }
        list.setPrefHeight(Math.clamp(height, ROW_HEIGHT + 2, MOST_HEIGHT));
        list.setMinHeight(Math.min(list.getPrefHeight(), 2 * ROW_HEIGHT));
    }

    private void connectSelection() {
        machines.selectedProperty().addListener((_, _, model) -> select(model));
        select(machines.selectedProperty().get());
        list.getSelectionModel().selectedItemProperty().addListener((_, before, model) -> {
            if (model != null && model != machines.selectedProperty().get()) {
                machines.selectedProperty().set(model);
                // when a machine went from the list, the list selected another by itself
                if (before == null || machines.machines().contains(before)) {
                    showRecording(model);
                }
            }
        });
    }

    private void select(MachineModel model) {
        if (model == null) {
            list.getSelectionModel().clearSelection();
        } else if (model != list.getSelectionModel().getSelectedItem()) {
            list.getSelectionModel().select(model);
            list.scrollTo(model);
        }
    }

    private void showRecording(MachineModel model) {
        RecordingModel recording = model.recordingProperty().get();
        if (recording != null) {
            workbench.show(recording.experiment());
        }
    }

    /// One machine.
    private final class Row extends ListCell<MachineModel> {
        private final MachineCommands commands = new MachineCommands(this, machines::remove);
        private final Region dot = new Region();
        private final Label name = MachineButtons.label("text-strong");
        private final Label badge = new Label("rec");
        private final Label details = MachineButtons.label("text-small", "text-muted", "figures");
        private final Hyperlink origin = new Hyperlink();
        private final Label problem = MachineButtons.label("text-small", "text-late");
        private final HBox buttons = new HBox();
        private final VBox content = new VBox();
        private final ContextMenu menu = CommandMenus.context(commands.sections());
        private final InvalidationListener onChange = _ -> refresh();
        private MachineModel shown;

        Row() {
            dot.getStyleClass().add("state-dot");
            dot.setMinSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
            dot.setMaxSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
            badge.getStyleClass().addAll("text-small", "recording-badge");
            badge.setMinWidth(Region.USE_PREF_SIZE);
            origin.getStyleClass().add("text-small");
            origin.setGraphic(new FontIcon(Feather.CORNER_UP_LEFT));
            origin.setMinWidth(0);
            problem.setWrapText(true);
            name.setTextOverrun(OverrunStyle.CENTER_ELLIPSIS);
            origin.setTextOverrun(OverrunStyle.CENTER_ELLIPSIS);
            HBox.setHgrow(name, Priority.ALWAYS);
            name.setMaxWidth(Double.MAX_VALUE);
            HBox.setHgrow(details, Priority.ALWAYS);
            details.setMaxWidth(Double.MAX_VALUE);
            HBox first = new HBox(8, dot, name, badge);
            first.setAlignment(Pos.CENTER_LEFT);
            buttons.setMinWidth(Region.USE_PREF_SIZE);
            for (Command command : commands.all()) {
                Button button = command.iconButton();
                button.getStyleClass().add("icon-button");
                button.setFocusTraversable(false);
                button.visibleProperty().bind(command.disabledProperty().not());
                button.managedProperty().bind(button.visibleProperty());
                buttons.getChildren().add(button);
            }
            HBox second = new HBox(8, details, buttons);
            second.setAlignment(Pos.CENTER_LEFT);
            second.getStyleClass().add("second-line");
            content.getChildren().addAll(first, second, origin, problem);
            content.getStyleClass().add("machine-row");
            content.setMinWidth(0);
            // the list must not scroll sideways because of a long name
            content.prefWidthProperty().bind(list.widthProperty().subtract(24));
            content.maxWidthProperty().bind(content.prefWidthProperty());
            var open = hoverProperty().or(selectedProperty());
            buttons.visibleProperty().bind(open);
            buttons.managedProperty().bind(open);
            list.addEventHandler(Tick.TYPE, _ -> {
                if (shown != null && shown.alive()) {
                    details.setText(MachineStateStyle.details(shown));
                }
            });
        }

        @Override
        protected void updateItem(MachineModel model, boolean empty) {
            super.updateItem(model, empty);
            MachineModel now = empty ? null : model;
            if (now != shown) {
                if (shown != null) {
                    properties(shown).forEach(property -> property.removeListener(onChange));
                }
                shown = now;
                if (shown != null) {
                    properties(shown).forEach(property -> property.addListener(onChange));
                }
                commands.machineProperty().set(now);
            }
            setText(null);
            setGraphic(now == null ? null : content);
            setContextMenu(now == null ? null : menu);
            if (now != null) {
                refresh();
            }
        }

        private List<javafx.beans.Observable> properties(MachineModel model) {
            return List.of(model.stateProperty(), model.machineProperty(), model.recordingProperty(), model
                    .problemProperty(), model.endingProperty());
        }

        private void refresh() {
            MachineStateStyle look = MachineStateStyle.of(shown);
            dot.getStyleClass().setAll("state-dot", look.styleClass());
            Tooltip.install(dot, new Tooltip(look.words()));
            name.setText(shown.name());
            boolean recording = shown.recordingProperty().get() != null;
            badge.setVisible(recording);
            badge.setManaged(recording);
            details.setText(MachineStateStyle.details(shown));
            String disks = MachineStateStyle.aboutDisks(shown);
            name.setTooltip(new Tooltip(disks.isEmpty() ? shown.name() : shown.name() + "\n" + disks));
            origin.setVisible(shown.origin().isPresent());
            origin.setManaged(origin.isVisible());
            shown.origin().ifPresent(checkpoint -> {
                origin.setText("from " + checkpoint.name());
                origin.setTooltip(new Tooltip("Show checkpoint " + checkpoint.name()));
                origin.setOnAction(_ -> workbench.show(checkpoint));
            });
            problem.setText(shown.problemProperty().get());
            problem.setVisible(!problem.getText().isEmpty());
            problem.setManaged(problem.isVisible());
            size();
            setAccessibleText(shown.name() + ", " + look.words() + ", " + details.getText() + ", " + problem.getText());
        }
    }
}
