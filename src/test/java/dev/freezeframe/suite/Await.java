package dev.freezeframe.suite;

import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.ThrowingRunnable;

/// Waits in a test, and always for a state. What does not come fails the test after a minute; no test that passes waits that
/// long, so the limit may be generous and a busy machine breaks nothing.
public final class Await {
    /// For whatever else takes a limit.
    public static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);
    private static final int KERNELS_NAME_LENGTH = 15;

    private Await() {}

    // In the test's own thread: what a condition throws is the test's failure, and nobody else's handlers are touched.
    private static ConditionFactory patiently() {
        return Awaitility.given().pollInSameThread().dontCatchUncaughtExceptions().pollDelay(Duration.ZERO)
                .pollInterval(BETWEEN_LOOKS).atMost(PATIENCE);
    }

    /// Until something holds.
    ///
    /// @param what is the case then, for the message of a failure
    public static void until(String what, Callable<Boolean> condition) {
        patiently().alias(what).until(condition);
    }

    /// Until no assertion in there fails. The last one that did is the message.
    public static void untilAsserted(ThrowingRunnable assertions) {
        patiently().untilAsserted(assertions);
    }

    /// Looks until it sees what is wanted, and returns that.
    public static <T> T value(String what, Callable<T> look, Predicate<T> wanted) {
        return patiently().alias(what).until(look, wanted);
    }

    /// Until a program takes connections at its socket. The file alone is there a moment earlier, when nobody may connect yet.
    public static void listening(Process server, Path socket) {
        until("somebody listens at " + socket, () -> {
            if (!server.isAlive())
                throw new AssertionError("the server ended with status " + server.exitValue());
            try {
                UnixConnection.connect(socket).close();
                return true;
            } catch (IOException e) {
                return false;
            }
        });
    }

    /// Until threads are in this method, and each of them sleeps in the kernel. Where the method reads from a socket, all that
    /// was sent before this call has been taken in: whoever sleeps there is awake, for the kernel, from the moment that
    /// something comes.
    ///
    /// @param type where the method is
    public static void untilAsleepInside(Class<?> type, String method) {
        until("every thread in " + type.getSimpleName() + "." + method + " sleeps", () -> {
            List<Thread> inside = Thread.getAllStackTraces().keySet().stream().filter(thread -> isInside(thread, type,
                    method)).toList();
            return !inside.isEmpty() && inside.stream().allMatch(Await::isAsleep);
        });
    }

    /// Until all that guests have printed has arrived: every thread that reads a console sleeps in the kernel for more.
    public static void untilConsolesAreRead() {
        until("every console is read", () -> {
            List<Thread> readers = Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName()
                    .equals("console-reader")).toList();
            return !readers.isEmpty() && readers.stream().allMatch(thread -> isInside(thread, UnixConnection.class,
                    "read")) && isAsleep(readers.getFirst());
        });
    }

    /// Whether the thread is in a method, however deep.
    ///
    /// @param type where the method is
    public static boolean isInside(Thread thread, Class<?> type, String method) {
        return Stream.of(thread.getStackTrace()).anyMatch(frame -> frame.getClassName().equals(type.getName()) && frame
                .getMethodName().equals(method));
    }

    /// Asks the kernel, which knows threads by the beginnings of their names: whether all of that name sleep.
    static boolean isAsleep(Thread thread) throws UncheckedIOException {
        String name = thread.getName().substring(0, Math.min(KERNELS_NAME_LENGTH, thread.getName().length()));
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.map(Await::stat).filter(stat -> stat.contains("(" + name + ")")).allMatch(stat -> stat
                    .contains("(" + name + ") S"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String stat(Path task) {
        try {
            return Files.readString(task.resolve("stat"));
        } catch (IOException e) {
            return ""; // it has ended meanwhile
        }
    }
}
