package dev.freezeframe.qemu.image;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.qemu.program.Executables;
import dev.freezeframe.qemu.program.Launcher;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.qemu.program.TextTail;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// QEMU's program for disk images. It is looked for beside QEMU first, then on the `PATH`, and what it complains about is
/// told in one line.
public final class QemuImg {
    private static final String NAME = "qemu-img";
    private static final int PATIENCE_SECONDS = 60;
    private static final int LOOK_MILLIS = 100;

    private final Path program;

    private QemuImg(Path program) {
        this.program = program;
    }

    /// The one that belongs to a QEMU.
    ///
    /// @param qemu QEMU's program, which is there
    /// @throws MachineException if there is none
    public static QemuImg besides(Path qemu) throws MachineException {
        Path beside = qemu.resolveSibling(NAME);
        Optional<Path> found = Files.isExecutable(beside)
                ? Optional.of(beside)
                : Executables.find(Path.of(NAME));
        return new QemuImg(found.orElseThrow(() -> new MachineException("program " + NAME
                + " not found, which makes the files that guests write their disks to; install the package qemu-utils")));
    }

    /// The one that belongs to the QEMU that is used where none is named.
    ///
    /// @throws MachineException if there is none
    public static QemuImg ofDefault() throws MachineException {
        return ofNamed(QemuProgram.DEFAULT_BINARY);
    }

    /// The one that belongs to a QEMU as it is named in a [dev.freezeframe.qemu.profile.MachineSpec].
    ///
    /// @throws MachineException if there is none
    public static QemuImg ofNamed(Path qemu) throws MachineException {
        return besides(Executables.find(qemu).orElse(qemu));
    }

    /// Where it is.
    public Path program() {
        return program;
    }

    /// Makes an empty qcow2 image of this virtual size.
    ///
    /// @param file replaced if it is there
    public void createQcow2(Path file, long sizeBytes) throws MachineException {
        run(List.of("create", "-q", "-f", "qcow2", file.toString(), Long.toString(sizeBytes)));
    }

    /// Copies what an NBD server serves to a new qcow2 image; parts that are zero take no room.
    ///
    /// @param file replaced if it is there
    /// @param meanwhile called some times a second from this thread; what it throws ends the copy and comes out of here
    /// @throws MachineException what went wrong, or that this thread was interrupted
    public void copyToQcow2(DiskBacking source, Path file, Runnable meanwhile) throws MachineException {
        ObjectNode image = JsonNodeFactory.instance.objectNode().put("driver", "nbd").put("export", source.export());
        image.putObject("server").put("type", "unix").put("path", source.socket().toString());
        run(List.of("convert", "-O", "qcow2", "json:" + image, file.toString()), Long.MAX_VALUE, meanwhile);
    }

    private void run(List<String> arguments) throws MachineException {
        run(arguments, TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS), () -> {});
    }

    private void run(List<String> arguments, long patienceNanos, Runnable meanwhile) throws MachineException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(arguments);
        Process process = null;
        try {
            process = Launcher.start(new ProcessBuilder(command).redirectErrorStream(true).redirectInput(new File(
                    "/dev/null")));
            TextTail words = TextTail.of(process.getInputStream());
            long start = System.nanoTime();
            while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                meanwhile.run();
                if (System.nanoTime() - start > patienceNanos) {
                    throw new MachineException(program + " does not end; look at the disk that it works on");
                }
            }
            words.awaitEnd(java.time.Duration.ofSeconds(1));
            if (process.exitValue() != 0) {
                throw new MachineException(String.join(" ", command) + " failed: " + TextTail.lastWords(words.text()));
            }
        } catch (MachineException e) {
            throw e;
        } catch (IOException e) {
            throw new MachineException(program + " does not run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MachineException("interrupted", e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }
}
