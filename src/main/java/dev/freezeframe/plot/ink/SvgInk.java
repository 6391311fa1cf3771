package dev.freezeframe.plot.ink;

import dev.freezeframe.base.Units;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;

/// Ink that writes an SVG 1.1 document, in any thread. Text stays text, so that it can be searched and edited.
///
/// The libraries that write SVG want AWT's Graphics2D painted on, and the small one of them (JFreeSVG) is under the GPL; what
/// the charts need is six elements of the language.
final class SvgInk implements Ink {
    private final StringBuilder document = new StringBuilder(1 << 16);
    private final ImageInk measure;
    private int clips;

    SvgInk(double width, double height, String family) {
        measure = new ImageInk(1, 1, 1, family);
        document.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" ")
                .append("xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\" width=\"").append(number(width))
                .append("\" height=\"").append(number(height)).append("\" viewBox=\"0 0 ").append(number(width))
                .append(' ').append(number(height)).append("\" font-family=\"").append(escaped(family))
                .append(", sans-serif\">\n");
    }

    /// The whole document.
    String document() {
        return document + "</svg>\n";
    }

    private static String number(double number) {
        if (number == Math.rint(number)) {
            return Long.toString((long) number);
        }
        return Units.text("%.2f", number);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    private SvgInk attribute(String name, String value) {
        document.append(' ').append(name).append("=\"").append(value).append('"');
        return this;
    }

    private SvgInk attribute(String name, double value) {
        return attribute(name, number(value));
    }

    private SvgInk paint(String name, InkColor color) {
        attribute(name,
                Units.text("#%02x%02x%02x", Math.round(color.red() * 255), Math.round(color.green() * 255),
                        Math.round(color.blue() * 255)));
        return color.isOpaque() ? this : attribute(name + "-opacity", color.opacity());
    }

    private SvgInk points(double[] xs, double[] ys, int count) {
        document.append(" points=\"");
        for (int i = 0; i < count; i++) {
            document.append(i == 0 ? "" : " ").append(number(xs[i])).append(',').append(number(ys[i]));
        }
        document.append('"');
        return this;
    }

    @Override
    public void fill(InkColor color, double x, double y, double width, double height) {
        document.append("<rect");
        attribute("x", x).attribute("y", y).attribute("width", width).attribute("height", height).paint("fill", color);
        document.append("/>\n");
    }

    @Override
    public void area(InkColor color, double[] xs, double[] ys, int count) {
        document.append("<polygon");
        points(xs, ys, count).paint("fill", color);
        document.append("/>\n");
    }

    @Override
    public void path(InkColor color, double thickness, Dash dash, double[] xs, double[] ys, int count) {
        document.append("<polyline fill=\"none\"");
        points(xs, ys, count).paint("stroke", color).attribute("stroke-width", thickness);
        double[] lengths = dash.lengths();
        if (lengths.length > 0) {
            StringBuilder pattern = new StringBuilder();
            for (double length : lengths) {
                pattern.append(pattern.isEmpty() ? "" : ",").append(number(length));
            }
            attribute("stroke-dasharray", pattern.toString());
        }
        document.append("/>\n");
    }

    @Override
    public void text(InkColor color, Size size, boolean bold, String text, double x, double baseline) {
        document.append("<text");
        attribute("x", x).attribute("y", baseline).attribute("font-size", size.pixels()).paint("fill", color);
        if (bold) {
            attribute("font-weight", "bold");
        }
        document.append('>').append(escaped(text)).append("</text>\n");
    }

    @Override
    public double width(Size size, boolean bold, String text) {
        return measure.width(size, bold, text);
    }

    @Override
    public void cells(int[] argb, int columns, int rows, double x, double y, double width, double height) {
        if (columns == 0 || rows == 0) {
            return;
        }
        BufferedImage cells = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_ARGB);
        cells.setRGB(0, 0, columns, rows, argb, 0, columns);
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(cells, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        document.append("<image");
        attribute("x", x).attribute("y", y).attribute("width", width).attribute("height", height)
                .attribute("preserveAspectRatio", "none").attribute("style", "image-rendering:pixelated")
                .attribute("xlink:href", "data:image/png;base64," + Base64.getEncoder().encodeToString(
                        png.toByteArray()));
        document.append("/>\n");
    }

    @Override
    public void clip(double x, double y, double width, double height) {
        clips++;
        document.append("<clipPath id=\"clip").append(clips).append("\"><rect");
        attribute("x", x).attribute("y", y).attribute("width", width).attribute("height", height);
        document.append("/></clipPath>\n<g clip-path=\"url(#clip").append(clips).append(")\">\n");
    }

    @Override
    public void unclip() {
        document.append("</g>\n");
    }
}
