package dev.freezeframe.base;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A line of comma-separated values as RFC 4180 has it, line end CR LF included, so that every spreadsheet and `read_csv` takes it.
public final class CsvLine {
    private CsvLine() {}

    /// A line of these fields, with quotes where one of them needs them.
    public static String of(Stream<?> fields) {
        return fields.map(field -> quoted(field.toString())).collect(Collectors.joining(",", "", "\r\n"));
    }

    /// Text that somebody typed, with an apostrophe in front where it begins like a formula, so that a spreadsheet does not
    /// compute what came with somebody else's store.
    public static String typed(String text) {
        return !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
    }

    private static String quoted(String text) {
        return text.chars().anyMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n')
                ? '"' + text.replace("\"", "\"\"") + '"'
                : text;
    }
}
