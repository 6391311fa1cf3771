package dev.freezeframe.ui;

import dev.freezeframe.host.GuestPreparation;
import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.ui.chart.ChartsPane;
import dev.freezeframe.ui.chart.MemoryMapView;
import dev.freezeframe.ui.chart.OverlayPane;
import dev.freezeframe.ui.checkpoint.CheckpointDetails;
import dev.freezeframe.ui.checkpoint.FilmStrip;
import dev.freezeframe.ui.command.CommandPalette;
import dev.freezeframe.ui.compare.ComparePage;
import dev.freezeframe.ui.host.DoctorPage;
import dev.freezeframe.ui.library.ExperimentList;
import dev.freezeframe.ui.library.LibraryPage;
import dev.freezeframe.ui.lineage.FamilyTree;
import dev.freezeframe.ui.machine.GuestModel;
import dev.freezeframe.ui.machine.MachineDrawer;
import dev.freezeframe.ui.machine.MachineList;
import dev.freezeframe.ui.machine.MachineToolbar;
import dev.freezeframe.ui.profile.ProfileEditor;
import dev.freezeframe.ui.profile.ProfileList;
import dev.freezeframe.ui.profile.ProfilesModel;
import dev.freezeframe.ui.recording.RecordBar;
import dev.freezeframe.ui.simulate.SimulatePage;
import dev.freezeframe.ui.theme.Palette;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.application.Platform;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.collections.ListChangeListener;
import javafx.geometry.Orientation;
import javafx.scene.Node;
import javafx.scene.control.SplitPane;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.Duration;

/// The window's content: sidebar, the page that the navigation is at, the drawer and the status line. Pages are made when
/// they are first gone to.
final class MainView extends BorderPane {
    private static final Duration LIVE_FIGURES = Duration.millis(100);
    private static final int MEASURE_WHILE_RECORDING = 20;
    private static final int MEASURE_OTHERWISE = 100;

    private final WorkbenchModel workbench;
    private final WindowActions actions;
    private final ProfilesModel profiles;
    private final Palette palette = new Palette();
    private final RecordBar recordBar;
    private final StatusLine statusLine;
    private final StackPane pages = new StackPane();
    private final PageBar pageBar;
    private final Map<Class<?>, Node> madePages = new HashMap<>();
    private final Map<String, SplitPane> splits = new HashMap<>();
    private final Map<String, double[]> dividers;
    private final SplitPane middle;
    private final WelcomePage welcome;
    private final MachineToolbar machineToolbar;
    private final BooleanProperty drawerOpen = new SimpleBooleanProperty();
    private final Commands commands;
    private CommandPalette commandPalette;
    private Node experimentPage;
    private MachineDrawer drawer;
    private final Timeline live = new Timeline(new KeyFrame(LIVE_FIGURES, _ -> refresh()));
    private int ticks;

    MainView(WorkbenchModel workbench, WindowActions actions, Map<String, double[]> dividers) {
        this.workbench = workbench;
        this.actions = actions;
        profiles = new ProfilesModel(workbench.tasks(), Profiles.standard());
        this.dividers = new HashMap<>(dividers);
        getStyleClass().add("main-view");
        middle = split("middle", Orientation.VERTICAL, 0.7);
        recordBar = new RecordBar(workbench);
        statusLine = new StatusLine(workbench);
        pageBar = new PageBar(workbench);
        GuestModel guest = new GuestModel(workbench.tasks(), GuestPreparation.of(Guest.TINY_LINUX));
        guest.stateProperty().addListener((_, _, now) -> {
            if (now instanceof GuestModel.State.Ready) {
                profiles.reload(); // what they boot is there now
            }
        });
        welcome = new WelcomePage(workbench, guest);

        machineToolbar = new MachineToolbar(workbench);
        VBox centre = new VBox(pageBar, machineToolbar, recordBar, pages);
        VBox.setVgrow(pages, Priority.ALWAYS);
        pages.setMinHeight(0);
        middle.getItems().add(centre);
        Node sidebar = sidebar();
        SplitPane whole = split("whole", Orientation.HORIZONTAL, 0.19);
        whole.getItems().addAll(sidebar, middle);
        SplitPane.setResizableWithParent(sidebar, false);
        commands = new Commands(this, workbench, actions, machineToolbar.commands(), recordBar.commands(),
                drawerOpen, this::showPalette);
        setTop(new MenuLine(workbench, commands));
        statusLine.setDrawerButton(drawerButton());
        drawerOpen.addListener((_, _, open) -> showDrawer(open));
        setCenter(whole);
        setBottom(statusLine);
        getChildren().add(palette);

        workbench.stores().stateProperty().addListener((_, _, _) -> showPage());
        workbench.navigation().placeProperty().addListener((_, _, _) -> showPage());
        workbench.library().loadedProperty().addListener((_, _, _) -> showExperiment());
        workbench.library().experiments().addListener((ListChangeListener<ExperimentTotals>) _ -> showExperiment());
        workbench.experiment().experimentProperty().addListener((_, _, _) -> showExperiment());
        workbench.machines().selectedProperty().addListener((_, _, _) -> showBars());
        showPage();
        live.setCycleCount(Animation.INDEFINITE);
        sceneProperty().addListener((_, _, scene) -> {
            if (scene == null) {
                live.stop();
            } else {
                live.play();
            }
        });
    }

