package dev.freezeframe.ui;

import dev.freezeframe.base.Units;
import dev.freezeframe.ui.task.BackgroundTask;
import javafx.collections.ListChangeListener;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import org.controlsfx.control.PopOver;
import org.controlsfx.control.StatusBar;
import org.controlsfx.control.TaskProgressView;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The line under everything: what goes on, how large the store is, how much disk is left, and the tasks at work.
final class StatusLine extends StatusBar {
    private static final long LITTLE_SPACE_BYTES = 2L << 30;

    private final WorkbenchModel workbench;
    private final Label store = new Label();
    private final Label free = new Label();
    private final Button tasks = new Button("", new FontIcon(Feather.LOADER));
    private final TaskProgressView<BackgroundTask<?>> taskView = new TaskProgressView<>();
    private final PopOver taskPopOver = new PopOver(taskView);

    StatusLine(WorkbenchModel workbench) {
        this.workbench = workbench;
        getStyleClass().add("status-line");
        setText("");
        tasks.setId("tasks");
        tasks.getStyleClass().addAll("flat", "small");
        tasks.setOnAction(_ -> taskPopOver.show(tasks));
        taskView.setPrefSize(400, 240);
        taskPopOver.setArrowLocation(PopOver.ArrowLocation.BOTTOM_RIGHT);
        taskPopOver.setTitle("Tasks");
        HBox right = new HBox(16, store, free, tasks);
        right.setAlignment(Pos.CENTER_RIGHT);
        getRightItems().add(right);

        workbench.tasks().listed().addListener((ListChangeListener<BackgroundTask<?>>) change -> tasksChanged(change));
        workbench.stores().stateProperty().addListener((_, _, _) -> showStore());
        workbench.stores().sizeBytesProperty().addListener((_, _, _) -> showStore());
        workbench.stores().freeBytesProperty().addListener((_, _, _) -> showStore());
        showStore();
        showTasks();
    }

    /// Puts the button that opens and closes the drawer at its beginning.
    void setDrawerButton(ToggleButton drawer) {
        drawer.setMinWidth(Region.USE_PREF_SIZE);
        getLeftItems().setAll(drawer);
    }

    private void tasksChanged(ListChangeListener.Change<? extends BackgroundTask<?>> change) {
        while (change.next()) {
            taskView.getTasks().addAll(change.getAddedSubList());
            taskView.getTasks().removeAll(change.getRemoved());
        }
        showTasks();
    }

    private void showTasks() {
        var listed = workbench.tasks().listed();
        tasks.setText(listed.isEmpty() ? "No tasks" : Units.count(listed.size(), "task"));
        tasks.setDisable(listed.isEmpty());
        progressProperty().unbind();
        textProperty().unbind();
        if (listed.isEmpty()) {
            setProgress(0);
            setText("");
            taskPopOver.hide();
        } else {
            BackgroundTask<?> newest = listed.getLast();
            progressProperty().bind(newest.progressProperty());
            textProperty().bind(newest.titleProperty().concat(newest.messageProperty().map(message -> message.isEmpty()
                    ? "…"
                    : ": " + message).orElse("…")));
        }
    }

    private void showStore() {
        long size = workbench.stores().sizeBytesProperty().get();
        long left = workbench.stores().freeBytesProperty().get();
        switch (workbench.stores().stateProperty().get()) {
            case StoreState.Open(var directory, _) -> {
                store.setText("store " + Units.bytes(size));
                store.setTooltip(new Tooltip(directory.toString()));
                free.setText(left == 0 ? "" : Units.bytes(left) + " free");
                free.getStyleClass().remove("text-late");
                if (left != 0 && left < LITTLE_SPACE_BYTES) {
                    free.getStyleClass().add("text-late");
                }
            }
            case StoreState.Opening _ -> store.setText("opening the store…");
            case StoreState.Failed _,StoreState.Closed _ -> {
                store.setText("no store");
                free.setText("");
            }
        }
    }
}
