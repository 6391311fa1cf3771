package dev.freezeframe.cli.terminal;

import dev.freezeframe.base.UserFolders;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/// What the program finds around it: where it prints, its environment variables, and whether a person watches.
/// Everything that a command would take from the process comes through here, so that a test can run one in its own.
///
/// @param in what the user types or pipes in
/// @param out for results
/// @param err for errors and remarks
/// @param environment looks up an environment variable, null where it is not set
/// @param terminal whether `out` is a terminal that understands cursor movement
/// @param errorTerminal whether `err` is one
public record CliEnvironment(InputStream in, PrintWriter out, PrintWriter err, UnaryOperator<String> environment,
        boolean terminal, boolean errorTerminal) {
    private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    /// Without a terminal for `err`.
    public CliEnvironment(InputStream in, PrintWriter out, PrintWriter err, UnaryOperator<String> environment,
            boolean terminal) {
        this(in, out, err, environment, terminal, false);
    }

    public static CliEnvironment ofThisProcess(PrintWriter out, PrintWriter err) {
        String kind = System.getenv("TERM");
        boolean plain = kind == null || kind.isEmpty() || kind.equals("dumb");
        return new CliEnvironment(System.in, out, err, System::getenv, !plain && isTerminal(STANDARD_OUTPUT), !plain
                && isTerminal(STANDARD_ERROR));
    }

    /// Asked of the kernel and not of [System#console], which wants standard input to be a terminal as well.
    private static boolean isTerminal(Path stream) {
        try {
            String target = Files.readSymbolicLink(stream).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException _) {
            return false;
        }
    }

    /// How many letters a line of the terminal takes; unlimited where there is none or it does not tell.
    int columns() {
        if (!terminal) {
            return Integer.MAX_VALUE;
        }
        try {
            Process stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty")).redirectError(
                    ProcessBuilder.Redirect.DISCARD).start();
            String[] size = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip().split(
                    " ",
                    -1);
            int columns = Integer.parseInt(size[size.length - 1]);
            return columns > 0 ? columns : Integer.MAX_VALUE;
        } catch (IOException | NumberFormatException _) {
            return Integer.MAX_VALUE;
        }
    }

    /// Where this user's files are.
    public UserFolders folders() {
        return new UserFolders(environment);
    }

    public Path defaultStore() {
        return folders().data().resolve("store");
    }

    Path logFile() {
        return folders().state().resolve("freezeframe.log");
    }
}
