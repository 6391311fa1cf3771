package dev.freezeframe.qmp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A folder that only we may enter, for sockets between us and our QEMUs: under `$XDG_RUNTIME_DIR` where that is
/// ours, else under `java.io.tmpdir`. Closing removes it with its files; what a killed JVM left behind is removed by
/// the next one.
public final class RunDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunDirectory.class);
    private static final String PREFIX = "freezeframe-";
    private static final Pattern OURS = Pattern.compile("freezeframe-(\\d+)-\\d+");
    private static final Pattern STAYING = Pattern.compile("freezeframe-detached-\\d+");
    /// In a folder that outlives its JVM: the process that the folder belongs to.
    private static final String PID_FILE = "pid";
    private static final AtomicBoolean SWEPT = new AtomicBoolean();

    private final Path path;

    private RunDirectory(Path path) {
        this.path = path;
    }

    /// A folder that belongs to this JVM and goes with it.
    public static RunDirectory create() throws IOException {
        return create(PREFIX + ProcessHandle.current().pid() + "-");
    }

    /// A folder for a process that outlives this JVM; call [#belongsTo] as soon as that process is known.
    public static RunDirectory createStaying() throws IOException {
        return create(PREFIX + "detached-");
    }

    private static RunDirectory create(String prefix) throws IOException {
        Path parent = parent();
        if (SWEPT.compareAndSet(false, true)) {
            sweep(parent);
        }
        // createTempDirectory passes the mode to mkdir(2): there is no moment at which others could enter.
        return new RunDirectory(Files.createTempDirectory(parent, prefix,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))));
    }

    private static Path parent() {
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        if (runtime != null && !runtime.isEmpty()) {
            Path path = Path.of(runtime);
            if (path.isAbsolute() && Files.isDirectory(path) && Files.isWritable(path)) {
                return path;
            }
        }
        return Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
    }

    /// Removes the folders of processes that are gone. Only a JVM that was killed between listen and accept leaves
    /// one, and a detached machine after it has ended.
    static void sweep(Path parent) {
        String user = System.getProperty("user.name");
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path folder : folders) {
                Optional<Long> owner = owner(folder);
                if (owner.isPresent() && ProcessHandle.of(owner.get()).isEmpty()
                        && Files.getOwner(folder).getName().equals(user)) {
                    LOG.info("removing {}, left behind by process {}", folder, owner.get());
                    remove(folder);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("looking for old folders in {}", parent, e);
        }
    }

    private static Optional<Long> owner(Path folder) throws IOException {
        String name = folder.getFileName().toString();
        Matcher ours = OURS.matcher(name);
        try {
            if (ours.matches()) {
                return Optional.of(Long.valueOf(ours.group(1)));
            }
            Path pid = folder.resolve(PID_FILE);
            if (STAYING.matcher(name).matches() && Files.isRegularFile(pid)) {
                return Optional.of(Long.valueOf(Files.readString(pid).strip()));
            }
        } catch (NumberFormatException e) {
            LOG.debug("{} has no process id", folder, e);
        }
        return Optional.empty();
    }

    public Path path() {
        return path;
    }

    /// A path for a socket in here, checked to be short enough for one.
    public Path socket(String name) throws IOException {
        return SocketPaths.checked(path.resolve(name));
    }

    /// Notes whose folder this is, so that it can be removed after that process has ended.
    public void belongsTo(long pid) throws IOException {
        Files.writeString(path.resolve(PID_FILE), pid + "\n");
    }

    @Override
    public void close() {
        try {
            remove(path);
        } catch (IOException e) {
            LOG.warn("could not remove {}: {}", path, e.toString());
        }
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }
}
