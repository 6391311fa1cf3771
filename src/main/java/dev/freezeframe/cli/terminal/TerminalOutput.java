package dev.freezeframe.cli.terminal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.ShownText;
import java.io.PrintWriter;
import java.util.Optional;

/// Prints lines, and on a terminal keeps one line of status below them: where results go elsewhere, on the terminal of
/// standard error. Without a terminal the status is not printed at all, and no control character is. Safe for use by several
/// threads.
public final class TerminalOutput implements AutoCloseable {
    private static final String ESCAPE = "\u001b[";
    private static final String CLEAR_LINE = "\r" + ESCAPE + "K";
    /// Without automatic wrapping the terminal cuts the status off at its right edge by itself, however wide it is.
    private static final String NO_WRAP = ESCAPE + "?7l";
    private static final String WRAP = ESCAPE + "?7h";

    private final PrintWriter out;
    private final PrintWriter err;
    private final Optional<PrintWriter> statusOut;
    private final boolean terminal;
    private final int columns;
    @GuardedBy("this")
    private String status = "";

    public TerminalOutput(CliEnvironment surroundings) {
        out = surroundings.out();
        err = surroundings.err();
        terminal = surroundings.terminal();
        statusOut = terminal
                ? Optional.of(out)
                : surroundings.errorTerminal() ? Optional.of(err) : Optional.empty();
        columns = surroundings.columns();
    }

    public boolean terminal() {
        return terminal;
    }

    /// How long a line can be without being wrapped, as it was at the start.
    public int columns() {
        return columns;
    }

    /// A result.
    public synchronized void line(String text) {
        clear();
        out.println(ShownText.lines(text));
        show();
    }

    /// A remark or an error; not part of the results.
    public synchronized void remark(String text) {
        clear();
        out.flush();
        err.println(ShownText.lines(text));
        err.flush();
        show();
    }

    /// Replaces the status line.
    public synchronized void status(String text) {
        if (statusOut.isPresent() && !text.equals(status)) {
            clear();
            status = text;
            show();
        }
    }

    /// Whether nobody reads the results any more, as when a pipe was closed.
    public synchronized boolean readerGone() {
        return out.checkError();
    }

    @GuardedBy("this")
    private void clear() {
        if (!status.isEmpty()) {
            statusOut.ifPresent(screen -> screen.print(CLEAR_LINE));
        }
    }

    @GuardedBy("this")
    private void show() {
        if (!status.isEmpty()) {
            statusOut.ifPresent(screen -> screen.print(NO_WRAP + ESCAPE + "2m" + status + ESCAPE + "0m" + WRAP));
        }
        statusOut.ifPresent(PrintWriter::flush);
        out.flush();
    }

    /// Takes the status line away.
    @Override
    public synchronized void close() {
        clear();
        status = "";
        statusOut.ifPresent(PrintWriter::flush);
        out.flush();
    }
}
