package dev.freezeframe.ui.chart;

import dev.freezeframe.plot.ink.Ink;
import dev.freezeframe.plot.ink.InkColor;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import javafx.geometry.VPos;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.image.PixelFormat;
import javafx.scene.image.WritableImage;
import javafx.scene.paint.Color;
import javafx.scene.shape.StrokeLineCap;
import javafx.scene.shape.StrokeLineJoin;
import javafx.scene.text.Font;
import javafx.scene.text.FontWeight;
import javafx.scene.text.Text;

/// Ink on a JavaFX canvas. For the JavaFX thread.
final class CanvasInk implements Ink {
    private static final int MOST_WIDTHS = 4096;
    private static final int MOST_PAINTS = 256;
    private static final Map<Size, Font> PLAIN = fonts(FontWeight.NORMAL);
    private static final Map<Size, Font> BOLD = fonts(FontWeight.BOLD);

    private record Measured(Size size, boolean bold, String text) {}

    private static final Map<Measured, Double> WIDTHS = new HashMap<>();

    private final GraphicsContext graphics;
    private final Map<InkColor, Color> paints = new HashMap<>();
    /// The cells painted last: as a rule the next frame has the same.
    private int[] lastCells;
    private WritableImage lastImage;

    CanvasInk(GraphicsContext graphics) {
        this.graphics = graphics;
        graphics.setTextBaseline(VPos.BASELINE);
        graphics.setLineCap(StrokeLineCap.BUTT);
        graphics.setLineJoin(StrokeLineJoin.BEVEL);
        graphics.setImageSmoothing(false);
    }

    private static Map<Size, Font> fonts(FontWeight weight) {
        String family = Font.getDefault().getFamily();
        Map<Size, Font> fonts = new EnumMap<>(Size.class);
        for (Size size : Size.values()) {
            fonts.put(size, Font.font(family, weight, size.pixels()));
        }
        return fonts;
    }

    /// The same object for the same colour: the graphics context takes another object for another paint.
    private Color paint(InkColor color) {
        if (paints.size() > MOST_PAINTS) {
            paints.clear();
        }
        return paints.computeIfAbsent(color, _ -> new Color(color.red(), color.green(), color.blue(), color
                .opacity()));
    }

    private static Font font(Size size, boolean bold) {
        return (bold ? BOLD : PLAIN).get(size);
    }

    @Override
    public void fill(InkColor color, double x, double y, double width, double height) {
        graphics.setFill(paint(color));
        graphics.fillRect(x, y, width, height);
    }

    @Override
    public void area(InkColor color, double[] xs, double[] ys, int count) {
        graphics.setFill(paint(color));
        graphics.fillPolygon(xs, ys, count);
    }

    @Override
    public void path(InkColor color, double thickness, Dash dash, double[] xs, double[] ys, int count) {
        graphics.setStroke(paint(color));
        graphics.setLineWidth(thickness);
        graphics.setLineDashes(dash.lengths());
        graphics.strokePolyline(xs, ys, count);
    }

    @Override
    public void text(InkColor color, Size size, boolean bold, String text, double x, double baseline) {
        graphics.setFill(paint(color));
        graphics.setFont(font(size, bold));
        graphics.fillText(text, Math.rint(x), Math.rint(baseline));
    }

    @Override
    public double width(Size size, boolean bold, String text) {
        if (WIDTHS.size() > MOST_WIDTHS) {
            WIDTHS.clear();
        }
        return WIDTHS.computeIfAbsent(new Measured(size, bold, text), _ -> {
            Text measured = new Text(text);
            measured.setFont(font(size, bold));
            return measured.getLayoutBounds().getWidth();
        });
    }

    @Override
    public void cells(int[] argb, int columns, int rows, double x, double y, double width, double height) {
        if (columns == 0 || rows == 0) {
            return;
        }
        if (!Arrays.equals(argb, lastCells) || lastImage.getWidth() != columns) {
            lastImage = new WritableImage(columns, rows);
            lastImage.getPixelWriter().setPixels(0, 0, columns, rows, PixelFormat.getIntArgbInstance(), argb, 0,
                    columns);
            lastCells = argb;
        }
        graphics.drawImage(lastImage, x, y, width, height);
    }

    @Override
    public void clip(double x, double y, double width, double height) {
        graphics.save();
        graphics.beginPath();
        graphics.rect(x, y, width, height);
        graphics.clip();
    }

    @Override
    public void unclip() {
        graphics.restore();
    }
}
