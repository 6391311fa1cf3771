package dev.freezeframe.qemu.machine;

import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.qemu.program.Launcher;
import dev.freezeframe.qemu.program.TextTail;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// QEMU as a process: what it wrote, how it ended, and how it is ended. For any thread.
final class QemuProcess {
    private static final Logger LOG = LoggerFactory.getLogger(QemuProcess.class);
    /// The end of its output comes with QEMU's own end; on a busy computer the thread that reads it may get to run later.
    private static final Duration LAST_WORDS_PATIENCE = Duration.ofSeconds(2);
    private static final Duration KILL_TIMEOUT = Duration.ofSeconds(10);

    private final Process process;
    private final CompletableFuture<ExitStatus> exit;
    private final LastWords lastWords;

    private QemuProcess(Process process, LastWords lastWords) {
        this.process = process;
        this.lastWords = lastWords;
        this.exit = process.onExit().thenApply(ended -> new ExitStatus(ended.exitValue()));
    }

    /// Where QEMU's standard error goes: a pipe to us, or a file for a machine that may outlive us.
    private interface LastWords {
        String text();

        void awaitEnd(Duration patience);
    }

    /// Starts one whose standard error comes to us, or goes to a file where it may outlive us.
    static QemuProcess start(List<String> commandLine, Optional<Path> log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(commandLine).redirectErrorStream(true).redirectInput(
                new File("/dev/null"));
        log.ifPresent(file -> builder.redirectOutput(ProcessBuilder.Redirect.appendTo(file.toFile())));
        Process process = Launcher.start(builder);
        try {
            return new QemuProcess(process, log.isPresent()
                    ? lastWordsOf(log.get())
                    : lastWordsOf(TextTail.of(process.getInputStream())));
        } catch (RuntimeException | Error e) {
            process.destroyForcibly(); // no thread to read what it says, for one
            throw e;
        }
    }

    private static LastWords lastWordsOf(TextTail tail) {
        return new LastWords() {
            @Override
            public String text() {
                return tail.text();
            }

            @Override
            public void awaitEnd(Duration patience) {
                tail.awaitEnd(patience);
            }
        };
    }

    private static LastWords lastWordsOf(Path file) {
        return new LastWords() {
            @Override
            public String text() {
                return TextTail.ofFile(file);
            }

            @Override
            public void awaitEnd(Duration patience) {
                // A file has all that was written to it.
            }
        };
    }

    /// The process that was started, which may be a script around QEMU.
    ProcessHandle handle() {
        return process.toHandle();
    }

    /// Completes when it has ended, however it did. Completing it has an effect on everybody.
    CompletableFuture<ExitStatus> exit() {
        return exit;
    }

    /// What it wrote to its standard error and output, the last 16 KiB.
    String log() {
        return lastWords.text();
    }

    /// How it ended, if it does within this time.
    Optional<ExitStatus> awaitEnd(Duration patience) {
        Optional<ExitStatus> status = Optional.ofNullable(exit.copy().completeOnTimeout(null, patience.toMillis(),
                TimeUnit.MILLISECONDS).join());
        if (status.isPresent()) {
            lastWords.awaitEnd(LAST_WORDS_PATIENCE);
        }
        return status;
    }

    /// What every waiting QMP call gets to hear when the connection ends.
    String fate(Duration patience) {
        try {
            if (!process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                return "QEMU (process " + process.pid() + ") closed its QMP connection but runs on";
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lastWords.awaitEnd(LAST_WORDS_PATIENCE);
        String words = TextTail.lastWords(lastWords.text());
        ExitStatus status = exit.getNow(new ExitStatus(process.isAlive() ? 0 : process.exitValue()));
        return "QEMU (process " + process.pid() + ") " + status.describe() + (words.isEmpty()
                ? ""
                : "; its last words: " + words);
    }

    /// Ends it by QEMU's own command first, by force when the grace is over. Returns when the process is gone.
    void quit(QmpClient qmp, Duration grace) {
        if (process.isAlive()) {
            try {
                qmp.execute(QmpCommand.of("quit"), grace);
            } catch (QmpException e) {
                LOG.debug("quit", e); // dying is what it was asked for
            }
        }
        boolean interrupted = Thread.interrupted();
        try {
            if (!process.waitFor(grace.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.warn("QEMU {} did not quit within {} ms and is killed", process.pid(), grace.toMillis());
                kill();
            }
        } catch (InterruptedException e) {
            interrupted = true;
            kill();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Ends it by force, and returns when it is gone.
    void kill() {
        process.destroyForcibly();
        boolean interrupted = Thread.interrupted();
        try {
            if (!process.waitFor(KILL_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                LOG.error("QEMU {} does not die", process.pid());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Nobody reads any more what it writes.
    void closeOutput() {
        try {
            process.getInputStream().close();
        } catch (IOException e) {
            LOG.warn("closing the output of QEMU {}: {}", process.pid(), e.toString());
        }
    }
}
