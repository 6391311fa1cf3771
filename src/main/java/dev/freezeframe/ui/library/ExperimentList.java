package dev.freezeframe.ui.library;

import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.PageCommands;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.CommandMenus;
import dev.freezeframe.ui.machine.MachineModel;
import java.util.List;
import java.util.Optional;
import javafx.application.Platform;
import javafx.collections.ListChangeListener;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.ListView;
import javafx.scene.input.ContextMenuEvent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

/// The experiments in the sidebar, newest first, with search. The shown experiment is the selected one; only the user's own
/// choice shows another, never a list that is read again.
public final class ExperimentList extends VBox {
    private static final double LINE_HEIGHT = 28;
    private static final KeyCombination FIND = KeyCombination.valueOf("Shortcut+F");

    private final WorkbenchModel workbench;
    private final LibraryWork work;
    private final LibrarySearch search;
    private final ExperimentCommands commands;
    private final ContextMenu menu;
    private final SearchField field = new SearchField("the experiments");
    private final ListView<LibraryRow> list = new ListView<>();
    private LibraryEntry target;
    private boolean following;
    private boolean waiting;

    public ExperimentList(WorkbenchModel workbench) {
        this.workbench = workbench;
        work = workbench.libraryWork();
        search = new LibrarySearch(workbench.library());
        commands = new ExperimentCommands(this, workbench, () -> Optional.ofNullable(target).stream().toList());
        menu = CommandMenus.context(commands.sectionsForOne());
        getStyleClass().add("experiment-list");
        setId("experiment-list");

        Label title = new Label("EXPERIMENTS");
        title.getStyleClass().add("section-title");
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        Button library = new PageCommands(workbench.navigation()).library().iconButton();
        library.setId("open-library");
        library.getStyleClass().add("small");
        HBox header = new HBox(title, gap, library);
        header.setAlignment(Pos.CENTER_LEFT);
        header.getStyleClass().add("section-header");

        field.setId("experiment-search");
        field.textProperty().bindBidirectional(search.searchProperty());
        HBox searchLine = new HBox(field);
        HBox.setHgrow(field, Priority.ALWAYS);
        searchLine.getStyleClass().add("section-search");

        list.setId("experiments");
        list.setAccessibleText("Experiments, newest first");
        list.getStyleClass().addAll("edge-to-edge", "dense");
        list.setFixedCellSize(LINE_HEIGHT);
        list.setMinHeight(2 * LINE_HEIGHT);
        list.setItems(search.rows());
        list.setCellFactory(_ -> cell());
        Label empty = new Label();
        empty.setWrapText(true);
        empty.getStyleClass().addAll("text-muted", "empty-text");
        empty.textProperty().bind(search.emptyTextProperty());
        list.setPlaceholder(empty);
        VBox.setVgrow(list, Priority.ALWAYS);
        getChildren().addAll(header, searchLine, list);

        list.getSelectionModel().selectedItemProperty().addListener((_, _, row) -> {
            if (!following && !search.changingProperty().get() && row != null) {
                show(row);
            }
        });
        list.setOnMouseClicked(event -> {
            LibraryRow row = list.getSelectionModel().getSelectedItem();
            if (event.getButton() == MouseButton.PRIMARY && row != null && rowAt(event.getTarget()).isPresent()) {
                show(row);
            }
        });
        list.addEventHandler(KeyEvent.KEY_PRESSED, this::key);
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (FIND.match(event)) {
                focusSearch();
                event.consume();
            }
        });
        list.setOnContextMenuRequested(this::openMenu);
        search.changingProperty().addListener((_, _, changing) -> {
            if (!changing) {
                followShown();
            }
        });
        workbench.experiment().experimentProperty().addListener((_, _, _) -> followSoon());
        workbench.machines().machines().addListener((ListChangeListener<MachineModel>) _ -> list.refresh());
        followShown();
    }

    private ExperimentCell cell() {
        ExperimentCell cell = new ExperimentCell(this::machinesRestoredFrom);
        // a click for the menu is not a wish to see the experiment
        cell.addEventFilter(MouseEvent.MOUSE_PRESSED, event -> {
            if (event.getButton() == MouseButton.SECONDARY) {
                list.requestFocus();
                event.consume();
            }
        });
        return cell;
    }

    private List<String> machinesRestoredFrom(long experimentId) {
        return workbench.machines().machines().stream().filter(machine -> machine.origin().filter(
                checkpoint -> checkpoint.experimentId() == experimentId).isPresent()).map(MachineModel::name).toList();
    }

    /// Puts the cursor into the search field.
    public void focusSearch() {
        field.requestFocus();
        field.selectAll();
    }

    private void show(LibraryRow row) {
        if (isShown(row.entry())) {
            workbench.navigation().go(new Navigation.Place.Experiment());
        } else {
            work.show(row.entry());
        }
    }

    private boolean isShown(LibraryEntry entry) {
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        return shown != null && shown.id() == entry.id();
    }

    /// Follows once for many changes, and never in the middle of a change of the selection.
    private void followSoon() {
        if (!waiting) {
            waiting = true;
            Platform.runLater(() -> {
                waiting = false;
                followShown();
            });
        }
    }

    /// Selects the experiment that is shown, however that came about.
    private void followShown() {
        following = true;
        try {
            Optional<LibraryRow> row = search.rows().stream().filter(each -> isShown(each.entry())).findFirst();
            if (row.isEmpty()) {
                list.getSelectionModel().clearSelection();
            } else if (list.getSelectionModel().getSelectedItem() != row.get()) {
                list.getSelectionModel().clearSelection();
                list.getSelectionModel().select(row.get());
            }
        } finally {
            following = false;
        }
    }

    private void key(KeyEvent event) {
        LibraryRow row = list.getSelectionModel().getSelectedItem();
        if (row == null) {
            return;
        }
        if (event.getCode() == KeyCode.DELETE) {
            aim(row.entry());
            commands.delete().run();
            event.consume();
        } else if (event.getCode() == KeyCode.ENTER) {
            show(row);
            event.consume();
        }
    }

    private static Optional<LibraryRow> rowAt(Object target) {
        Node node = target instanceof Node inside ? inside : null;
        while (node != null && !(node instanceof ExperimentCell)) {
            node = node.getParent();
        }
        return node instanceof ExperimentCell cell ? Optional.ofNullable(cell.getItem()) : Optional.empty();
    }

    private void openMenu(ContextMenuEvent event) {
        Optional<LibraryRow> row = event.isKeyboardTrigger()
                ? Optional.ofNullable(list.getSelectionModel().getSelectedItem())
                : rowAt(event.getTarget());
        menu.hide();
        row.ifPresent(chosen -> menuFor(chosen.entry()).show(list, event.getScreenX(), event.getScreenY()));
        event.consume();
    }

    /// What can be done with an experiment.
    ContextMenu menuFor(LibraryEntry entry) {
        aim(entry);
        return menu;
    }

    private void aim(LibraryEntry entry) {
        target = entry;
        commands.refresh();
    }
}