    private ToggleButton drawerButton() {
        ToggleButton button = commands.console().toggleButton(drawerOpen);
        button.setId("drawer");
        button.setText(commands.console().words());
        return button;
    }

    private void showPalette() {
        if (commandPalette == null) {
            commandPalette = new CommandPalette(commands::findable);
        }
        commandPalette.toggle(this);
    }

    private Node sidebar() {
        ExperimentList experiments = new ExperimentList(workbench);
        VBox sidebar = new VBox(new MachineList(workbench), new ProfileList(workbench, profiles), experiments);
        VBox.setVgrow(experiments, Priority.ALWAYS);
        sidebar.getStyleClass().add("sidebar");
        return sidebar;
    }

    private void showDrawer(boolean open) {
        if (drawer == null) {
            drawer = new MachineDrawer(workbench);
        }
        if (open && !middle.getItems().contains(drawer)) {
            double[] remembered = dividers.get("middle");
            middle.getItems().add(drawer);
            middle.setDividerPositions(remembered != null && remembered.length == 1 ? remembered[0] : 0.7);
        } else if (!open) {
            if (middle.getItems().size() > 1) {
                dividers.put("middle", middle.getDividerPositions());
            }
            middle.getItems().remove(drawer);
        }
    }

    /// A split pane that remembers where its dividers are.
    private SplitPane split(String name, Orientation orientation, double... first) {
        SplitPane split = new SplitPane();
        split.setOrientation(orientation);
        double[] remembered = dividers.get(name);
        split.setDividerPositions(remembered != null && remembered.length == first.length ? remembered : first);
        splits.put(name, split);
        return split;
    }

    /// Where the dividers are now.
    Map<String, double[]> dividers() {
        Map<String, double[]> now = new HashMap<>(dividers);
        splits.forEach((name, split) -> {
            if (split.getItems().size() > 1 && split.getDividerPositions().length > 0) {
                now.put(name, split.getDividerPositions());
            }
        });
        return now;
    }

    private void refresh() {
        workbench.refreshRecordings();
        recordBar.refresh();
        boolean recording = recordBar.commands().recordingProperty().get();
        if (++ticks % (recording ? MEASURE_WHILE_RECORDING : MEASURE_OTHERWISE) == 0) {
            workbench.stores().measure();
        }
    }

    /// Other pages get the room of the bars, but for what a running recording must always show.
    private void showBars() {
        boolean atExperiment = pages.getChildren().contains(experimentPage);
        boolean recording = recordBar.commands().recordingProperty().get();
        visible(pageBar, !atExperiment && workbench.stores().store().isPresent() && !(workbench.navigation()
                .placeProperty().get() instanceof Navigation.Place.Experiment));
        visible(machineToolbar, atExperiment || workbench.machines().selectedProperty().get() != null);
        visible(recordBar, atExperiment || recording || workbench.machines().selectedProperty().get() != null);
        recordBar.showControls(atExperiment || workbench.navigation().placeProperty()
                .get() instanceof Navigation.Place.Experiment);
    }

