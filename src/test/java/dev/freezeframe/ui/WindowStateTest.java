package dev.freezeframe.ui;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.TestLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WindowStateTest {
    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        WindowState state = new WindowState(true, "/lab/store", 10, 20, 1600, 1000, true, 250, Map.of("whole",
                new double[]{0.25}));
        state.write(folder.resolve("new"));
        WindowState read = WindowState.read(folder.resolve("new"));
        assertEquals(state.store(), read.store());
        assertEquals(250, read.intervalMillis());
        assertEquals(1600, read.width());
        assertTrue(read.dark() && read.maximized());
        assertArrayEquals(new double[]{0.25}, read.dividers().get("whole"));
    }

    @Test
    void onlyItsOwnerReadsIt() throws IOException {
        WindowState.FIRST.write(folder.resolve("new"));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("new"))));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(
                "new/window.json"))));
    }

    @Test
    void aFirstStartHasTheDefaults() {
        assertEquals(WindowState.FIRST.width(), WindowState.read(folder).width());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{", "[]",
            "{\"width\": 1e300, \"height\": -5, \"intervalMillis\": 0, \"store\": null}",
            "{\"dividers\": {\"whole\": \"wide\"}}"})
    void aBrokenFileMeansTheDefaults(String content) throws IOException {
        TestLog.allow("the remembered state of the window in .* is left out");
        Files.writeString(folder.resolve("window.json"), content);
        WindowState read = WindowState.read(folder);
        assertEquals(1440, read.width());
        assertEquals(900, read.height());
        assertTrue(read.intervalMillis() >= 100);
    }
}
