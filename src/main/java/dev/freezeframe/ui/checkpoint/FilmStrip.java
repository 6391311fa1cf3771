package dev.freezeframe.ui.checkpoint;

import atlantafx.base.controls.CustomTextField;
import atlantafx.base.theme.Styles;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.Selection;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.CommandMenus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javafx.application.Platform;
import javafx.beans.binding.Bindings;
import javafx.collections.ListChangeListener;
import javafx.collections.MapChangeListener;
import javafx.geometry.Orientation;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ListView;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.control.skin.VirtualFlow;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.util.Duration;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The checkpoints of the shown experiment in a row, as pictures of the guest. Ten thousand of them cost no more than those
/// that can be seen; the selection of the window moves by its keys and stays in view.
public final class FilmStrip extends BorderPane {
    private static final double FILTER_WIDTH = 240;

    private final FilmStripModel model;
    private final CheckpointActions actions;
    private final CheckpointCommands commands;
    private final Selection selection;
    private final GuestPictures pictures;
    private final ListView<CheckpointRecord> list;
    private final CustomTextField filter = new CustomTextField();
    private final List<FilmStripCell> cells = new ArrayList<>();
    private boolean syncing;

    /// @param workbench whose shown experiment it is about
    public FilmStrip(WorkbenchModel workbench) {
        model = new FilmStripModel(workbench);
        actions = new CheckpointActions(workbench);
        commands = new CheckpointCommands(this, workbench);
        selection = workbench.experiment().selection();
        pictures = new GuestPictures(workbench, this::pictureCame);
        list = list();
        getStyleClass().addAll("panel", "film-strip");
        setTop(bar());
        setCenter(list);
        selection.checkpointProperty().addListener((_, _, _) -> sync());
        model.shown().addListener((ListChangeListener<CheckpointRecord>) _ -> sync());
        workbench.experiment().annotations().addListener((MapChangeListener<Long, Annotation>) change -> cells.forEach(
                cell -> {
                    if (cell.getItem() != null && cell.getItem().id() == change.getKey()) {
                        cell.showAnnotation(cell.getItem());
                    }
                }));
        Label empty = new Label();
        empty.getStyleClass().add("text-muted");
        empty.textProperty().bind(Bindings.createStringBinding(() -> model.loadingProperty().get()
                ? "Reading the checkpoints…"
                : workbench.experiment().experimentProperty().get() == null
                        ? "No experiment is shown. Record a machine, or choose an experiment."
                        : workbench.experiment().checkpoints().isEmpty()
                                ? "No checkpoint yet"
                                : "No checkpoint passes the filter. Escape in the filter field clears it.",
                model.loadingProperty(), workbench.experiment().experimentProperty(), model.shown(), workbench
                        .experiment().checkpoints()));
        list.setPlaceholder(empty);
        sync();
    }

    private ListView<CheckpointRecord> list() {
        ListView<CheckpointRecord> view = new ListView<>(model.shown());
        view.setId("film-strip");
        view.setOrientation(Orientation.HORIZONTAL);
        view.setFixedCellSize(FilmStripCell.WIDTH);
        view.setAccessibleText("Film strip of checkpoints");
        view.setCellFactory(_ -> {
            FilmStripCell cell = new FilmStripCell(this);
            cells.add(cell);
            return cell;
        });
        view.addEventFilter(KeyEvent.KEY_PRESSED, this::pressed);
        view.setContextMenu(CommandMenus.context(List.of(List.of(commands.restore()), List.of(commands.delete()))));
        return view;
    }

    private Node bar() {
        Label title = new Label("FILM STRIP");
        title.getStyleClass().add("section-title");
        title.setMinWidth(Region.USE_PREF_SIZE);
        filter.setId("film-filter");
        filter.setPromptText("Filter: 10-40  pause>5ms  late  #tag");
        filter.setLeft(new FontIcon(Feather.FILTER));
        filter.setPrefWidth(FILTER_WIDTH);
        filter.setMinWidth(FILTER_WIDTH / 2);
        filter.setAccessibleText("Filter of the film strip");
        filter.textProperty().bindBidirectional(model.filterTextProperty());
        Tooltip grammar = new Tooltip(CheckpointFilter.GRAMMAR);
        grammar.setShowDelay(Duration.millis(400));
        grammar.setShowDuration(Duration.INDEFINITE);
        filter.setTooltip(grammar);
        filter.setOnKeyPressed(event -> {
            if (event.getCode() == KeyCode.ESCAPE && !filter.getText().isEmpty()) {
                filter.clear();
                event.consume();
            } else if (event.getCode() == KeyCode.ENTER || event.getCode() == KeyCode.DOWN) {
                list.requestFocus();
                event.consume();
            }
        });
        Label count = new Label();
        count.setId("film-count");
        count.getStyleClass().addAll("text-small", "text-muted");
        count.textProperty().bind(model.countProperty());
        count.setMinWidth(Region.USE_PREF_SIZE);
        Label problem = new Label();
        problem.setId("film-filter-problem");
        problem.getStyleClass().addAll("text-small", "text-late");
        problem.textProperty().bind(model.problemProperty());
        problem.setMinWidth(0);
        Tooltip all = new Tooltip();
        all.textProperty().bind(model.problemProperty());
        problem.setTooltip(all);
        HBox.setHgrow(problem, Priority.ALWAYS);
        problem.setMaxWidth(Double.MAX_VALUE);
        model.problemProperty().addListener((_, _, now) -> filter.pseudoClassStateChanged(Styles.STATE_DANGER, !now
                .isEmpty()));
        HBox bar = new HBox(8, title, filter, count, problem, follow(), deleteMenu());
        bar.getStyleClass().add("film-bar");
        bar.setAlignment(Pos.CENTER_LEFT);
        return bar;
    }

