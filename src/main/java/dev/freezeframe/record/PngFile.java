package dev.freezeframe.record;

import dev.freezeframe.qemu.machine.ScreenImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/// Writes small pictures as PNG files that are never larger than asked for: where one is, its colours are made coarser, and
/// then the picture smaller.
///
/// The format is the W3C's *Portable Network Graphics Specification*: true colour, or a palette where 256 colours do. Rows
/// are not filtered, which serves text and flat colours, and that is what screens show.
final class PngFile {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int TRUE_COLOUR = 2;
    private static final int PALETTE = 3;
    private static final int MOST_COLOURS = 256;
    /// Bits that are kept of each of red, green and blue.
    private static final int[] DEPTHS = {8, 5, 4, 3};

    private PngFile() {}

    /// A picture of the image of at most this width and size.
    static byte[] thumbnail(ScreenImage image, int mostPixelsWide, int mostBytes) {
        for (int width = mostPixelsWide; width > 1; width /= 2) {
            ScreenImage scaled = image.scaledToWidth(width);
            for (int depth : DEPTHS) {
                byte[] file = of(coarser(scaled, depth));
                if (file.length <= mostBytes) {
                    return file;
                }
            }
        }
        throw new IllegalArgumentException("no picture has only " + mostBytes + " bytes");
    }

    private static ScreenImage coarser(ScreenImage image, int depth) {
        if (depth == 8) {
            return image;
        }
        int dropped = 8 - depth;
        int mask = (0xff << dropped & 0xff) * 0x10101;
        // What was dropped is filled with half of it, so that a white screen stays as bright as a black one stays dark.
        int fill = (1 << dropped >> 1) * 0x10101;
        int[] argb = image.argb().clone();
        for (int i = 0; i < argb.length; i++) {
            argb[i] = 0xff000000 | (argb[i] & mask) | fill;
        }
        return new ScreenImage(image.width(), image.height(), argb);
    }

    static byte[] of(ScreenImage image) {
        Map<Integer, Integer> colours = coloursOf(image);
        boolean palette = colours.size() <= MOST_COLOURS;
        try {
            var file = new ByteArrayOutputStream();
            var out = new DataOutputStream(file);
            out.write(SIGNATURE);
            chunk(out, "IHDR", header(image, palette ? PALETTE : TRUE_COLOUR));
            if (palette) {
                chunk(out, "PLTE", palette(colours));
            }
            chunk(out, "IDAT", pixels(image, palette ? colours : Map.of()));
            chunk(out, "IEND", new byte[0]);
            return file.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing here writes to anything but memory
        }
    }

    /// The colours in the order in which they appear, with their numbers; more than fit into a palette if there are more.
    private static Map<Integer, Integer> coloursOf(ScreenImage image) {
        Map<Integer, Integer> colours = new LinkedHashMap<>();
        for (int pixel : image.argb()) {
            colours.putIfAbsent(pixel, colours.size());
            if (colours.size() > MOST_COLOURS) {
                break;
            }
        }
        return colours;
    }

    private static byte[] header(ScreenImage image, int colourType) throws IOException {
        var header = new ByteArrayOutputStream();
        var out = new DataOutputStream(header);
        out.writeInt(image.width());
        out.writeInt(image.height());
        out.write(new byte[]{8, (byte) colourType, 0, 0, 0});
        return header.toByteArray();
    }

    private static byte[] palette(Map<Integer, Integer> colours) {
        byte[] palette = new byte[3 * colours.size()];
        colours.forEach((colour, number) -> putColour(palette, 3 * number, colour));
        return palette;
    }

    private static byte[] pixels(ScreenImage image, Map<Integer, Integer> palette) throws IOException {
        int width = image.width();
        int bytesPerPixel = palette.isEmpty() ? 3 : 1;
        byte[] row = new byte[1 + width * bytesPerPixel];
        var compressed = new ByteArrayOutputStream();
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        try (var out = new DeflaterOutputStream(compressed, deflater)) {
            for (int y = 0; y < image.height(); y++) {
                for (int x = 0; x < width; x++) {
                    int pixel = image.argb()[y * width + x];
                    if (palette.isEmpty()) {
                        putColour(row, 1 + 3 * x, pixel);
                    } else {
                        row[1 + x] = (byte) (int) palette.get(pixel);
                    }
                }
                out.write(row);
            }
        } finally {
            deflater.end();
        }
        return compressed.toByteArray();
    }

    private static void putColour(byte[] target, int at, int colour) {
        target[at] = (byte) (colour >> 16);
        target[at + 1] = (byte) (colour >> 8);
        target[at + 2] = (byte) colour;
    }

    private static void chunk(DataOutputStream out, String type, byte[] content) throws IOException {
        byte[] named = Arrays.copyOf(type.getBytes(java.nio.charset.StandardCharsets.US_ASCII), 4 + content.length);
        System.arraycopy(content, 0, named, 4, content.length);
        CRC32 checksum = new CRC32();
        checksum.update(named);
        out.writeInt(content.length);
        out.write(named);
        out.writeInt((int) checksum.getValue());
    }
}
