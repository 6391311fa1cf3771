package dev.freezeframe.base;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/// Closes several things in order: all of them, also when one fails. The first failure is thrown, with the later ones suppressed.
///
/// For what is not known when a block begins; where it is, `try` with resources does the same.
public final class Closing {
    private Closing() {}

    /// Closes these, the first first; null is passed over.
    ///
    /// @throws IOException if that is what the first that failed threw, or what else it threw that is checked, as the cause
    public static void all(Iterable<? extends AutoCloseable> resources) throws IOException {
        Throwable first = null;
        for (AutoCloseable each : resources) {
            try {
                if (each != null) {
                    each.close();
                }
            } catch (Throwable e) {
                first = first == null ? e : suppressing(first, e);
            }
        }
        switch (first) {
            case null -> {
                return;
            }
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IOException(first.getMessage(), first);
        }
    }

    /// The same for things that throw nothing that is checked, such as method references to their `close`.
    public static void each(Unchecked... closes) {
        try {
            all(List.of(closes));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Something to close that throws nothing that is checked.
    @FunctionalInterface
    public interface Unchecked extends AutoCloseable {
        @Override
        void close();
    }

    @SuppressWarnings("ReferenceEquality") // the same one must not be suppressed by itself
    private static Throwable suppressing(Throwable first, Throwable later) {
        if (first != later) {
            first.addSuppressed(later);
        }
        return first;
    }

    /// Closes what was opened, the last first, and forgets it, so that a second call does nothing.
    ///
    /// @throws UncheckedIOException as of [#all]
    public static void emptied(List<AutoCloseable> opened) {
        List<AutoCloseable> all = List.copyOf(opened.reversed());
        opened.clear();
        try {
            all(all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
