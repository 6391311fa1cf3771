package dev.freezeframe.ui;

import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.TestLog;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import javafx.application.Platform;
import javafx.embed.swing.SwingFXUtils;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.stage.Stage;
import javafx.stage.Window;
import javax.imageio.ImageIO;

/// The JavaFX toolkit for tests: the real one, on its headless platform. Started once for all tests of a JVM.
public final class FxToolkit {
    private static final long PATIENCE_SECONDS = 60;
    private static final CompletableFuture<Void> STARTED = new CompletableFuture<>();

    static {
        TestLog.allow("^Unsupported JavaFX configuration: classes were loaded from 'unnamed module"); // as in the program
        Platform.setImplicitExit(false);
        Platform.startup(() -> STARTED.complete(null));
    }

    private FxToolkit() {}

    /// Runs something on the JavaFX thread and waits for its answer; at once where this is that thread.
    public static <T> T call(Callable<T> work) {
        if (Platform.isFxApplicationThread()) {
            try {
                return work.call();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        Platform.runLater(() -> {
            try {
                answer.complete(work.call());
            } catch (Throwable e) {
                answer.completeExceptionally(e);
            }
        });
        try {
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new AssertionError(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("the JavaFX thread does not answer", e);
        }
    }

    /// Runs something on the JavaFX thread and waits until it is done.
    public static void run(Runnable work) {
        call(() -> {
            work.run();
            return null;
        });
    }

    /// A node within another one, null where there is none. `Node.lookup` alone finds what a control holds, as the content of
    /// a scroll pane, only once a frame was drawn since the control came into the scene; this one does not wait for luck.
    public static Node lookup(Node within, String selector) {
        return call(() -> upToDate(within).lookup(selector));
    }

    /// All nodes within another one that a selector names, as [#lookup].
    public static Set<Node> lookupAll(Node within, String selector) {
        return call(() -> upToDate(within).lookupAll(selector));
    }

    private static Node upToDate(Node node) {
        node.applyCss();
        if (node instanceof Parent parent) {
            parent.layout();
        }
        return node;
    }

    /// A node of a dialog, or whatever else is shown beside a window.
    public static Optional<Node> beside(Stage stage, String selector) {
        return call(() -> Window.getWindows().stream().filter(window -> !window.equals(stage) && window
                .getScene() != null).map(window -> lookup(window.getScene().getRoot(), selector)).filter(
                        node -> node != null)
                .findFirst());
    }

    /// Waits until something holds, looking on the JavaFX thread.
    public static void await(String what, BooleanSupplier condition) {
        Await.until(what, () -> call(condition::getAsBoolean));
    }

    /// Writes what a node looks like into a PNG file.
    public static void snapshot(Node node, Path file) throws IOException {
        BufferedImage image = call(() -> SwingFXUtils.fromFXImage(node.snapshot(null, null), null));
        ImageIO.write(image, "png", file.toFile());
    }
}
