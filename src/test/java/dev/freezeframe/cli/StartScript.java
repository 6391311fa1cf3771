package dev.freezeframe.cli;

import dev.freezeframe.TestedQemu;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/// A built checkout, made of this build by links, whose start script runs the program as a user's shell does: with no more
/// environment than it is given.
final class StartScript implements AutoCloseable {
    private final Path checkout;
    private final List<Path> links = new ArrayList<>();

    /// What a call ended with.
    record Outcome(int status, String out, String err) {}

    /// Makes the checkout in an empty folder.
    StartScript(Path folder) throws IOException {
        checkout = folder;
        for (String part : List.of("installer", "qemu-profiles", "assets")) {
            link(folder.resolve(part), Path.of(part).toAbsolutePath());
        }
        Path libraries = Files.createDirectories(folder.resolve("target/lib"));
        List<Path> classes = new ArrayList<>();
        for (String entry : WalkThrough.classPath().split(File.pathSeparator, -1)) {
            Path path = Path.of(entry).toAbsolutePath();
            if (entry.endsWith(".jar")) {
                link(libraries.resolve(path.getFileName()), path);
            } else if (Files.isDirectory(path)) {
                classes.add(path);
            }
        }
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classes.stream().map(path -> path.toUri()
                .toString()).collect(Collectors.joining(" ")));
        new JarOutputStream(Files.newOutputStream(folder.resolve("target/freezeframe-test.jar")), manifest).close();
    }

    private void link(Path name, Path target) throws IOException {
        links.add(Files.createSymbolicLink(name, target));
    }

    /// Takes the links away, so that whoever deletes the folder deletes nothing else.
    @Override
    public void close() throws IOException {
        for (Path link : links) {
            Files.deleteIfExists(link);
        }
    }

    Path checkout() {
        return checkout;
    }

    /// Calls the program and waits for its end.
    Outcome call(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(checkout.resolve("installer/freezeframe").toString()));
        command.addAll(List.of(arguments));
        return run(environment, command);
    }

    /// Has a shell call the program, as `"$program"`.
    Outcome shell(Map<String, String> environment, String line) throws IOException, InterruptedException {
        return run(environment, List.of("bash", "--norc", "-c", "program=$0; " + line, checkout.resolve(
                "installer/freezeframe").toString()));
    }

    private Outcome run(Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        Path err = Files.createTempFile(checkout, "err", "");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", System.getenv("PATH"), "JAVA_HOME", System.getProperty(
                "java.home"), "FREEZEFRAME_JAVA_OPTS", "-XX:TieredStopAtLevel=1 " + TestedQemu.jvmOption()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out, Files.readString(err));
    }
}
