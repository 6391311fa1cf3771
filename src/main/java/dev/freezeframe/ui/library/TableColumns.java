package dev.freezeframe.ui.library;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import javafx.beans.value.ObservableValue;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.control.skin.TableColumnHeader;
import javafx.scene.control.skin.VirtualFlow;
import javafx.scene.input.MouseEvent;

/// Makes the columns of the library's tables and what all these tables have: lines of one height, figures at the right, and a
/// menu of columns.
public final class TableColumns {
    /// Tables with lines of one height lay out only the cells in sight, across as well.
    public static final double LINE_HEIGHT = 28;

    private static final String EXPLAINED = "explained";
    private static final String DISKS = "disks";

    private TableColumns() {}

    /// Gives a table what all of them have.
    public static void prepare(TableView<?> table) {
        table.setFixedCellSize(LINE_HEIGHT);
        table.setTableMenuButtonVisible(true);
        table.getStyleClass().addAll("edge-to-edge", "library-table");
        table.setColumnResizePolicy(TableView.UNCONSTRAINED_RESIZE_POLICY);
        table.addEventFilter(MouseEvent.MOUSE_ENTERED_TARGET, event -> {
            // headings are made by the table, and have no tooltips of their own
            if (event.getTarget() instanceof TableColumnHeader heading && heading.getTableColumn() != null && heading
                    .getTableColumn().getUserData() instanceof LibraryColumn<?, ?> column && !heading.getProperties()
                            .containsKey(EXPLAINED)) {
                heading.getProperties().put(EXPLAINED, true);
                Tooltip.install(heading, new Tooltip(column.explanation()));
            }
        });
    }

    /// A column of a table.
    ///
    /// @param values what it shows of a line
    public static <R, S, V extends Comparable<? super V>> TableColumn<R, V> of(LibraryColumn<S, V> column,
            Function<R, ObservableValue<S>> values) {
        TableColumn<R, V> made = new TableColumn<>();
        made.setId(column.id());
        made.setText(column.title());
        made.setUserData(column);
        made.setPrefWidth(column.width());
        made.setVisible(column.shown());
        made.setCellValueFactory(line -> values.apply(line.getValue()).map(column.value()));
        made.setCellFactory(_ -> new ValueCell<>(column));
        if (column.numeric()) {
            made.getStyleClass().add("figure-column");
        }
        return made;
    }

    /// Shows the columns that are about disks, or hides them, where the user has not decided otherwise.
    ///
    /// @param there whether what the table shows has disks
    static void showDisks(TableView<?> table, boolean there) {
        for (TableColumn<?, ?> column : table.getColumns()) {
            boolean chosenHere = column.getProperties().getOrDefault(DISKS, false).equals(column.isVisible());
            if (LibraryColumns.OF_DISKS.contains(column.getId()) && chosenHere) {
                column.getProperties().put(DISKS, there);
                column.setVisible(there);
            }
        }
    }

    /// The columns that are visible, in the order in which they stand now.
    @SuppressWarnings("unchecked") // what a column was made from is in its user data
    static <S> List<LibraryColumn<S, ?>> visible(TableView<?> table) {
        List<LibraryColumn<S, ?>> columns = new ArrayList<>();
        table.getVisibleLeafColumns().forEach(column -> columns.add((LibraryColumn<S, ?>) column.getUserData()));
        return columns;
    }

    /// Brings a line into sight without moving the table where it is in sight already.
    public static void reveal(TableView<?> table, int index) {
        if (index >= 0 && table.lookup(".virtual-flow") instanceof VirtualFlow<?> flow) {
            flow.scrollTo(index);
        }
    }

    /// Shows the text of a value, cut where it does not fit, with all of it in a tooltip then.
    private static final class ValueCell<R, V extends Comparable<? super V>> extends TableCell<R, V> {
        private final LibraryColumn<?, V> column;
        private Tooltip tooltip;

        ValueCell(LibraryColumn<?, V> column) {
            this.column = column;
            if (!column.numeric()) {
                setOnMouseEntered(_ -> explain());
            }
        }

        @Override
        protected void updateItem(V value, boolean empty) {
            super.updateItem(value, empty);
            setText(empty || value == null ? null : column.text().apply(value));
        }

        private void explain() {
            if (tooltip == null) {
                tooltip = new Tooltip();
            }
            tooltip.setText(getText());
            setTooltip(getText() == null || getText().isEmpty() ? null : tooltip);
        }
    }
}
