package dev.freezeframe.ui.library;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import java.time.Instant;
import java.util.List;
import java.util.function.LongFunction;
import javafx.beans.value.ChangeListener;
import javafx.geometry.Pos;
import javafx.scene.control.ContentDisplay;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// One experiment in the sidebar on one line: when, what, how many checkpoints, and marks. Everything else is in its
/// tooltip.
final class ExperimentCell extends ListCell<LibraryRow> {
    private final Label time = new Label();
    private final Label profile = new Label();
    private final Label origin = new Label("", new FontIcon(Feather.CORNER_UP_LEFT));
    private final Label ending = new Label();
    private final Label count = new Label();
    private final HBox line = new HBox(8, time, profile, origin, ending, count);
    private final Tooltip tooltip = new Tooltip();
    private final LongFunction<List<String>> restoredMachines;
    private final ChangeListener<LibraryEntry> onChange = (_, _, now) -> show(now);
    private LibraryRow shown;

    /// @param restoredMachines the names of the window's machines that were restored from an experiment
    ExperimentCell(LongFunction<List<String>> restoredMachines) {
        this.restoredMachines = restoredMachines;
        getStyleClass().add("experiment-cell");
        line.setAlignment(Pos.CENTER_LEFT);
        time.setMinWidth(Label.USE_PREF_SIZE);
        count.setMinWidth(Label.USE_PREF_SIZE);
        count.getStyleClass().add("text-muted");
        for (Label mark : List.of(origin, ending)) {
            mark.setMinWidth(Label.USE_PREF_SIZE);
            mark.managedProperty().bind(mark.visibleProperty());
        }
        profile.getStyleClass().add("text-muted");
        profile.setMaxWidth(Double.MAX_VALUE);
        profile.setMinWidth(0);
        HBox.setHgrow(profile, Priority.ALWAYS);
        // the line gets as wide as the list, so that long names are cut and not scrolled
        line.setMinWidth(0);
        setPrefWidth(0);
        setContentDisplay(ContentDisplay.GRAPHIC_ONLY);
        tooltip.setOnShowing(_ -> tooltip.setText(shown == null ? "" : explanation(shown.entry())));
    }

    @Override
    protected void updateItem(LibraryRow row, boolean empty) {
        super.updateItem(row, empty);
        if (shown != null) {
            shown.entryProperty().removeListener(onChange);
        }
        shown = empty ? null : row;
        if (shown == null) {
            setGraphic(null);
            setTooltip(null);
            setAccessibleText(null);
        } else {
            shown.entryProperty().addListener(onChange);
            setGraphic(line);
            setTooltip(tooltip);
            show(shown.entry());
        }
    }

    private void show(LibraryEntry entry) {
        time.setText(LibraryColumns.shortTime(entry.experiment().startedAt(), Instant.now()));
        profile.setText(ShownText.oneLine(entry.experiment().profileName()));
        count.setText(Units.count(entry.totals().checkpoints()));
        EndingMarks.mark(ending, entry.ending());
        ending.setVisible(ending.getGraphic() != null);
        origin.setVisible(!restoredMachines.apply(entry.id()).isEmpty());
        setAccessibleText(explanation(entry));
    }

    private String explanation(LibraryEntry entry) {
        StringBuilder text = new StringBuilder(ShownText.oneLine(entry.name())).append('\n').append(Units.count(entry
                .totals().checkpoints(), "checkpoint")).append(" of ").append(ShownText.oneLine(entry.experiment()
                        .profileName()))
                .append(", ").append(Units.bytes(entry.totals().addedBytes())).append(" stored\n")
                .append(LibraryColumns.time(entry.experiment().startedAt())).append(", ").append(Units.duration(entry
                        .duration()))
                .append(", ").append(entry.endReason());
        if (!entry.parentName().isEmpty()) {
            text.append("\nrestored from ").append(ShownText.oneLine(entry.parentName()));
        }
        List<String> machines = restoredMachines.apply(entry.id());
        if (!machines.isEmpty()) {
            text.append("\nhere restored as ").append(String.join(", ", machines));
        }
        return text.toString();
    }
}
