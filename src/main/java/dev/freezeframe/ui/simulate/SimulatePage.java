package dev.freezeframe.ui.simulate;

import atlantafx.base.theme.Styles;
import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.Pages;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.chart.SimulationChart;
import dev.freezeframe.ui.command.CommandMenus;
import dev.freezeframe.ui.theme.Palette;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.beans.InvalidationListener;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.MenuButton;
import javafx.scene.control.ProgressIndicator;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.Duration;
import javafx.util.StringConverter;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The page *Simulate*: what is to be executed again, the run of it as a picture and as a table, and what is kept of earlier
/// ones. An interval that is selected here is the selected checkpoint everywhere.
public final class SimulatePage extends BorderPane {
    private static final Duration LOOK = Duration.millis(250);
    private static final double TABLE_HEIGHT = 176;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("d MMM HH:mm", Locale.ROOT)
            .withZone(ZoneId
                    .systemDefault());

    private final WorkbenchModel workbench;
    private final SimulationModel model;
    private final SimulationCommands commands;
    private final SimulationChart chart;
    private final StackPane middle = new StackPane();
    private final Node content;
    private final Label status = new Label();
    private final Label remark = new Label();
    private final Label detail = new Label();
    private final ComboBox<SimulationRecord> kept = new ComboBox<>();
    private final ComboBox<ShownFigure> figure = new ComboBox<>();
    private final Timeline clock = new Timeline(new KeyFrame(LOOK, _ -> tick()));
    private boolean showing;

    /// @param palette the colours of the picture
    public SimulatePage(WorkbenchModel workbench, Palette palette) {
        this.workbench = workbench;
        model = workbench.simulation();
        commands = new SimulationCommands(this, workbench);
        chart = new SimulationChart(palette, model::course,
                new SimulationChart.Reactions(model.selection()::select, this::open,
                        model.selection()::hover, model.selection()::move));
        getStyleClass().add("simulate-page");
        setId("simulate-page");
        content = content();
        setTop(new SimulationSetup(workbench));
        setCenter(middle);
        clock.setCycleCount(Animation.INDEFINITE);
        model.stateProperty().addListener((_, _, _) -> show());
        model.changesProperty().addListener((_, _, _) -> changed());
        model.chosenProperty().addListener((_, _, _) -> listKept());
        model.records().addListener((InvalidationListener) _ -> listKept());
        model.figures().addListener((InvalidationListener) _ -> listFigures());
        model.figureProperty().addListener((_, _, _) -> listFigures());
        model.job().runningProperty().addListener((_, _, _) -> changed());
        workbench.experiment().selection().hoveredProperty().addListener((_, _, _) -> point());
        sceneProperty().addListener((_, _, scene) -> {
            model.look(scene != null);
            follow();
        });
        show();
        listKept();
        listFigures();
    }

    /// While workers are at it, time goes on without anything being heard of them.
    private void follow() {
        if (getScene() != null && model.isShownRunning()) {
            clock.play();
        } else {
            clock.stop();
        }
    }

    private void tick() {
        status.setText(model.status());
        chart.request();
    }

    private void open() {
        commands.compare().run();
    }

    // What is shown where there is something to simulate.

    private Node content() {
        IntervalTable table = new IntervalTable(model, this::open);
        table.setMinHeight(TABLE_HEIGHT);
        table.setPrefHeight(TABLE_HEIGHT);
        VBox.setVgrow(table, Priority.ALWAYS);
        VBox.setVgrow(chart, Priority.ALWAYS);
        chart.getStyleClass().add("simulate-chart");
        VBox all = new VBox(results(), chart, detailLine(), table);
        ScrollPane scroll = new ScrollPane(all);
        scroll.setFitToWidth(true);
        scroll.setFitToHeight(true);
        scroll.getStyleClass().addAll("edge-to-edge", "simulate-scroll");
        scroll.setId("simulate-scroll");
        return scroll;
    }

