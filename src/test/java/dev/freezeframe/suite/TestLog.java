package dev.freezeframe.suite;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Pattern;

/// The log while tests run: kept in memory instead of shown, for the test that is running. Tests run one after the other in
/// a JVM, so what is logged meanwhile, by whichever thread, is that test's.
public final class TestLog {
    private static final TestLog THE_ONE = new TestLog();

    private final ConcurrentLinkedQueue<LogRecord> records = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Pattern> allowed = new ConcurrentLinkedQueue<>();
    /// The framework keeps loggers by weak references only.
    private final Logger root = Logger.getLogger("");

    private TestLog() {
        for (Handler shown : root.getHandlers()) {
            root.removeHandler(shown);
        }
        root.addHandler(new Handler() {
            @Override
            public void publish(LogRecord record) {
                records.add(record);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
    }

    static TestLog ofThisJvm() {
        return THE_ONE;
    }

    /// From here to the end of the running test, or of its class when called from `@BeforeAll`, such warnings are all right.
    ///
    /// @param regex found somewhere in the line, see [ExpectWarnings]
    public static void allow(String regex) {
        THE_ONE.allowed.add(Pattern.compile(regex));
    }

    /// What was logged since the last call.
    List<LogRecord> take() {
        return drain(records);
    }

    /// What was allowed since the last call.
    List<Pattern> takeAllowed() {
        return drain(allowed);
    }

    private static <T> List<T> drain(ConcurrentLinkedQueue<T> queue) {
        List<T> taken = new ArrayList<>();
        for (T next = queue.poll(); next != null; next = queue.poll()) {
            taken.add(next);
        }
        return taken;
    }

    static boolean isWarning(LogRecord record) {
        return record.getLevel().intValue() >= Level.WARNING.intValue();
    }

    /// The line that an announcement is compared with.
    static String line(LogRecord record) {
        String message = new SimpleFormatter().formatMessage(record);
        return record.getThrown() == null ? message : message + ": " + record.getThrown();
    }

    /// Everything about it, for a person who looks for what failed.
    static String inFull(LogRecord record) {
        return new SimpleFormatter().format(record).stripTrailing();
    }
}
