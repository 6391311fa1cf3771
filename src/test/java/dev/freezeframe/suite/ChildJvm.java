package dev.freezeframe.suite;

import dev.freezeframe.TestedQemu;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A JVM of its own, for what a test cannot see in its own process: signals, ends, small heaps.
public final class ChildJvm {
    private ChildJvm() {}

    /// What starts one with the classes of this one; a main class and its arguments come behind it. Such JVMs live for seconds,
    /// so they compile and collect as the test run itself does.
    ///
    /// @param options of the JVM
    public static List<String> command(String... options) {
        List<String> command = new ArrayList<>(List.of(java().toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", TestedQemu.jvmOption()));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return command;
    }

    /// One that ends at Ctrl-C. A test run that was started in the background passes on that it ignores it.
    public static List<String> interruptible() {
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.addAll(command());
        return command;
    }

    public static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }
}
