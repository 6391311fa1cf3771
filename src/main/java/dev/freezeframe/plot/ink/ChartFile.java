package dev.freezeframe.plot.ink;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.function.Consumer;
import javax.imageio.ImageIO;

/// Writes what can be painted into a PNG file of twice its size, or an SVG file, by the ending of the file's name. The file
/// appears when it is complete, readable by its owner only. For any thread.
public final class ChartFile {
    private static final double PNG_SCALE = 2;
    private static final String FAMILY = "SansSerif";

    private ChartFile() {}

    /// Writes a picture of this size onto this background.
    ///
    /// @throws IOException with one line for the user
    public static void write(Path file, double width, double height, InkColor background, Consumer<Ink> painting)
            throws IOException {
        Path name = file.getFileName();
        String ending = name == null ? "" : name.toString().toLowerCase(Locale.ROOT);
        Path folder = file.toAbsolutePath().getParent();
        if (!ending.endsWith(".png") && !ending.endsWith(".svg")) {
            throw new IOException(
                    "a chart cannot be written to " + file + ": give the file a name that ends in .png or .svg");
        }
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IOException("a chart cannot be written to " + file + ": there is no such folder; choose another");
        }
        Path fresh = Files.createTempFile(folder, ".freezeframe", ".tmp");
        try {
            if (ending.endsWith(".svg")) {
                SvgInk ink = new SvgInk(width, height, FAMILY);
                ink.fill(background, 0, 0, width, height);
                painting.accept(ink);
                Files.writeString(fresh, ink.document(), StandardCharsets.UTF_8);
            } else {
                try (ImageInk ink = new ImageInk(width, height, PNG_SCALE, FAMILY);
                        OutputStream out = Files.newOutputStream(fresh)) {
                    ink.fill(background, 0, 0, width, height);
                    painting.accept(ink);
                    ImageIO.write(ink.image(), "png", out);
                }
            }
            Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
