package dev.freezeframe.ui.simulate;

import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.SimulationText;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.ui.library.LibraryColumn;
import dev.freezeframe.ui.library.TableColumns;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.ListChangeListener;
import javafx.collections.transformation.SortedList;
import javafx.scene.Cursor;
import javafx.scene.control.Label;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;

/// All intervals with all that is known of them. Its selection is the window's: an interval is the checkpoint that it starts
/// from. A click on ✗ opens the comparison.
final class IntervalTable extends TableView<IntervalRow> {
    private static final String FIGURE = "figure:";
    private static final int MOST_FIGURES_SHOWN = 12;

    private final SimulationModel model;
    private final Runnable compare;
    private boolean following;
    private boolean waiting;

    /// @param compare compares the ends of the selected interval
    IntervalTable(SimulationModel model, Runnable compare) {
        this.model = model;
        this.compare = compare;
        setId("interval-table");
        setAccessibleText("Intervals");
        TableColumns.prepare(this);
        setPlaceholder(new Label("There is no interval in this range."));
        columns().forEach(column -> getColumns().add(made(column)));
        // heard before the table hears of the change, so that what it makes of its selection is not taken for the user's wish
        model.rows().addListener((ListChangeListener<IntervalRow>) _ -> {
            following = true;
            followSoon();
        });
        SortedList<IntervalRow> sorted = new SortedList<>(model.rows());
        sorted.comparatorProperty().bind(comparatorProperty());
        setItems(sorted);
        model.figures().addListener((ListChangeListener<ShownFigure>) _ -> addFigures());
        addFigures();
        model.selection().intervalProperty().addListener((_, _, _) -> followSoon());
        getSelectionModel().selectedItemProperty().addListener((_, _, row) -> {
            if (!following && row != null) {
                model.selection().select(row.from());
            }
        });
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (event.getCode() == KeyCode.ENTER && model.selection().intervalProperty().get() != null) {
                compare.run();
                event.consume();
            }
        });
    }

    private static List<LibraryColumn<IntervalRow, ?>> columns() {
        return List
                .of(LibraryColumn.ofFigure("interval", "#",
                        "The interval's number; none where a checkpoint of it was deleted since", IntervalRow::number,
                        number -> number == 0 ? SimulationText.NO_NUMBER : Units.count(number), 56),
                        LibraryColumn.ofFigure("from", "From", "The checkpoint where it begins", IntervalRow::from,
                                Units::count, 64),
                        LibraryColumn.ofFigure("to", "To", "The checkpoint where it ends", IntervalRow::to,
                                Units::count, 64),
                        LibraryColumn.ofFigure("instructions", "Instructions", "Of the guest between these",
                                IntervalRow::instructions,
                                Units::count, 128),
                        new LibraryColumn<>("state", "State", "How far it is, and whether it ended as it was recorded",
                                IntervalRow::state, IntervalState::text, false, true, 208),
                        LibraryColumn.ofFigure("worker", "Worker", "Who executed it", IntervalRow::worker,
                                who -> who == 0
                                        ? ""
                                        : Units.count(who),
                                72),
                        millis("restore_millis", "Restore", "Until the guest stood at its beginning",
                                SimulatedInterval::restoreMillis),
                        millis("run_millis", "Run", "From its beginning to its end", SimulatedInterval::runMillis),
                        millis("proof_millis", "Proof", "The comparison of its end", SimulatedInterval::proofMillis),
                        LibraryColumn.ofText("reason", "Reason", "Why it is not as it was recorded",
                                row -> row.result().map(
                                        SimulatedInterval::reason).orElse(""),
                                320));
    }

    private static LibraryColumn<IntervalRow, Long> millis(String id, String title, String explanation,
            ToLongFunction<SimulatedInterval> value) {
        return LibraryColumn.ofFigure(id, title, explanation, row -> row.result().map(value::applyAsLong).orElse(-1L),
                millis -> millis < 0 ? "" : Units.text("%,d ms", millis), 88);
    }

    private <V extends Comparable<? super V>> TableColumn<IntervalRow, V> made(LibraryColumn<IntervalRow, V> column) {
        TableColumn<IntervalRow, V> made = TableColumns.of(column, ReadOnlyObjectWrapper::new);
        if (column.id().equals("state")) {
            made.setCellFactory(_ -> new StateCell<>());
        }
        return made;
    }

    /// A column for each figure of the plugin's, before the last one.
    private void addFigures() {
        List<String> names = model.figures().stream().filter(each -> each.kind() == ShownFigure.Kind.SAID).map(
                ShownFigure::name).toList();
        List<String> there = getColumns().stream().map(TableColumn::getId).filter(id -> id.startsWith(FIGURE)).map(
                id -> id.substring(FIGURE.length())).toList();
        if (names.equals(there)) {
            return;
        }
        List<TableColumn<IntervalRow, ?>> columns = new ArrayList<>(getColumns());
        columns.removeIf(each -> each.getId().startsWith(FIGURE));
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            LibraryColumn<IntervalRow, Double> figure = LibraryColumn.ofFigure(FIGURE + name, ShownText.oneLine(name),
                    "What the plugin said", row -> row.figures().getOrDefault(name, Double.NaN), IntervalTable::number,
                    112);
            TableColumn<IntervalRow, Double> column = made(figure);
            column.setVisible(i < MOST_FIGURES_SHOWN);
            columns.add(columns.size() - 1, column);
        }
        getColumns().setAll(columns);
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : ShownFigure.number(value);
    }

    /// Follows once for many changes, and never in the middle of one.
    private void followSoon() {
        if (!waiting) {
            waiting = true;
            Platform.runLater(() -> {
                waiting = false;
                follow();
            });
        }
    }

    private void follow() {
        IntervalRow row = model.selection().intervalProperty().get();
        following = true;
        try {
            int index = row == null ? -1 : getItems().indexOf(row);
            if (index < 0) {
                getSelectionModel().clearSelection();
            } else if (getSelectionModel().getSelectedIndex() != index) {
                getSelectionModel().clearAndSelect(index);
                TableColumns.reveal(this, index);
            }
        } finally {
            following = false;
        }
    }

    /// Sign and words, in the colour of what came of it.
    private final class StateCell<V> extends TableCell<IntervalRow, V> {
        StateCell() {
            getStyleClass().add("interval-state");
            setOnMouseClicked(_ -> {
                if (getItem() == IntervalState.DIVERGED) {
                    getTableView().getSelectionModel().clearAndSelect(getIndex());
                    compare.run();
                }
            });
        }

        @Override
        protected void updateItem(V item, boolean empty) {
            super.updateItem(item, empty);
            getStyleClass().removeAll("sound", "problem");
            IntervalState state = empty ? null : (IntervalState) item;
            setText(state == null ? null : state.text());
            setCursor(state == IntervalState.DIVERGED ? Cursor.HAND : Cursor.DEFAULT);
            if (state == IntervalState.PROVEN || state == IntervalState.PROVEN_ACROSS_INTERRUPT) {
                getStyleClass().add("sound");
            } else if (state != null && state.isProblem()) {
                getStyleClass().add("problem");
            }
        }
    }
}
