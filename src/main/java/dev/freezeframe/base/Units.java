package dev.freezeframe.base;

import java.time.Duration;
import java.util.Locale;

/// Figures with their units, as a person reads them: three digits that matter, never more.
public final class Units {
    private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Units() {}

    /// Such as `27.4 MiB`.
    public static String bytes(long bytes) {
        double count = bytes;
        int unit = 0;
        while (unit < BINARY.length - 1 && Math.abs(count) >= 1024) {
            count /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : threeDigits(count) + " " + BINARY[unit];
    }

    /// What is to be downloaded, counted as package tools do: `26.7 MB`, or `about 41 MB` for a guess.
    public static String download(long bytes, boolean exact) {
        return exact ? threeDigits(bytes / 1e6) + " MB" : text("about %.0f MB", bytes / 1e6);
    }

    /// Microseconds in milliseconds, such as `2.81 ms`.
    public static String millis(long micros) {
        return threeDigits(micros / 1e3) + " ms";
    }

    /// Below a second in milliseconds: `2.81 ms`, `12.0 s`.
    public static String shortDuration(Duration duration) {
        return duration.toMillis() < 1000 ? millis(duration.toNanos() / 1000) : duration(duration);
    }

    /// Such as `12.0 s` or `1 h 04 min`.
    public static String duration(Duration duration) {
        if (duration.isNegative()) {
            // of two moments in an old store, whose computer's clock was set back between them
            return duration(Duration.ZERO);
        }
        long seconds = duration.toSeconds();
        if (seconds < 100) {
            return text("%.1f s", duration.toMillis() / 1e3);
        }
        return seconds < 3600
                ? text("%d min %02d s", seconds / 60, seconds % 60)
                : text("%d h %02d min", seconds / 3600,
                        seconds / 60 % 60);
    }

    /// With commas between the thousands.
    public static String count(long count) {
        return text("%,d", count);
    }

    /// A word with its number, such as `1 checkpoint` and `2 checkpoints`.
    public static String count(long count, String one) {
        return count(count) + " " + one + (count == 1 ? "" : "s");
    }

    public static String percent(double part, double whole) {
        return whole == 0 ? "0 %" : text("%.1f %%", 100 * part / whole);
    }

    public static String threeDigits(double number) {
        double size = Math.abs(number);
        return text(size < 9.995 ? "%.2f" : size < 99.95 ? "%.1f" : "%.0f", number);
    }

    /// [String#format] in no language, so that what scripts read does not change with the user's.
    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more library
    public static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
