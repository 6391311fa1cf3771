package dev.freezeframe.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// The plugins of this checkout, where the program looks for them.
public final class BuiltPlugins {
    private BuiltPlugins() {}

    /// Builds those that are older than their sources.
    public static void require() throws IOException, InterruptedException {
        Process build = new ProcessBuilder("installer/plugins.sh", "target/plugins").redirectErrorStream(true).start();
        String said = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, build.waitFor(), said);
    }
}
