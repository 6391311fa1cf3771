package dev.freezeframe.store.figure;

import java.util.Arrays;

/// A value for every figure of one table; 0 where none was given. Immutable.
///
/// @param <F> the table
@SuppressWarnings("EnumOrdinal") // what EnumMap does, without a box for each of some thousand checkpoints' figures
public final class FigureValues<F extends Enum<F> & Figure> {
    private final Class<F> table;
    private final long[] values;

    private FigureValues(Class<F> table, long[] values) {
        this.table = table;
        this.values = values;
    }

    /// Nothing but zeros.
    public static <F extends Enum<F> & Figure> FigureValues<F> none(Class<F> table) {
        return new FigureValues<>(table, new long[table.getEnumConstants().length]);
    }

    /// The value of a figure.
    public long of(F figure) {
        return values[figure.ordinal()];
    }

    /// The same with another value for one figure.
    public FigureValues<F> with(F figure, long value) {
        long[] changed = values.clone();
        changed[figure.ordinal()] = value;
        return new FigureValues<>(table, changed);
    }

    /// What reads a figure from somewhere.
    ///
    /// @param <F> the table
    /// @param <X> what reading fails with
    @FunctionalInterface
    public interface Source<F, X extends Exception> {
        /// The value of this figure.
        long of(F figure) throws X;
    }

    /// Every figure of a table that is kept, asked for in the order of the table.
    public static <F extends Enum<F> & Figure, X extends Exception> FigureValues<F> read(Class<F> table,
            Source<F, X> source) throws X {
        FigureValues<F> read = none(table);
        for (F figure : table.getEnumConstants()) {
            if (!figure.derived()) {
                read.values[figure.ordinal()] = source.of(figure);
            }
        }
        return read;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FigureValues<?> that && table == that.table && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (F figure : table.getEnumConstants()) {
            text.append(text.isEmpty() ? "" : ", ").append(figure.column()).append(' ').append(of(figure));
        }
        return text.toString();
    }
}
