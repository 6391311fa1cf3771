package dev.freezeframe.qemu.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// A picture of a guest's screen, row by row from the top left, one opaque `0xffRRGGBB` a pixel. The array is this
/// object's own and is not copied.
///
/// What comes from QEMU is checked as if the guest had written it: a size beyond [#MAX_WIDTH] × [#MAX_HEIGHT] or
/// other than the length of the file is refused before anything is allocated for it.
///
/// @param argb `width * height` pixels
@SuppressWarnings("ArrayRecordComponent") // two pictures are never compared
public record ScreenImage(int width, int height, int[] argb) {
    /// The widest screen that is taken.
    public static final int MAX_WIDTH = 4096;
    /// The highest screen that is taken.
    public static final int MAX_HEIGHT = 2304;
    /// No portable pixmap of such a screen is longer.
    static final long MAX_FILE_BYTES = 3L * MAX_WIDTH * MAX_HEIGHT + 64;

    private static final int OPAQUE = 0xff000000;
    private static final int MAX_HEADER_BYTES = 64;

    public ScreenImage {
        if (width < 1 || height < 1 || width > MAX_WIDTH || height > MAX_HEIGHT || argb.length != width * height) {
            throw new IllegalArgumentException("no screen: " + width + " × " + height);
        }
    }

    /// Reads what QEMU's `screendump` writes without a format: `P6`, width, height and 255 in decimal, each ended by a white
    /// space, then three bytes a pixel (`ppm_save` in ui/ui-qmp-cmds.c).
    static ScreenImage ofPortablePixmap(byte[] file) throws IOException {
        int[] at = {2};
        if (file.length < 8 || file[0] != 'P' || file[1] != '6') {
            throw new IOException("QEMU's picture of the screen is no portable pixmap");
        }
        int width = number(file, at, MAX_WIDTH);
        int height = number(file, at, MAX_HEIGHT);
        number(file, at, 255);
        int start = at[0] + 1;
        if (file.length - start != 3L * width * height) {
            throw new IOException("QEMU's picture of the screen has " + (file.length - start) + " bytes for " + width
                    + " × " + height + " pixels");
        }
        int[] argb = new int[width * height];
        for (int i = 0, b = start; i < argb.length; i++, b += 3) {
            argb[i] = OPAQUE | (file[b] & 0xff) << 16 | (file[b + 1] & 0xff) << 8 | (file[b + 2] & 0xff);
        }
        return new ScreenImage(width, height, argb);
    }

    private static int number(byte[] file, int[] at, int most) throws IOException {
        int i = at[0];
        int end = Math.min(file.length, MAX_HEADER_BYTES);
        while (i < end && (file[i] == ' ' || file[i] == '\n')) {
            i++;
        }
        int value = 0;
        int digits = i;
        while (i < end && file[i] >= '0' && file[i] <= '9' && value <= most) {
            value = 10 * value + file[i++] - '0';
        }
        at[0] = i;
        if (i == digits || value < 1 || value > most) {
            throw new IOException("the guest's screen is larger than " + MAX_WIDTH + " × " + MAX_HEIGHT
                    + ", or its picture is broken: " + new String(file, 0, Math.min(end, 16),
                            StandardCharsets.ISO_8859_1).replaceAll("[^0-9P ]", " ").strip());
        }
        return value;
    }

    /// The same picture, at most this wide, each pixel the mean of those that it stands for.
    public ScreenImage scaledToWidth(int mostPixels) {
        if (width <= mostPixels) {
            return this;
        }
        int newWidth = Math.max(1, mostPixels);
        int newHeight = Math.clamp(Math.round((double) height * newWidth / width), 1, height);
        int[] scaled = new int[newWidth * newHeight];
        for (int y = 0; y < newHeight; y++) {
            int top = (int) ((long) y * height / newHeight);
            int bottom = Math.max(top + 1, (int) ((long) (y + 1) * height / newHeight));
            for (int x = 0; x < newWidth; x++) {
                int left = (int) ((long) x * width / newWidth);
                int right = Math.max(left + 1, (int) ((long) (x + 1) * width / newWidth));
                scaled[y * newWidth + x] = mean(left, top, right, bottom);
            }
        }
        return new ScreenImage(newWidth, newHeight, scaled);
    }

    private int mean(int left, int top, int right, int bottom) {
        long red = 0;
        long green = 0;
        long blue = 0;
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                int pixel = argb[y * width + x];
                red += pixel >> 16 & 0xff;
                green += pixel >> 8 & 0xff;
                blue += pixel & 0xff;
            }
        }
        long count = (long) (right - left) * (bottom - top);
        return OPAQUE | (int) (red / count) << 16 | (int) (green / count) << 8 | (int) (blue / count);
    }
}
