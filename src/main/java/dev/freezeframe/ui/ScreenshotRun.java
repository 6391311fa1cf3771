package dev.freezeframe.ui;

import dev.freezeframe.cli.WindowLauncher;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.ui.theme.Theme;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import javafx.animation.AnimationTimer;
import javafx.embed.swing.SwingFXUtils;
import javafx.scene.Scene;
import javafx.scene.SnapshotParameters;
import javafx.scene.image.WritableImage;
import javafx.scene.transform.Transform;
import javafx.stage.Stage;
import javax.imageio.ImageIO;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Renders the window on a store into a file: opens it, goes to the wanted page, waits until nothing moves, and takes the
/// picture.
final class ScreenshotRun {
    private static final Logger LOG = LoggerFactory.getLogger(ScreenshotRun.class);
    /// How long nothing must have been at work.
    private static final long QUIET_NANOS = 700_000_000L;
    /// And for how many frames: on a loaded machine a second may be a single one.
    private static final int QUIET_FRAMES = 30;
    private static final long LONGEST_NANOS = 60_000_000_000L;

    private final WorkbenchModel workbench;
    private final MainView view;
    private final WindowLauncher.Screenshot wanted;

    ScreenshotRun(WorkbenchModel workbench, MainView view, WindowLauncher.Screenshot wanted) {
        this.workbench = workbench;
        this.view = view;
        this.wanted = wanted;
    }

    /// @param whenDone gets the exit status
    void start(IntConsumer whenDone) {
        Stage stage = new Stage();
        Scene scene = new Scene(view, wanted.width(), wanted.height());
        (wanted.dark() ? Theme.DARK : Theme.LIGHT).apply(scene);
        stage.setScene(scene);
        stage.show();
        workbench.stores().stateProperty().addListener((_, _, state) -> {
            if (state instanceof StoreState.Open(var _, var store)) {
                workbench.tasks().quietly("Find the checkpoint", _ -> Found.in(store, wanted.checkpoint()),
                        this::select);
            }
        });
        new AnimationTimer() {
            private final long began = System.nanoTime();
            private long busyAt = began;
            private int quietFrames;

            @Override
            public void handle(long now) {
                boolean opened = workbench.stores().stateProperty().get() instanceof StoreState.Open
                        || workbench.stores().stateProperty().get() instanceof StoreState.Failed;
                if (!opened || workbench.tasks().runningProperty().get() > 0) {
                    busyAt = System.nanoTime();
                    quietFrames = 0;
                }
                boolean quiet = ++quietFrames > QUIET_FRAMES && System.nanoTime() - busyAt > QUIET_NANOS;
                if (quiet || System.nanoTime() - began > LONGEST_NANOS) {
                    stop();
                    write(scene, whenDone);
                }
            }
        }.start();
    }

    /// What the picture is about.
    private record Found(Optional<CheckpointRecord> checkpoint, Optional<CheckpointRecord> first) {
        static Found in(Store store, CheckpointName name) throws StoreException {
            Optional<CheckpointRecord> checkpoint = store.find(name);
            return new Found(checkpoint, checkpoint.isEmpty()
                    ? Optional.empty()
                    : store.checkpoints(checkpoint.get().experimentId()).stream().findFirst());
        }
    }

    private void select(Found what) {
        Optional<CheckpointRecord> found = what.checkpoint();
        Optional<CheckpointRecord> first = what.first();
        found.ifPresent(checkpoint -> workbench.stores().store().ifPresent(store -> workbench.tasks().quietly(
                "Find the experiment", _ -> store.experiment(checkpoint.experimentId()), experiment -> experiment
                        .ifPresent(record -> workbench.experiment().show(record, Optional.of(checkpoint.number()))))));
        workbench.navigation().go(switch (wanted.page()) {
            case EXPERIMENT -> new Navigation.Place.Experiment();
            case LIBRARY -> new Navigation.Place.Library();
            case FAMILY -> new Navigation.Place.Family();
            case COMPARE -> found.<Navigation.Place>map(checkpoint -> new Navigation.Place.Compare(checkpoint, first))
                    .orElse(new Navigation.Place.Experiment());
            case OVERLAY -> new Navigation.Place.Overlay(List.of());
            case SIMULATE -> new Navigation.Place.Simulate();
            case PROFILE -> new Navigation.Place.Profile(Optional.empty());
            case DOCTOR -> new Navigation.Place.Doctor();
        });
    }

    private void write(Scene scene, IntConsumer whenDone) {
        SnapshotParameters parameters = new SnapshotParameters();
        parameters.setTransform(Transform.scale(wanted.scale(), wanted.scale()));
        WritableImage image = scene.getRoot().snapshot(parameters, null);
        BufferedImage pixels = SwingFXUtils.fromFXImage(image, null);
        workbench.tasks().quietly("Write the screenshot", _ -> {
            if (!ImageIO.write(pixels, "png", wanted.file().toFile())) {
                throw new IOException("this Java writes no PNG files");
            }
            return null;
        }, _ -> whenDone.accept(0), cause -> {
            LOG.error("screenshot", cause);
            System.err.println("freezeframe: the screenshot could not be written: " + cause.getMessage());
            whenDone.accept(1);
        });
    }
}
