package dev.freezeframe.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.cli.Main;
import dev.freezeframe.suite.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Where no window can be opened, the program says so and what to do, whether it is the display or GTK that is not there.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DesktopWindowTest {
    @TempDir
    Path home;

    @Test
    void aDisplayThatCannotBeOpenedIsToldInOneLine() throws Exception {
        Path messages = home.resolve("err");
        List<String> command = ChildJvm.command();
        command.addAll(List.of(Main.class.getName(), "app", "--store", home.resolve("store").toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(messages.toFile());
        builder.environment().put("XDG_STATE_HOME", home.resolve("state").toString());
        builder.environment().put("DISPLAY", "nowhere.invalid:99");
        builder.environment().remove("WAYLAND_DISPLAY");
        Process program = builder.start();
        try {
            assertTrue(program.waitFor(50, TimeUnit.SECONDS));
            // JavaFX itself may say more before
            List<String> lines = Files.readAllLines(messages);
            assertEquals(1, program.exitValue(), lines.toString());
            String last = lines.getLast();
            assertTrue(last.startsWith("freezeframe app: the ") && last.contains("cannot be opened") && last.endsWith(
                    "record, list, restore"), lines.toString());
        } finally {
            program.destroyForcibly();
        }
    }
}
