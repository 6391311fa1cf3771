package dev.freezeframe.ui.library;

import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import java.util.List;
import java.util.Objects;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ListChangeListener;
import javafx.collections.MapChangeListener;
import javafx.collections.transformation.SortedList;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;

/// All checkpoints of the shown experiment with all their figures. Its selection is the window's selection; more lines may
/// be selected for copying. Listens to nothing while it is not in a window.
final class CheckpointTable extends TableView<CheckpointRecord> {
    private static final KeyCombination COPY = KeyCombination.valueOf("Shortcut+C");

    private final ExperimentModel experiment;
    /// Heard before the table hears of the change, so that what it makes of its selection is not taken for the user's wish.
    private final ListChangeListener<CheckpointRecord> beforeChange = _ -> {
        following = true;
        followSoon();
    };
    private boolean following;
    private boolean waiting;

    CheckpointTable(WorkbenchModel workbench) {
        experiment = workbench.experiment();
        setId("checkpoint-table");
        setAccessibleText("Checkpoints of the shown experiment");
        TableColumns.prepare(this);
        getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
        for (LibraryColumn<CheckpointRecord, ?> column : LibraryColumns.checkpoints(experiment.annotations())) {
            TableColumn<CheckpointRecord, ?> made = column(column);
            getColumns().add(made);
        }
        getSelectionModel().selectedItemProperty().addListener((_, _, chosen) -> {
            if (!following && chosen != null) {
                experiment.selection().select(chosen);
            }
        });
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (COPY.match(event)) {
                copySelected();
                event.consume();
            } else if (event.getCode() == KeyCode.ENTER && experiment.selection().checkpoint() != null) {
                workbench.navigation().go(new Navigation.Place.Experiment());
                event.consume();
            }
        });
        experiment.annotations().addListener((MapChangeListener<Long, Annotation>) _ -> {
            if (getScene() != null) {
                refresh();
            }
        });
        experiment.selection().checkpointProperty().addListener((_, _, _) -> followSoon());
        sceneProperty().addListener((_, before, now) -> {
            if (now != null && before == null) {
                attach();
            } else if (now == null) {
                detach();
            }
        });
        setItems(FXCollections.emptyObservableList());
    }

    private static <V extends Comparable<? super V>> TableColumn<CheckpointRecord, V> column(
            LibraryColumn<CheckpointRecord, V> column) {
        return TableColumns.of(column, ReadOnlyObjectWrapper::new);
    }

    private void attach() {
        following = true;
        experiment.checkpoints().addListener(beforeChange);
        SortedList<CheckpointRecord> sorted = new SortedList<>(experiment.checkpoints());
        sorted.comparatorProperty().bind(comparatorProperty());
        setItems(sorted);
        followSoon();
    }

    private void detach() {
        experiment.checkpoints().removeListener(beforeChange);
        if (getItems() instanceof SortedList<CheckpointRecord> sorted) {
            sorted.comparatorProperty().unbind();
        }
        following = true;
        setItems(FXCollections.emptyObservableList());
        following = false;
    }

    /// Follows once for many changes, and never in the middle of one.
    private void followSoon() {
        if (!waiting && getScene() != null) {
            waiting = true;
            Platform.runLater(() -> {
                waiting = false;
                following = false;
                follow();
            });
        }
    }

    /// Selects what the window has selected.
    private void follow() {
        if (getScene() == null) {
            return;
        }
        TableColumns.showDisks(this, !getItems().isEmpty() && !getItems().getFirst().metrics().disks().isEmpty());
        CheckpointRecord chosen = experiment.selection().checkpoint();
        if (Objects.equals(chosen, getSelectionModel().getSelectedItem())) {
            return;
        }
        following = true;
        try {
            int index = chosen == null ? -1 : getItems().indexOf(chosen);
            if (index < 0) {
                getSelectionModel().clearSelection();
            } else {
                getSelectionModel().clearAndSelect(index);
                TableColumns.reveal(this, index);
            }
        } finally {
            following = false;
        }
    }

    /// Puts the selected lines onto the clipboard.
    void copySelected() {
        List<CheckpointRecord> lines = getSelectionModel().getSelectedItems().stream().filter(Objects::nonNull)
                .toList();
        if (!lines.isEmpty()) {
            ClipboardContent content = new ClipboardContent();
            content.putString(LibraryColumn.tabSeparated(TableColumns.visible(this), lines));
            Clipboard.getSystemClipboard().setContent(content);
        }
    }
}
