package dev.freezeframe.qemu.machine;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// Finds texts in what a guest prints, byte by byte as it comes: also one that arrives in several parts, goes over the end of
/// a line, or has a terminal's control sequences in it. Keeps nothing of what it has seen, and needs the same few steps for
/// each byte whatever comes.
///
/// Carriage returns, control sequences (ECMA-48) and other control characters but tab and line feed are left out of what is
/// compared. Each text is found by the algorithm of Knuth, Morris and Pratt (*Fast Pattern Matching in Strings*, 1977), and
/// each time that it comes. For one thread.
public final class TextMarks {
    private static final byte ESCAPE = 0x1b;
    private static final byte BELL = 0x07;
    private static final byte DELETE = 0x7f;

    /// Hears what was found.
    @FunctionalInterface
    public interface Listener {
        /// A text is complete.
        ///
        /// @param text index of the text
        /// @param bytes printed up to the text's end
        /// @param lines completed up to there
        void found(int text, long bytes, long lines);
    }

    /// Where in a control sequence the next byte is.
    private enum Place {
        TEXT,
        /// After ESC, and what may come between it and the letter that ends the sequence.
        ESCAPED,
        /// After ESC `[`, up to a letter.
        SEQUENCE,
        /// After what begins a string, such as a window's title: up to BEL or ESC `\`.
        STRING
    }

    private final byte[][] texts;
    /// For each length that is matched, the next shorter one that the same bytes match.
    private final int[][] shorter;
    private final int[] matched;
    private Place place = Place.TEXT;
    private long bytes;
    private long lines;

    /// @param texts as [#problem] has nothing against
    public TextMarks(List<String> texts) {
        this.texts = texts.stream().map(TextMarks::compared).toArray(byte[][]::new);
        shorter = new int[this.texts.length][];
        for (int i = 0; i < shorter.length; i++) {
            shorter[i] = shorterMatches(this.texts[i]);
        }
        matched = new int[this.texts.length];
    }

    private static byte[] compared(String text) {
        return text.replace("\r", "").getBytes(StandardCharsets.UTF_8);
    }

    /// Why nothing that a guest prints could be this text, for the user; null where it could.
    public static String problem(String text) {
        if (compared(text).length == 0) {
            return "a text to wait for must not be empty";
        }
        return text.chars().anyMatch(letter -> Character.isISOControl(letter) && "\r\n\t".indexOf(letter) < 0)
                ? "a text to wait for has control characters, which are left out of what the guest prints; leave them out"
                : null;
    }

    private static int[] shorterMatches(byte[] text) {
        int[] shorter = new int[text.length + 1];
        int length = 0;
        for (int i = 1; i < text.length; i++) {
            while (length > 0 && text[i] != text[length]) {
                length = shorter[length];
            }
            if (text[i] == text[length]) {
                length++;
            }
            shorter[i + 1] = length;
        }
        return shorter;
    }

    /// Takes what was printed next.
    public void take(byte[] printed, Listener listener) {
        for (byte each : printed) {
            bytes++;
            if (each == '\n') {
                lines++;
                place = Place.TEXT; // whatever a broken sequence was, it ends with its line
            }
            if (place != Place.TEXT) {
                place = next(each);
            } else if (each == ESCAPE) {
                place = Place.ESCAPED;
            } else if (!isLeftOut(each)) {
                compare(each, listener);
            }
        }
    }

    private static boolean isLeftOut(byte each) {
        return (each >= 0 && each < ' ' && each != '\n' && each != '\t') || each == DELETE;
    }

    private Place next(byte each) {
        return switch (place) {
            case ESCAPED -> switch (each) {
                case '[' -> Place.SEQUENCE;
                case ']', 'P', 'X', '^', '_' -> Place.STRING;
                default -> each >= ' ' && each < '0' ? Place.ESCAPED : Place.TEXT;
            };
            case SEQUENCE -> each >= '@' && each < DELETE ? Place.TEXT : Place.SEQUENCE;
            case STRING -> each == BELL ? Place.TEXT : each == ESCAPE ? Place.ESCAPED : Place.STRING;
            case TEXT -> Place.TEXT;
        };
    }

    private void compare(byte each, Listener listener) {
        for (int i = 0; i < texts.length; i++) {
            int length = matched[i];
            if (length == texts[i].length) {
                length = shorter[i][length];
            }
            while (length > 0 && texts[i][length] != each) {
                length = shorter[i][length];
            }
            matched[i] = texts[i][length] == each ? length + 1 : 0;
            if (matched[i] == texts[i].length) {
                listener.found(i, bytes, lines);
            }
        }
    }

    /// Bytes taken so far.
    public long bytes() {
        return bytes;
    }

    /// Lines completed so far.
    public long lines() {
        return lines;
    }
}
