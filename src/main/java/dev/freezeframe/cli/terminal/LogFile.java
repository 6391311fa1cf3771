package dev.freezeframe.cli.terminal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;

/// The log: a file that only its owner may read, with one predecessor, each bounded in size.
/// Several processes may write it at the same time; a line is appended whole. Where it cannot be written the program goes on
/// without it, and whoever refers to it can ask why.
public final class LogFile extends Handler {
    private static final long MOST_BYTES = 2 << 20;

    private static volatile Optional<String> problem = Optional.empty();

    private final Path path;
    @GuardedBy("this")
    private FileChannel channel;

    public LogFile(Path path) {
        this.path = path;
        setFormatter(new SimpleFormatter());
    }

    @Override
    public synchronized void publish(LogRecord line) {
        if (!isLoggable(line)) {
            return;
        }
        try {
            if (channel == null) {
                channel = open();
            }
            if (channel.size() > MOST_BYTES) {
                channel.close();
                channel = null;
                Files.move(path, path.resolveSibling(path.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
                channel = open();
            }
            ByteBuffer text = ByteBuffer.wrap(getFormatter().format(line).getBytes(StandardCharsets.UTF_8));
            while (text.hasRemaining()) {
                channel.write(text);
            }
        } catch (IOException e) {
            // A full disk or a folder that is not ours must not end a recording, nor stand before its results.
            problem = Optional.of(FileProblem.of(e).orElse(path + ": " + e.getMessage()));
        }
    }

    /// Why this process could not write a line, if it once could not.
    static Optional<String> problem() {
        return problem;
    }

    private FileChannel open() throws IOException {
        Files.createDirectories(path.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(
                "rwx------")));
        return FileChannel.open(path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.APPEND),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(
                        "rw-------")));
    }

    @Override
    public void flush() {}

    @Override
    public synchronized void close() {
        try {
            if (channel != null) {
                channel.close();
                channel = null;
            }
        } catch (IOException e) {
            problem = Optional.of(FileProblem.of(e).orElse(path + ": " + e.getMessage()));
        }
    }
}