    private Node results() {
        kept.setId("simulate-kept");
        kept.setAccessibleText("Simulations of this experiment");
        kept.setPrefWidth(248);
        kept.setMinWidth(96);
        kept.setButtonCell(new KeptCell());
        kept.setCellFactory(_ -> new KeptCell());
        kept.setOnAction(_ -> {
            if (!showing) {
                model.choose(kept.getSelectionModel().getSelectedIndex() == 0 ? null : kept.getValue());
            }
        });
        figure.setId("simulate-figure");
        figure.setAccessibleText("Figure in the chart");
        figure.setTooltip(new Tooltip("The figure in the lowest chart"));
        figure.setPrefWidth(160);
        figure.setMinWidth(72);
        figure.setConverter(new StringConverter<>() {
            @Override
            public String toString(ShownFigure shown) {
                return shown == null ? "" : shown.title();
            }

            @Override
            public ShownFigure fromString(String title) {
                return figure.getValue();
            }
        });
        figure.setOnAction(_ -> {
            if (!showing && figure.getValue() != null) {
                model.figureProperty().set(figure.getValue());
            }
        });
        status.setId("simulate-status");
        status.setMinWidth(0);
        status.setTooltip(new Tooltip());
        status.getTooltip().textProperty().bind(status.textProperty());
        status.setMaxWidth(Double.MAX_VALUE);
        HBox.setHgrow(status, Priority.ALWAYS);
        Button picture = new Button(null, new FontIcon(Feather.IMAGE));
        picture.setId("simulate-picture");
        picture.getStyleClass().addAll("button-icon", "flat");
        picture.setTooltip(new Tooltip("Save the picture"));
        picture.setAccessibleText("Save the picture");
        picture.setOnAction(_ -> chart.chooseFile(workbench.tasks(), experimentName()));
        MenuButton export = new MenuButton("Export", new FontIcon(Feather.DOWNLOAD));
        export.setId("simulate-export");
        export.getItems().setAll(CommandMenus.items(commands.exporting()));
        export.setMinWidth(USE_PREF_SIZE);
        Button delete = commands.delete().iconButton();
        Button run = commands.run().button();
        run.getStyleClass().add(Styles.ACCENT);
        run.setMinWidth(USE_PREF_SIZE);
        Button cancel = commands.cancel().button();
        cancel.setMinWidth(USE_PREF_SIZE);
        cancel.visibleProperty().bind(model.job().runningProperty());
        cancel.managedProperty().bind(model.job().runningProperty());
        Button pause = commands.pause().button();
        pause.setMinWidth(USE_PREF_SIZE);
        pause.visibleProperty().bind(model.job().runningProperty());
        pause.managedProperty().bind(model.job().runningProperty());
        HBox line = new HBox(8, run, pause, cancel, kept, status, figure, picture, export, delete);
        line.getStyleClass().add("simulate-line");
        return line;
    }

    private Node detailLine() {
        detail.setId("simulate-detail");
        detail.setMinWidth(0);
        detail.setMaxWidth(Double.MAX_VALUE);
        detail.setTooltip(new Tooltip());
        detail.getTooltip().textProperty().bind(detail.textProperty());
        HBox.setHgrow(detail, Priority.ALWAYS);
        remark.setId("simulate-remark");
        remark.getStyleClass().add("text-muted");
        remark.setMinWidth(0);
        remark.setTooltip(new Tooltip());
        remark.getTooltip().textProperty().bind(remark.textProperty());
        Button compare = commands.compare().button();
        compare.textProperty().unbind();
        compare.setText("Compare ends");
        compare.getStyleClass().add("small");
        compare.setMinWidth(USE_PREF_SIZE);
        HBox line = new HBox(16, detail, remark, compare);
        line.getStyleClass().add("simulate-line");
        return line;
    }

    private String experimentName() {
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        return shown == null ? "" : shown.name();
    }

    private void listKept() {
        showing = true;
        kept.getItems().setAll(model.records());
        kept.getItems().addFirst(null);
        SimulationRecord chosen = model.chosenProperty().get();
        kept.getSelectionModel().select(chosen == null ? 0 : kept.getItems().indexOf(chosen));
        showing = false;
    }

    private void listFigures() {
        showing = true;
        figure.getItems().setAll(model.figures());
        figure.setValue(model.figureProperty().get());
        showing = false;
    }

    /// A simulation that is kept, or the one that is yet to begin.
    private final class KeptCell extends ListCell<SimulationRecord> {
        @Override
        protected void updateItem(SimulationRecord item, boolean empty) {
            super.updateItem(item, empty);
            setText(item == null ? "New simulation" : text(item));
        }

