package dev.freezeframe.base;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Text from elsewhere on its way to a terminal or a label: from a guest, a bundle, a file's name. What would move a cursor,
/// change colours or turn the direction of what follows is replaced; everything else stays as it is.
public final class ShownText {
    /// A class of a regular expression: Unicode's control and format characters (Cc and Cf). Nobody sees any of them, so what
    /// is to be told apart by its name has none.
    public static final String UNSEEN = "\\p{Cc}\\p{Cf}";

    /// Both sets of control characters, as one of the second begins a terminal's sequences too (U+009B), separators of lines, and
    /// what Unicode calls bidirectional formatting (UAX #9).
    private static final String UNSHOWN = "\\p{Cc}\\u2028\\u2029\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
    private static final Pattern ANY = Pattern.compile("[" + UNSHOWN + "]");
    private static final Pattern ANY_BUT_LINES = Pattern.compile("[" + UNSHOWN + "&&[^\\n\\t]]");

    /// ECMA-48: control sequences, strings such as a window's title, and the short sequences, such as that for a character set.
    private static final Pattern STEERING = Pattern.compile("(\u001b\\[|\u009b)[0-?]*[ -/]*[@-~]"
            + "|\u001b[PX\\]^_][^\u0007\u001b\\n]*(\u0007|\u001b\\\\)?|\u001b([ -/]*[0-~])?");

    private ShownText() {}

    /// What a terminal would print of this: without the sequences that steer it. Characters that are not shown are still in it.
    public static String withoutSteering(String text) {
        return STEERING.matcher(text).replaceAll("");
    }

    /// With a question mark for each character that is not shown, line ends included.
    public static String marked(String text) {
        return replaced(text, "?");
    }

    /// With this for each character that is not shown, line ends included.
    public static String replaced(String text, String replacement) {
        return ANY.matcher(text).replaceAll(replacement);
    }

    /// On one line, with a slash for each line end and a space for each other character that is not shown.
    public static String oneLine(String text) {
        return replaced(text.strip().replaceAll("\\s*\\R\\s*", " / "), " ");
    }

    /// With its number for each character that is not shown, as JSON writes it, so that a line of JSON stays what it is; several
    /// lines stay several.
    public static String lines(String text) {
        return ANY_BUT_LINES.matcher(text).replaceAll(found -> Matcher.quoteReplacement(String.format(Locale.ROOT,
                "\\u%04x", (int) found.group().charAt(0))));
    }
}