    private ToggleButton follow() {
        ToggleButton follow = commands.follow().toggleButton(selection.followNewestProperty());
        follow.setId("film-follow");
        follow.getStyleClass().add(Styles.BUTTON_ICON);
        return follow;
    }

    private MenuButton deleteMenu() {
        // beside the other one it has to name what it deletes
        MenuItem selected = new MenuItem("Delete the selected checkpoint…");
        selected.setOnAction(_ -> commands.delete().run());
        selected.disableProperty().bind(commands.delete().disabledProperty());
        MenuItem shown = new MenuItem();
        shown.setId("film-delete-shown");
        shown.setOnAction(_ -> DeleteDialog.ask(this, actions.deletionOf(List.copyOf(model.shown())),
                actions::delete));
        MenuButton menu = new MenuButton(null, new FontIcon(Feather.TRASH_2), selected, shown);
        menu.setId("film-delete");
        menu.getStyleClass().addAll(Styles.BUTTON_ICON, Styles.FLAT, Styles.SMALL, "tweak-menu");
        menu.setTooltip(new Tooltip("Delete checkpoints; a filter such as 10-40 chooses a range"));
        menu.setAccessibleText("Delete checkpoints");
        menu.setOnShowing(_ -> {
            shown.setDisable(model.shown().isEmpty());
            shown.setText(model.filtered()
                    ? "Delete the " + Units.count(model.shown().size()) + " that the filter shows…"
                    : "Delete all " + Units.count(model.shown().size()) + " of the experiment…");
        });
        return menu;
    }

    private void pressed(KeyEvent event) {
        if (event.isControlDown() || event.isAltDown() || event.isMetaDown() || event.isShiftDown()) {
            return;
        }
        int page = Math.max(1, (int) (list.getWidth() / FilmStripCell.WIDTH) - 1);
        switch (event.getCode()) {
            case LEFT, KP_LEFT -> model.move(-1);
            case RIGHT, KP_RIGHT -> model.move(1);
            case PAGE_UP -> model.move(-page);
            case PAGE_DOWN -> model.move(page);
            case HOME -> model.first();
            case END -> model.last();
            case ENTER -> commands.restore().run();
            case DELETE -> commands.delete().run();
            default -> {
                return;
            }
        }
        event.consume();
    }

    /// Puts the cursor into the filter field.
    public void focusFilter() {
        filter.requestFocus();
        filter.selectAll();
    }

    /// Puts the keyboard on the checkpoints.
    public void focusCheckpoints() {
        list.requestFocus();
    }

    void select(CheckpointRecord checkpoint) {
        if (checkpoint != null) {
            selection.select(checkpoint);
        }
    }

    void hover(CheckpointRecord checkpoint) {
        selection.hoveredProperty().set(checkpoint);
    }

    Annotation annotation(CheckpointRecord checkpoint) {
        return model.annotation(checkpoint);
    }

    Optional<GuestPicture> picture(CheckpointRecord checkpoint) {
        return pictures.of(checkpoint);
    }

    private void pictureCame(long checkpointId) {
        cells.forEach(cell -> {
            if (cell.getItem() != null && cell.getItem().id() == checkpointId) {
                cell.showPicture(cell.getItem());
            }
        });
    }

    /// Brings the list to what the model says, once, after the list has taken in its own changes.
    private void sync() {
        if (!syncing) {
            syncing = true;
            Platform.runLater(() -> {
                syncing = false;
                int index = model.selectedIndex();
                if (index < 0) {
                    list.getSelectionModel().clearSelection();
                } else {
                    list.getSelectionModel().clearAndSelect(index);
                    list.getFocusModel().focus(index);
                    scrollTo(index);
                }
            });
        }
    }

    /// No further than needed, unlike the list's own way, which puts it at the left edge.
    private void scrollTo(int index) {
        if (list.lookup(".virtual-flow") instanceof VirtualFlow<?> flow) {
            flow.scrollTo(index);
            // a long way is sometimes rounded to a cell too few; from there the second step is exact
            list.layout();
            flow.scrollTo(index);
        } else {
            list.scrollTo(index);
        }
    }
}
