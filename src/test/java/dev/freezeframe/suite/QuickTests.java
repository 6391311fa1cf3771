package dev.freezeframe.suite;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Fails a test of the quick run that starts a program of QEMU's: it lacks `@Tag("qemu")`. In that run the folder
/// `src/test/no-qemu` is the first of the `PATH`; what is in there notes the processes that it was started for, and ends.
public final class QuickTests implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    /// The folder, in the quick run only.
    private static final String FOLDER = "freezeframe.no-qemu";

    private final Path folder = System.getProperty(FOLDER, "").isEmpty() ? null : Path.of(System.getProperty(FOLDER));
    private final Path notes = Path.of("target/no-qemu", Long.toString(ProcessHandle.current().pid()));

    /// Made by JUnit.
    public QuickTests() {
        if (folder != null) {
            System.setProperty("freezeframe.qemu", folder.resolve("qemu-system-x86_64").toString());
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        Files.deleteIfExists(notes); // of an earlier process with this number
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        check();
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        check();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        check();
    }

    private void check() throws IOException {
        if (folder == null) {
            return;
        }
        String started;
        try {
            started = Files.readString(notes);
            Files.delete(notes);
        } catch (NoSuchFileException e) {
            return;
        }
        fail("a test of the quick run started a program of QEMU's; put @Tag(\"qemu\") on it:\n" + started);
    }
}
