package dev.freezeframe.ui.chart;

import javafx.application.Platform;
import javafx.scene.Node;
import javafx.scene.Scene;

/// Paints a node at most once per frame, and only when it has to and can be seen. For the JavaFX thread.
///
/// It hooks in before the scene's layout: what made the painting stale in this frame is painted in this frame, and a node in a
/// hidden tab costs a look at a flag.
final class FramePainter {
    private final Node node;
    private final Runnable painting;
    private final Runnable hook = this::paintIfStale;
    private boolean stale = true;

    FramePainter(Node node, Runnable painting) {
        this.node = node;
        this.painting = painting;
        node.sceneProperty().addListener((_, before, now) -> move(before, now));
        move(null, node.getScene());
    }

    private void move(Scene before, Scene now) {
        if (before != null) {
            before.removePreLayoutPulseListener(hook);
        }
        if (now != null) {
            now.addPreLayoutPulseListener(hook);
            request();
        }
    }

    /// Has it painted with the next frame.
    void request() {
        if (!stale) {
            stale = true;
            if (node.getScene() != null) {
                Platform.requestNextPulse();
            }
        }
    }

    /// Whether what is on the screen is old.
    boolean isStale() {
        return stale;
    }

    /// Paints now, if it has to and can be seen.
    void paintIfStale() {
        if (stale && isShown()) {
            stale = false;
            painting.run();
        }
    }

    private boolean isShown() {
        if (node.getScene() == null) {
            return false;
        }
        for (Node each = node; each != null; each = each.getParent()) {
            if (!each.isVisible()) {
                return false;
            }
        }
        return true;
    }
}
