package dev.freezeframe.qemu.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A QEMU that is installed here. Found as a machine would find it, and asked for its version by running it.
///
/// @param path the program
/// @param version such as `7.2.22`
public record QemuProgram(Path path, String version) {
    /// The QEMU to use when none is named: the one that the system property `freezeframe.qemu` names, else the one on the
    /// PATH.
    public static final Path DEFAULT_BINARY = Path.of(System.getProperty("freezeframe.qemu", "qemu-system-x86_64"));

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MOST_ANSWER_BYTES = 4096;
    private static final Pattern VERSION = Pattern.compile("QEMU emulator version ([0-9][0-9.]*)");

    /// Finds a program as a shell does.
    ///
    /// @param program a path, or a name that is looked up in `PATH`
    public static Optional<Path> find(Path program) {
        return Executables.find(program);
    }

    /// Finds a QEMU and runs it with `--version`. Waits some seconds at most.
    ///
    /// @throws MachineException if there is none, or it does not answer as QEMU does
    public static QemuProgram ask(Path program) throws MachineException {
        Path path = find(program).orElseThrow(() -> new MachineException("QEMU binary " + program + " not found"));
        Process process = null;
        try {
            process = Launcher.start(new ProcessBuilder(path.toString(), "--version").redirectErrorStream(true)
                    .redirectInput(new java.io.File("/dev/null")));
            Process started = process;
            Thread.ofVirtual().start(() -> endWhenLate(started));
            String answer = new String(process.getInputStream().readNBytes(MOST_ANSWER_BYTES), StandardCharsets.UTF_8);
            Matcher matcher = VERSION.matcher(answer);
            if (!matcher.find()) {
                throw new MachineException(path + " does not answer as QEMU does: " + TextTail.lastWords(answer));
            }
            return new QemuProgram(path, matcher.group(1));
        } catch (MachineException e) {
            throw e;
        } catch (IOException e) {
            throw new MachineException(path + " does not run: " + e.getMessage(), e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    private static void endWhenLate(Process process) {
        try {
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whether it is this version or a later one.
    public boolean isAtLeast(int major, int minor) {
        String[] parts = version.split("\\.", -1);
        int ownMajor = Integer.parseInt(parts[0]);
        int ownMinor = parts.length > 1 && !parts[1].isEmpty() ? Integer.parseInt(parts[1]) : 0;
        return ownMajor > major || (ownMajor == major && ownMinor >= minor);
    }
}
