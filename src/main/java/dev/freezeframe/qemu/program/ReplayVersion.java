package dev.freezeframe.qemu.program;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// The number in the first bytes of the logs that a QEMU writes and reads (`REPLAY_VERSION` in `replay/replay.c`). It writes it
/// when it ends, so a log of one that runs on, or that was killed, has none; and no command tells it. So a QEMU without a machine
/// is started for the tenth of a second that it takes to write an empty log.
public final class ReplayVersion {
    private static final int PATIENCE_SECONDS = 30;
    private static final String ENOUGH = "{\"execute\": \"qmp_capabilities\"}\n{\"execute\": \"quit\"}\n";
    private static final Map<Program, Integer> KNOWN = new ConcurrentHashMap<>();

    /// A file that may be replaced by a newer one of the same name.
    private record Program(Path path, FileTime modified) {
        static Program of(Path path) throws MachineException {
            try {
                return new Program(path, Files.getLastModifiedTime(path));
            } catch (IOException e) {
                throw new MachineException("QEMU binary " + path + " cannot be looked at: " + e.getMessage(), e);
            }
        }
    }

    private ReplayVersion() {}

    /// Of this QEMU.
    ///
    /// @param qemu    the program, which is there
    /// @param scratch an empty file, which is written
    /// @throws MachineException if it writes no log, with one line for the user
    public static int of(Path qemu, Path scratch) throws MachineException {
        Program program = Program.of(qemu);
        Integer known = KNOWN.get(program);
        if (known != null) {
            return known;
        }
        Process process = null;
        try {
            process = Launcher.start(new ProcessBuilder(List.of(qemu.toString(), "-machine", "none", "-accel", "tcg",
                    "-nodefaults", "-no-user-config", "-display", "none", "-S", "-qmp", "stdio", "-icount",
                    "shift=2,sleep=off,rr=record,rrfile=" + scratch)).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD));
            try (OutputStream commands = process.getOutputStream()) {
                commands.write(ENOUGH.getBytes(StandardCharsets.US_ASCII));
                commands.flush();
                if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    throw new MachineException(qemu + " does not end when it is told to");
                }
            }
            byte[] log = Files.readAllBytes(scratch);
            int version = log.length < Integer.BYTES ? 0 : ByteBuffer.wrap(log).getInt();
            if (version == 0) {
                throw new MachineException(qemu + " writes no log of a run (exit status " + process.exitValue()
                        + "); use another QEMU with --qemu");
            }
            KNOWN.put(program, version);
            return version;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MachineException("interrupted while " + qemu + " was asked for its version of logs", e);
        } catch (MachineException e) {
            throw e;
        } catch (IOException e) {
            throw new MachineException(qemu + " cannot be asked for its version of logs: " + e.getMessage(), e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }
}