        private String text(SimulationRecord kept) {
            String who = kept.plugin().isEmpty() ? "proof only" : ShownText.oneLine(kept.plugin());
            return kept.id() + " · " + who + " · " + TIME.format(kept.startedAt())
                    + (kept.endedAt().isEmpty() ? " · part" : model.isForeign(kept) ? " · from the bundle" : "");
        }
    }

    private void changed() {
        status.setText(model.status());
        remark.setText(model.remark());
        IntervalRow row = model.selection().intervalProperty().get();
        detail.setText(row == null ? "Select an interval to see what came of it" : words(row));
        detail.getStyleClass().setAll("label",
                row == null ? "text-muted" : row.state().isProblem() ? "text-late" : "text");
        kept.setDisable(model.isShownRunning());
        chart.describe(model.status() + ". " + detail.getText());
        point();
        follow();
    }

    private void point() {
        IntervalRow row = model.selection().intervalProperty().get();
        var hovered = workbench.experiment().selection().hoveredProperty().get();
        chart.point(row == null ? -1 : row.from(), hovered == null ? -1 : hovered.number());
    }

    private static String words(IntervalRow row) {
        String where = (row.number() == 0
                ? "Not an interval any more, as a checkpoint was deleted since"
                : "Interval " + Units.count(row.number())) + ", checkpoints " + Units.count(row.from()) + " → "
                + Units.count(
                        row.to())
                + ": " + row.state().text();
        String times = row.result().filter(each -> !row.state().isProblem()).map(each -> ", restored in "
                + Units.text("%,d ms", each.restoreMillis()) + ", run in " + Units.text("%,d ms", each.runMillis())
                + (row.state() == IntervalState.ENDED
                        ? ""
                        : (row.state() == IntervalState.REEXECUTED ? ", compared in " : ", proved in ")
                                + Units.text("%,d ms", each.proofMillis())))
                .orElse("");
        return where + times + row.result().map(SimulatedInterval::reason).filter(reason -> !reason.isEmpty()).map(
                reason -> ": " + ShownText.oneLine(reason)).orElse("");
    }

    // What is shown where there is nothing.

    private void show() {
        Node now = switch (model.stateProperty().get()) {
            case SimulationState.NoExperiment _ -> Pages.page(Pages.icon(Feather.PLAY), "No experiment is chosen",
                    "Choose one above whose profile says \"replay\": true; its intervals are executed again in parallel, and each"
                            + " end is compared with the checkpoint there.");
            case SimulationState.Reading _ -> reading();
            case SimulationState.Unfit(String why) ->
                Pages.page(Pages.icon(Feather.SLASH), "This run cannot be simulated", ShownText.oneLine(why));
            case SimulationState.NotLogged(String why) ->
                Pages.page(Pages.icon(Feather.SLASH), "This run cannot be executed exactly",
                        ShownText.oneLine(why)
                                + " Record a machine that does, such as replay-linux, or choose another experiment"
                                + " above. Re-executed, its intervals live lives of their own, and nothing is proven.",
                        recordReplay(),
                        Pages.button("Re-execute this one", "simulate-reexecute", model::reexecute, false));
            case SimulationState.TooShort _ ->
                Pages.page(Pages.icon(Feather.MORE_HORIZONTAL), "There is no interval yet",
                        "An interval needs two checkpoints: let the recording go on, or record again for longer.",
                        Pages.button(
                                "Show the experiment", "simulate-show", () -> workbench.navigation().go(
                                        new Navigation.Place.Experiment()),
                                false));
            case SimulationState.Ready _ -> content;
        };
        middle.getChildren().setAll(now);
    }

    private static Node reading() {
        ProgressIndicator progress = new ProgressIndicator();
        progress.setMaxSize(32, 32);
        VBox page = new VBox(progress, new Label("Reading what is kept…"));
        page.getStyleClass().add("page");
        return page;
    }

    private Button recordReplay() {
        Button button = Pages.button("Record replay-linux", "simulate-record", () -> {}, true);
        button.setGraphic(new FontIcon(Feather.DISC));
        button.setMaxWidth(Region.USE_PREF_SIZE);
        button.setOnAction(_ -> {
            button.setDisable(true);
            workbench.record("replay-linux", () -> {
                button.setDisable(false);
                workbench.navigation().go(new Navigation.Place.Experiment());
            }, () -> button.setDisable(false));
        });
        return button;
    }
}
