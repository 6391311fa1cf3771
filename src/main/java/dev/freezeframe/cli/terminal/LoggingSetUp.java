package dev.freezeframe.cli.terminal;

import java.nio.file.InvalidPathException;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Sends the log to a file of the user's instead of the terminal. The logging framework makes an instance when the first
/// line is logged, so that a command which logs nothing pays nothing.
public final class LoggingSetUp {
    private static final String FORMAT = "%1$tF %1$tT.%1$tL %4$s %2$s: %5$s%6$s%n";

    /// Called by the logging framework.
    public LoggingSetUp() {
        System.setProperty("java.util.logging.SimpleFormatter.format", FORMAT);
        Logger root = Logger.getLogger("");
        root.setLevel(Level.INFO);
        try {
            root.addHandler(new LogFile(CliEnvironment.ofThisProcess(null, null).logFile()));
        } catch (InvalidPathException _) {
            // Its folder's name cannot be read, which whatever is called next will say.
        }
    }

    /// Has the logging framework come here, unless the user configured it himself.
    public static void prepare() {
        if (System.getProperty("java.util.logging.config.file") == null) {
            System.setProperty("java.util.logging.config.class", LoggingSetUp.class.getName());
        }
    }
}
