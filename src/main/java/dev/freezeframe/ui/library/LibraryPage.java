package dev.freezeframe.ui.library;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.command.CommandMenus;
import java.util.List;
import java.util.Optional;
import javafx.application.Platform;
import javafx.beans.binding.Bindings;
import javafx.collections.ListChangeListener;
import javafx.geometry.Orientation;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.Separator;
import javafx.scene.control.SplitPane;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.control.TableRow;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The library: a table of all experiments and what can be done with them, below it the checkpoints of the selected one and
/// the result of the last verification. Selecting one experiment makes it the shown one of the window.
public final class LibraryPage extends BorderPane {
    private static final KeyCombination FIND = KeyCombination.valueOf("Shortcut+F");
    private static final double NARROW_BUTTON = 40;

    private final WorkbenchModel workbench;
    private final LibraryWork work;
    private final LibrarySearch search;
    private final VerificationModel verification;
    private final LibraryDialogs dialogs;
    private final SearchField field = new SearchField("the experiments");
    private final ExperimentTable table;
    private final CheckpointTable checkpoints;
    private final ExperimentCommands commands;
    private final StoreCommands store;
    private final MenuButton export = new MenuButton("Export", new FontIcon(Feather.UPLOAD));
    private final Label sum = new Label();
    private final Label space = new Label();
    private final Label checkpointsTitle = new Label();
    private final TabPane below = new TabPane();
    private final HBox notice = new HBox(12);
    private boolean following;
    private boolean waiting;

