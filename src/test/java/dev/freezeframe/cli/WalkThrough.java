package dev.freezeframe.cli;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.suite.ChildJvm;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/// A user who types a document's commands one after the other into a shell of his own, in a home folder that has nothing but the
/// demo machine, and a `target/lib` with the libraries as a checkout has it. `freezeframe` is this build; everything that it keeps
/// is in that folder.
final class WalkThrough implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 180;
    /// What a document shows where somebody typed Ctrl-C.
    private static final String INTERRUPT = "^C";

    private final Path home;
    private final Path binaries;
    private Path workingFolder;
    private final Map<String, String> names = new HashMap<>();
    private final List<Path> links = new ArrayList<>();

    WalkThrough(Path folder) throws IOException {
        home = Files.createDirectories(folder.resolve("home"));
        workingFolder = home;
        binaries = Files.createDirectories(folder.resolve("bin"));
        Path cache = Files.createDirectories(home.resolve(".cache/freezeframe"));
        link(cache.resolve("guest"), Guest.folder());
        Path libraries = Files.createDirectories(home.resolve("target/lib"));
        for (String library : classPath().split(File.pathSeparator, -1)) {
            if (library.endsWith(".jar")) {
                link(libraries.resolve(Path.of(library).getFileName()), Path.of(library));
            }
        }
        Path checkout = Path.of("").toAbsolutePath();
        Path java = ChildJvm.java();
        Path start = Files.writeString(binaries.resolve("freezeframe"),
                """
                        #!/bin/sh
                        exec '%s' --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Xmx512m \\
                          -XX:MaxDirectMemorySize=1g -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dglass.platform=Headless -Dprism.order=sw \\
                          %s "-Duser.home=$HOME" '-Dfreezeframe.home=%s' -cp '%s' dev.freezeframe.cli.Main "$@"
                        """
                        .formatted(java, TestedQemu.jvmOption(), checkout, classPath()));
        Files.setPosixFilePermissions(start, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void link(Path name, Path target) throws IOException {
        links.add(Files.createSymbolicLink(name, target));
    }

    /// Takes the links away that lead out of its folder, so that whoever deletes the folder deletes nothing else.
    @Override
    public void close() throws IOException {
        for (Path link : links) {
            Files.deleteIfExists(link);
        }
    }

    /// This build and its libraries.
    static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /// Types a command and compares what it prints.
    ///
    /// @throws AssertionError if it fails, takes too long, or prints something else
    void type(Document.Command command) throws IOException, InterruptedException {
        List<String> shown = command.output();
        int interrupt = shown.indexOf(INTERRUPT);
        List<String> printed = new ArrayList<>();
        AtomicBoolean tooLong = new AtomicBoolean();
        Path whereItEnded = home.resolveSibling("pwd");
        String text = ShownOutput.withNames(command.text(), names);
        ProcessBuilder builder = new ProcessBuilder("bash", "--norc", "-c", text + "\nstatus=$?; pwd > '"
                + whereItEnded + "'; exit $status").directory(workingFolder.toFile()).redirectErrorStream(true);
        surround(builder.environment());
        Process shell = builder.start();
        Thread watch = Thread.startVirtualThread(() -> {
            try {
                if (!shell.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    tooLong.set(true);
                    shell.descendants().forEach(ProcessHandle::destroyForcibly);
                    shell.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        shell.getOutputStream().close();
        try (BufferedReader reader = shell.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                printed.add(line);
                if (printed.size() == interrupt) {
                    shell.children().forEach(ProcessHandle::destroy); // the program takes this as it takes Ctrl-C
                }
            }
        }
        int status = shell.waitFor();
        watch.interrupt();
        if (tooLong.get() || command.fails() != (status != 0)) {
            throw new AssertionError(command + (tooLong.get()
                    ? "\ntook more than " + PATIENCE_SECONDS + " s"
                    : "\nended with status " + status) + " and printed:\n" + String.join("\n", printed));
        }
        workingFolder = Path.of(Files.readString(whereItEnded).strip());
        if (!command.outputVaries()) {
            ShownOutput.Comparison comparison = new ShownOutput(shown.stream().filter(line -> !line.equals(INTERRUPT))
                    .toList()).with(printed);
            if (!comparison.same()) {
                throw new AssertionError(command + "\nshows a line that is not printed: " + comparison.firstMissing()
                        .orElse("") + "\nprinted was:\n" + String.join("\n", printed));
            }
            names.putAll(comparison.names());
        }
    }

    private void surround(Map<String, String> environment) {
        Stream.of("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "DISPLAY", "WAYLAND_DISPLAY",
                "TERM").forEach(environment::remove);
        environment.put("HOME", home.toString());
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("PATH",
                binaries + ":" + Path.of(System.getProperty("java.home"), "bin") + ":" + environment.get(
                        "PATH"));
    }
}
