package dev.freezeframe.ui;

import dev.freezeframe.cli.WindowLauncher;
import dev.freezeframe.ui.library.BundleDialogs;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import dev.freezeframe.ui.theme.Theme;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javafx.animation.AnimationTimer;
import javafx.application.Application;
import javafx.application.Platform;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.ObservableValue;
import javafx.collections.ListChangeListener;
import javafx.geometry.Rectangle2D;
import javafx.scene.Scene;
import javafx.scene.control.Alert;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonType;
import javafx.scene.image.Image;
import javafx.stage.DirectoryChooser;
import javafx.stage.Screen;
import javafx.stage.Stage;
import org.controlsfx.control.Notifications;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The window's life: opened on the store of the last time, and closed so that no machine, socket or half-written
/// experiment is left behind.
public final class WorkbenchApplication extends Application implements WindowActions {
    private static final Logger LOG = LoggerFactory.getLogger(WorkbenchApplication.class);
    private static final int[] ICON_PIXELS = {16, 32, 48, 128};
    private static final javafx.util.Duration NOTICE = javafx.util.Duration.seconds(8);

    private final BackgroundTasks tasks = new BackgroundTasks();
    private WindowLauncher.Opening opening;
    private WindowState remembered;
    private WorkbenchModel workbench;
    private MainView view;
    private Stage stage;
    private Theme theme;
    private boolean closing;
    private final AtomicBoolean shutDown = new AtomicBoolean();
    /// As they are on the JavaFX thread, for a shut-down that comes by a signal.
    private volatile List<MachineModel> machines = List.of();
    private volatile StoreState storeState;

    /// Made by JavaFX.
    public WorkbenchApplication() {}