    public LibraryPage(WorkbenchModel workbench) {
        this.workbench = workbench;
        work = workbench.libraryWork();
        search = new LibrarySearch(workbench.library());
        verification = workbench.verification();
        dialogs = new LibraryDialogs(this, work);
        table = new ExperimentTable(search);
        commands = new ExperimentCommands(this, workbench, table::selected);
        store = new StoreCommands(this, workbench);
        checkpoints = new CheckpointTable(workbench);
        getStyleClass().add("library-page");
        setId("library-page");

        SplitPane split = new SplitPane(experiments(), below());
        split.setOrientation(Orientation.VERTICAL);
        split.setDividerPositions(0.55);
        setTop(new VBox(toolbar(), notice));
        setCenter(split);

        table.getSelectionModel().getSelectedItems().addListener((ListChangeListener<LibraryRow>) _ -> selected());
        search.changingProperty().addListener((_, _, changing) -> {
            if (!changing) {
                followShown();
                selected();
            }
        });
        workbench.experiment().experimentProperty().addListener((_, _, _) -> {
            followSoon();
            nameCheckpoints();
        });
        workbench.experiment().checkpoints().addListener((ListChangeListener<Object>) _ -> nameCheckpoints());
        workbench.stores().sizeBytesProperty().addListener((_, _, _) -> showSpace());
        workbench.stores().freeBytesProperty().addListener((_, _, _) -> showSpace());
        work.deletedBytesProperty().addListener((_, _, _) -> showSpace());
        work.lastDoneProperty().addListener((_, _, _) -> showNotice());
        work.reclaiming().runningProperty().addListener((_, _, _) -> showNotice());
        work.reclaiming().problemProperty().addListener((_, _, _) -> showNotice());
        work.bundling().runningProperty().addListener((_, _, _) -> showNotice());
        work.bundling().problemProperty().addListener((_, _, _) -> showNotice());
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (FIND.match(event)) {
                focusSearch();
                event.consume();
            }
        });
        followShown();
        selected();
        nameCheckpoints();
        showSpace();
        showNotice();
    }

    private static Button button(Command command, String id) {
        Button button = command.button();
        button.setId(id);
        button.setMinWidth(USE_PREF_SIZE);
        return button;
    }

    private HBox toolbar() {
        field.setId("library-search");
        field.setPrefWidth(240);
        field.setMinWidth(96);
        field.textProperty().bindBidirectional(search.searchProperty());
        export.setId("library-export");
        export.setMinWidth(USE_PREF_SIZE);
        export.setTooltip(
                new Tooltip("Write the selected experiments into files: bundles for another Freezeframe, or tables"));
        export.getItems().setAll(CommandMenus.items(commands.exporting()));
        export.getItems().getFirst().setId("library-export-bundle");
        Button reclaim = button(store.reclaim(), "library-reclaim");
        Button verify = button(store.verify(), "library-verify");
        // in a narrow window their icons are left of them
        reclaim.setMinWidth(NARROW_BUTTON);
        verify.setMinWidth(NARROW_BUTTON);
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox.setHgrow(field, Priority.SOMETIMES);
        field.setMaxWidth(320);
        HBox toolbar = new HBox(8, field, button(commands.show(), "library-show"), button(commands.overlay(),
                "library-overlay"), export, button(store.importBundle(), "library-import"),
                new Separator(
                        Orientation.VERTICAL),
                button(commands.delete(), "library-delete"), gap, reclaim, verify);
        toolbar.setAlignment(Pos.CENTER_LEFT);
        toolbar.getStyleClass().add("library-toolbar");
        return toolbar;
    }

    private VBox experiments() {
        Label empty = new Label();
        empty.setWrapText(true);
        empty.textProperty().bind(search.emptyTextProperty());
        table.setPlaceholder(empty);
        table.setRowFactory(_ -> {
            TableRow<LibraryRow> row = new TableRow<>();
            row.setOnMouseClicked(event -> {
                if (event.getButton() == MouseButton.PRIMARY && event.getClickCount() == 2 && !row.isEmpty()) {
                    work.show(row.getItem().entry());
                }
            });
            return row;
        });
        table.addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (event.getCode() == KeyCode.DELETE) {
                commands.delete().run();
                event.consume();
            } else if (event.getCode() == KeyCode.ENTER) {
                commands.show().run();
                event.consume();
            }
        });
        VBox.setVgrow(table, Priority.ALWAYS);
        sum.setId("library-sum");
        space.setId("library-space");
        space.getStyleClass().add("text-muted");
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox line = new HBox(16, sum, gap, space);
        line.setAlignment(Pos.CENTER_LEFT);
        line.getStyleClass().add("library-sum");
        VBox box = new VBox(table, line);
        box.setMinHeight(120);
        return box;
    }

    private TabPane below() {
        checkpointsTitle.getStyleClass().add("text-strong");
        checkpointsTitle.setMinWidth(0);
        Command copyRows = new Command("Copy", checkpoints::copySelected).icon(Feather.COPY).help(
                "Copy the selected lines for a spreadsheet (Ctrl+C)").when(
                        Bindings.isNotEmpty(checkpoints
                                .getSelectionModel().getSelectedItems()));
        Button copy = button(copyRows, "checkpoints-copy");
        Button csv = button(ExperimentCommands.ofShown(this, workbench).exportCheckpoints(), "checkpoints-export");
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox head = new HBox(8, checkpointsTitle, gap, copy, csv);
        head.setAlignment(Pos.CENTER_LEFT);
        head.getStyleClass().add("library-toolbar");
        Label empty = new Label();
        empty.textProperty().bind(Bindings.createStringBinding(this::whyNoCheckpoints, workbench.experiment()
                .experimentProperty(), workbench.experiment().loadingProperty()));
        checkpoints.setPlaceholder(empty);
        VBox.setVgrow(checkpoints, Priority.ALWAYS);
        Tab first = new Tab("Checkpoints", new VBox(head, checkpoints));
        Tab second = new Tab("Verification", new VerificationPane(workbench, verification, dialogs));
        first.setClosable(false);
        second.setClosable(false);
        below.getTabs().setAll(first, second);
        below.setId("library-below");
        below.setMinHeight(120);
        verification.job().runningProperty().subscribe(running -> {
            if (running) {
                below.getSelectionModel().select(second);
            }
        });
        return below;
    }

    private String whyNoCheckpoints() {
        if (workbench.experiment().experimentProperty().get() == null) {
            return "Select an experiment to see its checkpoints.";
        }
        return workbench.experiment().loadingProperty().get()
                ? "Reading the checkpoints…"
                : "This experiment has no checkpoints.";
    }

    /// Puts the cursor into the search field.
    public void focusSearch() {
        field.requestFocus();
        field.selectAll();
    }

    private Optional<LibraryRow> shownRow() {
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        return shown == null ? Optional.empty() : workbench.library().row(shown.id());
    }

    /// The user has selected something, or the list has changed.
    private void selected() {
        List<LibraryEntry> selected = table.selected();
        commands.refresh();
        export.setDisable(selected.isEmpty());
        String all = LibrarySearch.sum(search.rows().stream().map(LibraryRow::entry).toList());
        sum.setText(selected.size() > 1 ? all + "; selected: " + LibrarySearch.sum(selected) : all);
        if (!following && !search.changingProperty().get() && selected.size() == 1) {
            LibraryEntry only = selected.getFirst();
            ExperimentRecord shown = workbench.experiment().experimentProperty().get();
            if (shown == null || shown.id() != only.id()) {
                workbench.experiment().show(only.experiment());
            }
        }
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

    /// Selects the experiment that is shown, unless several are selected.
    private void followShown() {
        if (table.getSelectionModel().getSelectedItems().size() > 1) {
            return;
        }
        following = true;
        try {
            Optional<LibraryRow> row = shownRow().filter(search.rows()::contains);
            if (row.isEmpty()) {
                table.getSelectionModel().clearSelection();
            } else if (table.getSelectionModel().getSelectedItem() != row.get()) {
                table.getSelectionModel().clearSelection();
                table.getSelectionModel().select(row.get());
                TableColumns.reveal(table, table.getSelectionModel().getSelectedIndex());
            }
        } finally {
            following = false;
        }
    }

    private void nameCheckpoints() {
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        checkpointsTitle.setText(shown == null
                ? ""
                : Units.count(workbench.experiment().checkpoints().size(), "checkpoint") + " of " + ShownText.oneLine(
                        shown.name()));
    }

    private void showSpace() {
        long free = workbench.stores().freeBytesProperty().get();
        long deleted = work.deletedBytesProperty().get();
        space.setText("store " + Units.bytes(workbench.stores().sizeBytesProperty().get()) + (free == 0
                ? ""
                : ", " + Units.bytes(free) + " free on its disk")
                + (deleted == 0
                        ? ""
                        : ", up to " + Units.bytes(deleted) + " reclaimable"));
    }

    /// The line under the toolbar: space being reclaimed, or what was done last.
    private void showNotice() {
        String problem = work.bundling().problemProperty().get();
        if (problem.isEmpty() && !work.reclaiming().problemProperty().get().isEmpty()) {
            problem = "Space could not be reclaimed: " + work.reclaiming().problemProperty().get();
        }
        String done = work.lastDoneProperty().get();
        boolean bundling = work.bundling().runningProperty().get();
        boolean running = bundling || work.reclaiming().runningProperty().get();
        notice.getStyleClass().setAll("library-notice");
        notice.setAlignment(Pos.CENTER_LEFT);
        if (bundling) {
            notice.getChildren().setAll(new JobLine(work.bundling(), "Bundle"));
        } else if (running) {
            notice.getChildren().setAll(new JobLine(work.reclaiming(), "Reclaiming space"));
        } else if (!problem.isEmpty() || !done.isEmpty()) {
            Label text = new Label(problem.isEmpty() ? done : problem);
            text.setId("library-notice");
            text.setMinWidth(0);
            text.setTooltip(new Tooltip(text.getText()));
            text.setGraphic(new FontIcon(problem.isEmpty() ? Feather.CHECK : Feather.ALERT_TRIANGLE));
            Region gap = new Region();
            HBox.setHgrow(gap, Priority.ALWAYS);
            Button close = new Button("", new FontIcon(Feather.X));
            close.getStyleClass().addAll("flat", "small", "button-icon");
            close.setAccessibleText("Dismiss this line");
            close.setTooltip(new Tooltip("Dismiss"));
            close.setOnAction(_ -> {
                work.dismissLastDone();
                notice.setVisible(false);
                notice.setManaged(false);
            });
            notice.getChildren().setAll(text, gap, close);
        }
        boolean something = running || !problem.isEmpty() || !done.isEmpty();
        notice.setVisible(something);
        notice.setManaged(something);
    }
}