    private static void visible(Node node, boolean visible) {
        node.setVisible(visible);
        node.setManaged(visible);
    }

    /// The experiment's place is the welcome page as long as there is none.
    private void showExperiment() {
        if (workbench.navigation().placeProperty().get() instanceof Navigation.Place.Experiment) {
            showPage();
        }
    }

    private void showPage() {
        Node page = switch (workbench.stores().stateProperty().get()) {
            case StoreState.Opening opening -> Pages.opening(opening);
            case StoreState.Failed failed -> Pages.failed(failed, () -> workbench.stores().open(failed.directory()),
                    actions::openStore);
            case StoreState.Closed closed -> Pages.closed(closed, () -> workbench.stores().open(closed.directory()),
                    actions::openStore);
            case StoreState.Open _ -> page(workbench.navigation().placeProperty().get());
        };
        if (!pages.getChildren().equals(List.of(page))) {
            pages.getChildren().setAll(page);
        }
        showBars();
    }

    private Node page(Navigation.Place place) {
        return switch (place) {
            case Navigation.Place.Experiment _ -> experiment();
            case Navigation.Place.Library _ -> made(LibraryPage.class, () -> new LibraryPage(workbench));
            case Navigation.Place.Family _ -> made(FamilyTree.class, () -> new FamilyTree(workbench));
            case Navigation.Place.Simulate _ -> made(SimulatePage.class, () -> new SimulatePage(workbench, palette));
            case Navigation.Place.Compare _ -> made(ComparePage.class, () -> new ComparePage(workbench, palette));
            case Navigation.Place.Overlay(var experimentIds) -> {
                boolean first = !madePages.containsKey(OverlayPane.class);
                OverlayPane overlay = made(OverlayPane.class, () -> new OverlayPane(workbench, palette));
                if (first || !experimentIds.isEmpty()) {
                    overlay.show(experimentIds);
                } // else those that were laid over each other before
                yield overlay;
            }
            case Navigation.Place.Profile(var file) -> {
                ProfileEditor editor = made(ProfileEditor.class, () -> new ProfileEditor(workbench, profiles));
                editor.edit(file);
                yield editor;
            }
            case Navigation.Place.Doctor _ -> made(DoctorPage.class, () -> new DoctorPage(workbench));
        };
    }

    /// Does something that ends the window, after the user has decided about a profile that was changed and not saved.
    void leave(Runnable then) {
        if (madePages.get(ProfileEditor.class) instanceof ProfileEditor editor) {
            editor.leave(then);
        } else {
            then.run();
        }
    }

    private <T extends Node> T made(Class<T> type, Supplier<T> maker) {
        return type.cast(madePages.computeIfAbsent(type, _ -> maker.get()));
    }

    private static Node panel(Node view) {
        view.getStyleClass().add("panel");
        return view;
    }

    private Node experiment() {
        boolean nothingYet = workbench.library().loadedProperty().get() && workbench.library().experiments().isEmpty()
                && workbench.experiment().experimentProperty().get() == null;
        if (nothingYet) {
            welcome.examine();
            return welcome;
        }
        if (experimentPage == null) {
            SplitPane left = split("strip", Orientation.VERTICAL, 0.72);
            SplitPane right = split("right", Orientation.VERTICAL, 0.36);
            SplitPane page = split("see", Orientation.HORIZONTAL, 0.63);
            FilmStrip strip = new FilmStrip(workbench);
            panel(strip);
            Platform.runLater(strip::focusCheckpoints);
            left.getItems().addAll(panel(new ChartsPane(workbench, palette)), strip);
            right.getItems().addAll(panel(new MemoryMapView(workbench, palette)), panel(new CheckpointDetails(
                    workbench)));
            page.getItems().addAll(left, right);
            // what is taken from the page, by the drawer or by a smaller window, the charts give
            SplitPane.setResizableWithParent(strip, false);
            page.getStyleClass().add("experiment-page");
            experimentPage = page;
        }
        return experimentPage;
    }
}
