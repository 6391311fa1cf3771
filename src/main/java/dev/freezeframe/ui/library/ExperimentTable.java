package dev.freezeframe.ui.library;

import java.util.List;
import java.util.Objects;
import javafx.collections.ListChangeListener;
import javafx.collections.transformation.SortedList;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;

/// The table of experiments: sorted as the user wants, newest first unless he says otherwise, several selected at a time.
final class ExperimentTable extends TableView<LibraryRow> {
    private final SortedList<LibraryRow> sorted;

    ExperimentTable(LibrarySearch search) {
        setId("experiment-table");
        setAccessibleText("Experiments");
        TableColumns.prepare(this);
        getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
        for (LibraryColumn<LibraryEntry, ?> column : LibraryColumns.experiments()) {
            TableColumn<LibraryRow, ?> made = column(column);
            if (column.id().equals("started_at")) {
                made.setSortType(TableColumn.SortType.DESCENDING);
                getSortOrder().add(made);
            }
            getColumns().add(made);
        }
        markNames();
        sorted = new SortedList<>(search.rows());
        sorted.comparatorProperty().bind(comparatorProperty());
        setItems(sorted);
        search.rows().addListener((ListChangeListener<LibraryRow>) _ -> showDisks());
        showDisks();
    }

    private void showDisks() {
        TableColumns.showDisks(this, sorted.stream().anyMatch(row -> row.entry().totals().dirtyBlocks() > 0));
    }

    private static <V extends Comparable<? super V>> TableColumn<LibraryRow, V> column(
            LibraryColumn<LibraryEntry, V> column) {
        return TableColumns.of(column, LibraryRow::entryProperty);
    }

    /// The first column has the mark of how it ended.
    @SuppressWarnings("unchecked") // the first column is that of the name
    private void markNames() {
        TableColumn<LibraryRow, String> name = (TableColumn<LibraryRow, String>) getColumns().getFirst();
        var plain = name.getCellFactory();
        name.setCellFactory(column -> {
            TableCell<LibraryRow, String> cell = plain.call(column);
            cell.tableRowProperty().flatMap(row -> row.itemProperty()).flatMap(LibraryRow::entryProperty)
                    .addListener((_,
                            _, entry) -> {
                        if (entry == null) {
                            cell.setGraphic(null);
                        } else {
                            EndingMarks.mark(cell, entry.ending());
                        }
                    });
            return cell;
        });
    }

    /// What is selected, in the order of the table.
    List<LibraryEntry> selected() {
        return getSelectionModel().getSelectedItems().stream().filter(Objects::nonNull).map(LibraryRow::entry).toList();
    }
}
