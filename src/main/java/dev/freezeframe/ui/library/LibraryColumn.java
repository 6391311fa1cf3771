package dev.freezeframe.ui.library;

import dev.freezeframe.base.ShownText;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A column of one of the library's tables: what it shows of a line, by what it sorts, and what it is called. Immutable.
///
/// @param id          what it is called in files: the same name as in the CSV files where those have it, with the unit
/// @param title       its heading
/// @param explanation one sentence for the tooltip of the heading
/// @param value       what it sorts by
/// @param text        that value for people, with its unit
/// @param numeric     whether it is a figure, which stands at the right
/// @param shown       whether it is shown unless the user wants otherwise
/// @param width       pixels at first
public record LibraryColumn<S, V extends Comparable<? super V>>(String id, String title, String explanation,
        Function<S, V> value, Function<V, String> text, boolean numeric, boolean shown, double width) {

    /// One of text, by which it is sorted too.
    public static <S> LibraryColumn<S, String> ofText(String id, String title, String explanation,
            Function<S, String> value,
            double width) {
        return new LibraryColumn<>(id, title, explanation, value, ShownText::oneLine, false, true, width);
    }

    /// One of figures.
    public static <S, V extends Comparable<? super V>> LibraryColumn<S, V> ofFigure(String id, String title,
            String explanation, Function<S, V> value, Function<V, String> text, double width) {
        return new LibraryColumn<>(id, title, explanation, value, text, true, true, width);
    }

    LibraryColumn<S, V> hidden() {
        return new LibraryColumn<>(id, title, explanation, value, text, numeric, false, width);
    }

    /// What it shows of a line.
    public String textOf(S line) {
        return text.apply(value.apply(line));
    }

    /// Lines as tab-separated values with a header, as spreadsheets take them from the clipboard: figures without units.
    public static <S> String tabSeparated(List<LibraryColumn<S, ?>> columns, Collection<S> lines) {
        StringBuilder text = new StringBuilder(columns.stream().map(LibraryColumn::id).collect(Collectors.joining(
                "\t"))).append('\n');
        for (S line : lines) {
            text.append(
                    columns.stream().map(column -> ShownText.oneLine(column.value().apply(line).toString())).collect(
                            Collectors.joining("\t")))
                    .append('\n');
        }
        return text.toString();
    }
}