    @Override
    public void start(Stage primary) {
        opening = DesktopWindow.opening();
        stage = primary;
        remembered = opening.screenshot().isPresent() ? WindowState.FIRST : WindowState.read(opening.configuration());
        Path store = opening.store().orElseGet(() -> lastStore());
        workbench = new WorkbenchModel(tasks, store);
        workbench.recordSettings().intervalProperty().set(java.time.Duration.ofMillis(remembered.intervalMillis()));
        workbench.machines().machines().addListener((ListChangeListener<MachineModel>) _ -> machines = List.copyOf(
                workbench.machines().machines()));
        workbench.stores().stateProperty().subscribe(state -> storeState = state);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("shut-down-by-signal").unstarted(this::shutDown));
        view = new MainView(workbench, this, remembered.dividers());
        tasks.onProblem(this::show);
        Thread.currentThread().setUncaughtExceptionHandler((_, fault) -> {
            LOG.error("fault in the window", fault);
            show(Problem.of("Fault in the window", fault));
        });
        if (opening.screenshot().isPresent()) {
            new ScreenshotRun(workbench, view, opening.screenshot().get()).start(status -> end(status));
            workbench.stores().open(store);
            return;
        }
        Scene scene = new Scene(view, remembered.width(), remembered.height());
        theme = remembered.dark() ? Theme.DARK : Theme.LIGHT;
        theme.apply(scene);
        stage.setTitle("Freezeframe");
        for (int pixels : ICON_PIXELS) {
            stage.getIcons().add(new Image(WorkbenchApplication.class.getResource("icon/freezeframe-" + pixels + ".png")
                    .toExternalForm()));
        }
        stage.setScene(scene);
        stage.setMinWidth(800);
        stage.setMinHeight(500);
        place();
        stage.setOnCloseRequest(event -> {
            event.consume();
            close();
        });
        Platform.setImplicitExit(false);
        new BundleDrop(bundles()).on(scene);
        stage.show();
        opening.bundle().ifPresent(this::importOnceOpen);
        workbench.stores().open(store);
        tellWhenUsable();
    }

    /// Logs how long the user waited: until the store's newest experiment, or the page for an empty store, has been drawn.
    private void tellWhenUsable() {
        new AnimationTimer() {
            private int frames;

            @Override
            public void handle(long now) {
                boolean there = workbench.library().loadedProperty().get() && !workbench.experiment().loadingProperty()
                        .get();
                boolean failed = workbench.stores().stateProperty().get() instanceof StoreState.Failed;
                if ((there || failed) && ++frames > 2) {
                    LOG.info("window usable {} ms after the start", ManagementFactory.getRuntimeMXBean().getUptime());
                    stop();
                }
            }
        }.start();
    }

    private Path lastStore() {
        Path last = remembered.store().isEmpty() ? opening.defaultStore() : Path.of(remembered.store());
        // A disk that is not there any more must not make an empty store in its mount point.
        return Files.isDirectory(last) ? last : opening.defaultStore();
    }

    private void place() {
        List<Screen> screens = Double.isNaN(remembered.x())
                ? List.of()
                : Screen.getScreensForRectangle(remembered.x(), remembered.y(), remembered.width(),
                        remembered.height());
        if (!screens.isEmpty()) {
            stage.setX(remembered.x());
            stage.setY(remembered.y());
        } else {
            Rectangle2D visible = Screen.getPrimary().getVisualBounds();
            stage.setWidth(Math.min(remembered.width(), visible.getWidth()));
            stage.setHeight(Math.min(remembered.height(), visible.getHeight()));
        }
        stage.setMaximized(remembered.maximized());
    }

    private void show(Problem problem) {
        LOG.warn("{}: {}", problem.title(), problem.message());
        if (stage.isShowing()) {
            Notifications.create().owner(stage).title(problem.title()).text(problem.message()).hideAfter(NOTICE)
                    .showWarning();
        }
    }

    @Override
    public void openStore() {
        DirectoryChooser chooser = new DirectoryChooser();
        chooser.setTitle("Open a store");
        Path now = workbench.stores().stateProperty().get().directory();
        if (now.getParent() != null && Files.isDirectory(now.getParent())) {
            chooser.setInitialDirectory(now.getParent().toFile());
        }
        File chosen = chooser.showDialog(stage);
        if (chosen != null && mayLeaveStore("Open another store")) {
            workbench.machines().leaveStore(() -> workbench.stores().open(chosen.toPath()));
        }
    }

    private boolean mayLeaveStore(String title) {
        String ends = workbench.machines().endedByLeavingStore();
        if (ends.isEmpty()) {
            return true;
        }
        int machines = workbench.machines().needingStore().size();
        ButtonType goOn = new ButtonType(machines == 0
                ? "Stop the recordings"
                : machines == 1 ? "End the machine" : "End " + machines + " machines", ButtonBar.ButtonData.OK_DONE);
        return ask(title, ends, goOn);
    }

    private boolean ask(String title, String text, ButtonType goOn) {
        Alert alert = new Alert(Alert.AlertType.CONFIRMATION, text, goOn, ButtonType.CANCEL);
        alert.initOwner(stage);
        alert.setTitle(title);
        alert.setHeaderText(title);
        theme.dress(alert.getDialogPane().getScene());
        return alert.showAndWait().filter(goOn::equals).isPresent();
    }

    private BundleDialogs bundles() {
        return new BundleDialogs(view, workbench.libraryWork());
    }

    /// Asks about a bundle when the store's experiments are known; it may be one of them.
    private void importOnceOpen(Path file) {
        workbench.library().loadedProperty().addListener(new ChangeListener<>() {
            @Override
            public void changed(ObservableValue<? extends Boolean> property, Boolean before, Boolean loaded) {
                if (loaded) {
                    property.removeListener(this);
                    Platform.runLater(() -> bundles().askToImport(file));
                }
            }
        });
    }

    @Override
    public void toggleTheme() {
        theme = theme == Theme.DARK ? Theme.LIGHT : Theme.DARK;
        theme.apply(stage.getScene());
    }

    @Override
    public void close() {
        if (!closing) {
            view.leave(this::closeNow);
        }
    }

    private void closeNow() {
        long alive = workbench.machines().machines().stream().filter(MachineModel::alive).count();
        ButtonType end = new ButtonType(alive == 1 ? "End the machine and quit" : "End " + alive + " machines and quit",
                ButtonBar.ButtonData.OK_DONE);
        if (alive > 0 && !ask("Quit Freezeframe",
                "Machines are running. Recordings are stored to their last checkpoint; what a "
                        + "guest did since then is lost.",
                end)) {
            return;
        }
        closing = true;
        remember();
        stage.hide();
        end(0);
    }

    private void remember() {
        boolean maximized = stage.isMaximized();
        WindowState now = new WindowState(theme == Theme.DARK, workbench.stores().stateProperty().get().directory()
                .toAbsolutePath().toString(), stage.getX(), stage.getY(),
                maximized
                        ? remembered.width()
                        : stage.getScene()
                                .getWidth(),
                maximized ? remembered.height() : stage.getScene().getHeight(), maximized, workbench
                        .recordSettings().intervalProperty().get().toMillis(),
                view.dividers());
        try {
            now.write(opening.configuration());
        } catch (IOException e) {
            LOG.warn("the state of the window could not be remembered in {}", opening.configuration(), e);
        }
    }

    /// Ends what runs off the JavaFX thread, then the toolkit.
    private void end(int status) {
        Thread.ofPlatform().name("shut-down").start(() -> {
            try {
                shutDown();
            } finally {
                DesktopWindow.ended(status);
                Platform.exit();
            }
        });
    }

    /// Stores what was captured, ends the machines and closes the store, once.
    private void shutDown() {
        if (shutDown.compareAndSet(false, true)) {
            WorkbenchModel.shutDown(tasks, machines, storeState);
        }
    }
}
