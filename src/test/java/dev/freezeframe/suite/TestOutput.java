package dev.freezeframe.suite;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// Standard output and standard error of this JVM and of what it starts, while tests run: kept for the test that is running.
/// What the suite itself has to say goes to the streams that were there before.
public final class TestOutput {
    private static final TestOutput THE_ONE = new TestOutput();
    /// JavaFX says so where it is told to draw less often, as it is for tests.
    private static final Pattern DRAWS_LESS_OFTEN = Pattern.compile("Setting PULSE_DURATION to \\d+ hz\\R");

    private final PrintStream shown = System.out;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final Path childrensFile = Path.of("target/child-output", ProcessHandle.current().pid() + ".log");
    private long childrensBytesTaken;

    private TestOutput() {
        PrintStream keeper = new PrintStream(kept, true, StandardCharsets.UTF_8);
        System.setOut(keeper);
        System.setErr(keeper);
    }

    static TestOutput ofThisJvm() {
        return THE_ONE;
    }

    /// Where a program that a test starts prints to, if the test does not read it: a file, shown when the test fails. This
    /// JVM's own streams are not for it; Maven speaks with the JVM by them.
    public static ProcessBuilder.Redirect ofChildren() throws IOException {
        Files.createDirectories(THE_ONE.childrensFile.getParent());
        return ProcessBuilder.Redirect.appendTo(THE_ONE.childrensFile.toFile());
    }

    /// What this JVM printed since the last call.
    String take() {
        synchronized (kept) {
            String text = kept.toString(StandardCharsets.UTF_8);
            kept.reset();
            return DRAWS_LESS_OFTEN.matcher(text).replaceAll("");
        }
    }

    /// What its children printed since the last call.
    String takeOfChildren() {
        if (!Files.exists(childrensFile)) {
            return "";
        }
        try (RandomAccessFile file = new RandomAccessFile(childrensFile.toFile(), "r")) {
            byte[] bytes = new byte[Math.toIntExact(file.length() - childrensBytesTaken)];
            file.seek(childrensBytesTaken);
            file.readFully(bytes);
            childrensBytesTaken += bytes.length;
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /// Where a person sees it.
    PrintStream shown() {
        return shown;
    }
}
