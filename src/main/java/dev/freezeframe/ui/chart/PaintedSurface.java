package dev.freezeframe.ui.chart;

import javafx.scene.AccessibleRole;
import javafx.scene.canvas.Canvas;
import javafx.scene.layout.Region;

/// Gives a canvas, which has no size of its own, the size that the layout has for it, and has it painted anew when that
/// changes.
final class PaintedSurface extends Region {
    private final Canvas canvas;
    private final FramePainter painter;

    PaintedSurface(Canvas canvas, FramePainter painter, double leastWidth, double leastHeight) {
        this.canvas = canvas;
        this.painter = painter;
        canvas.setManaged(false);
        getChildren().add(canvas);
        setMinSize(leastWidth, leastHeight);
        setAccessibleRole(AccessibleRole.IMAGE_VIEW);
    }

    @Override
    protected void layoutChildren() {
        double width = Math.floor(getWidth());
        double height = Math.floor(getHeight());
        if (canvas.getWidth() != width || canvas.getHeight() != height) {
            canvas.setWidth(width);
            canvas.setHeight(height);
            painter.request();
        }
        painter.paintIfStale();
    }
}
