package dev.freezeframe.plot.ink;

import java.awt.BasicStroke;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;

/// Ink on a picture in memory, at any scale and in any thread, for PNG files.
final class ImageInk implements Ink, AutoCloseable {
    private final BufferedImage image;
    private final Graphics2D graphics;
    private final String family;
    private Shape unclipped;

    /// @param scale pixels of the picture for each logical one
    ImageInk(double width, double height, double scale, String family) {
        this.family = family;
        image = new BufferedImage((int) Math.ceil(width * scale), (int) Math.ceil(height * scale),
                BufferedImage.TYPE_INT_ARGB);
        graphics = image.createGraphics();
        graphics.scale(scale, scale);
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION,
                RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    }

    BufferedImage image() {
        return image;
    }

    private void use(InkColor color) {
        graphics.setColor(new java.awt.Color((float) color.red(), (float) color.green(), (float) color.blue(),
                (float) color.opacity()));
    }

    @Override
    public void fill(InkColor color, double x, double y, double width, double height) {
        use(color);
        graphics.fill(new Rectangle2D.Double(x, y, width, height));
    }

    private static Path2D shape(double[] xs, double[] ys, int count) {
        Path2D path = new Path2D.Double();
        for (int i = 0; i < count; i++) {
            if (i == 0) {
                path.moveTo(xs[i], ys[i]);
            } else {
                path.lineTo(xs[i], ys[i]);
            }
        }
        return path;
    }

    @Override
    public void area(InkColor color, double[] xs, double[] ys, int count) {
        use(color);
        graphics.fill(shape(xs, ys, count));
    }

    @Override
    public void path(InkColor color, double thickness, Dash dash, double[] xs, double[] ys, int count) {
        use(color);
        double[] pattern = dash.lengths();
        float[] lengths = new float[pattern.length];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = (float) pattern[i];
        }
        graphics.setStroke(new BasicStroke((float) thickness, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 10,
                lengths.length == 0 ? null : lengths, 0));
        graphics.draw(shape(xs, ys, count));
    }

    private Font font(Size size, boolean bold) {
        return new Font(family, bold ? Font.BOLD : Font.PLAIN, size.pixels());
    }

    @Override
    public void text(InkColor color, Size size, boolean bold, String text, double x, double baseline) {
        use(color);
        graphics.setFont(font(size, bold));
        graphics.drawString(text, (float) x, (float) baseline);
    }

    @Override
    public double width(Size size, boolean bold, String text) {
        return font(size, bold).getStringBounds(text, graphics.getFontRenderContext()).getWidth();
    }

    @Override
    public void cells(int[] argb, int columns, int rows, double x, double y, double width, double height) {
        if (columns > 0 && rows > 0) {
            BufferedImage cells = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_ARGB);
            cells.setRGB(0, 0, columns, rows, argb, 0, columns);
            graphics.drawImage(cells, (int) Math.rint(x), (int) Math.rint(y), (int) Math.rint(width), (int) Math.rint(
                    height), null);
        }
    }

    @Override
    public void clip(double x, double y, double width, double height) {
        unclipped = graphics.getClip();
        graphics.clip(new Rectangle2D.Double(x, y, width, height));
    }

    @Override
    public void unclip() {
        graphics.setClip(unclipped);
    }

    @Override
    public void close() {
        graphics.dispose();
    }
}
