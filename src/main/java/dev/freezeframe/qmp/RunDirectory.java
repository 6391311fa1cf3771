package dev.freezeframe.qmp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A folder that only we may enter, for sockets between us and our QEMUs: under `$XDG_RUNTIME_DIR` where that is
/// ours, else under `$TMPDIR`, else under `java.io.tmpdir`. Closing removes it with its files; what a killed JVM left behind is removed by
/// the next one that uses the same place, and a QEMU in it that was never let go is ended.
public final class RunDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunDirectory.class);
    private static final String PREFIX = "freezeframe-";
    private static final Pattern OURS = Pattern.compile("freezeframe-(\\d+)-\\d+");
    /// The first number is the JVM that made it.
    private static final Pattern STAYING = Pattern.compile("freezeframe-detached-(?:(\\d+)-)?\\d+");
    /// In a folder that outlives its JVM: the process that the folder belongs to.
    private static final String PID_FILE = "pid";
    /// In a folder that outlives its JVM: the socket by which a later one can end the process.
    private static final String QMP_SOCKET = "qmp";
    /// In a folder that outlives its JVM, once it shall: the process may run on.
    private static final String LET_GO_FILE = "detached";
    /// In a folder that outlives its JVM: what the process wrote to its standard error.
    private static final String LOG_FILE = "qemu.log";
    private static final long MOST_LOG_BYTES = 1 << 20;
    /// A folder without a process is this old when the process will not come any more.
    private static final Duration START_PATIENCE = Duration.ofMinutes(1);
    private static final Duration QUIT_PATIENCE = Duration.ofSeconds(2);
    /// Characters of the longest path of a socket below: two numbers of a process and of `createTempDirectory`, and a name.
    private static final int LONGEST_BELOW = "/freezeframe-detached-4194304-18446744073709551615/capture".length();
    private static final AtomicBoolean SWEPT = new AtomicBoolean();

    private final Path path;

    private RunDirectory(Path path) {
        this.path = path;
    }

    /// A folder that belongs to this JVM and goes with it.
    public static RunDirectory create() throws IOException {
        return create(PREFIX + ProcessHandle.current().pid() + "-");
    }

    /// A folder for a process that outlives this JVM; call [#belongsTo] as soon as that process is known, and [#letGo]
    /// when it may run on.
    public static RunDirectory createStaying() throws IOException {
        return create(PREFIX + "detached-" + ProcessHandle.current().pid() + "-");
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

    /// Where such folders are made.
    public static Path parent() {
        return parent(System.getenv("XDG_RUNTIME_DIR"), System.getenv("TMPDIR"), Path.of(System.getProperty(
                "java.io.tmpdir")).toAbsolutePath());
    }

    /// @param runtime as of the XDG base directory specification, or null
    /// @param temporary the user's wish, or null; not followed where a socket's path would become too long
    /// @param otherwise where it is to be if neither is of use
    static Path parent(String runtime, String temporary, Path otherwise) {
        if (isUsable(runtime)) {
            return Path.of(runtime);
        }
        boolean fits = isUsable(temporary) && temporary.chars().allMatch(c -> c < 128)
                && temporary.length() + LONGEST_BELOW <= SocketPaths.MAX_BYTES;
        return fits ? Path.of(temporary) : otherwise;
    }

    private static boolean isUsable(String folder) {
        if (folder == null || folder.isEmpty()) {
            return false;
        }
        Path path = Path.of(folder);
        return path.isAbsolute() && Files.isDirectory(path) && Files.isWritable(path);
    }

    /// Removes the folders of processes that are gone: a JVM that was killed between listen and accept leaves one, and a
    /// detached machine after it has ended. Ends machines that were to be detached by a JVM that died before it came to
    /// that.
    static void sweep(Path parent) {
        String user = System.getProperty("user.name");
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path folder : folders) {
                if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                        && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).getName().equals(user)) {
                    sweepOwn(folder);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("looking for old folders in {}", parent, e);
        }
    }

    private static void sweepOwn(Path folder) {
        String name = folder.getFileName().toString();
        Matcher ours = OURS.matcher(name);
        Matcher staying = STAYING.matcher(name);
        try {
            if (ours.matches()) {
                removeIf(!isAlive(ours.group(1)), folder);
            } else if (staying.matches()) {
                sweepStaying(folder, Optional.ofNullable(staying.group(1)));
            }
        } catch (IOException | NumberFormatException e) {
            LOG.debug("{} stays", folder, e);
        }
    }

    /// @param maker the JVM that made the folder; unknown where an earlier version did
    private static void sweepStaying(Path folder, Optional<String> maker) throws IOException {
        boolean makerIsAlive = maker.isPresent() && isAlive(maker.get());
        Path pidFile = folder.resolve(PID_FILE);
        if (!Files.isRegularFile(pidFile)) {
            Instant touched = Files.getLastModifiedTime(folder).toInstant();
            removeIf(!makerIsAlive && touched.isBefore(Instant.now().minus(START_PATIENCE)), folder);
            return;
        }
        String pid = Files.readString(pidFile).strip();
        boolean orphan = maker.isPresent() && !makerIsAlive && !Files.exists(folder.resolve(LET_GO_FILE));
        if (orphan && isAlive(pid)) {
            endOrphan(folder, Long.parseLong(pid));
        }
        if (isAlive(pid)) {
            cutLog(folder.resolve(LOG_FILE));
        } else {
            removeIf(true, folder);
        }
    }

    private static boolean isAlive(String pid) {
        return ProcessHandle.of(Long.parseLong(pid)).isPresent();
    }

    /// Ends a machine that nobody knows of, after asking the kernel whether the process is what listens in the folder: the
    /// number alone may belong to another process by now.
    private static void endOrphan(Path folder, long pid) throws IOException {
        try (UnixConnection connection = UnixConnection.connect(folder.resolve(QMP_SOCKET))) {
            if (connection.peerPid() != pid) {
                throw new IOException("process " + pid + " is not the one that listens here");
            }
            LOG.info("ending QEMU {}, which a killed run of this program was about to detach", pid);
            ProcessHandle qemu = ProcessHandle.of(pid).orElseThrow(() -> new IOException("it has just ended"));
            try (QmpClient qmp = QmpClient.open(connection, _ -> "QEMU ended", QUIT_PATIENCE)) {
                qmp.execute(QmpCommand.of("quit"), QUIT_PATIENCE);
            } catch (QmpException e) {
                LOG.debug("QEMU {} does not answer", pid, e);
            }
            awaitEnd(qemu);
        }
    }

    private static void awaitEnd(ProcessHandle qemu) {
        try {
            qemu.onExit().completeOnTimeout(qemu, QUIT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
            if (qemu.isAlive()) {
                qemu.destroyForcibly();
                qemu.onExit().completeOnTimeout(qemu, QUIT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
            }
        } catch (RuntimeException e) {
            LOG.debug("waiting for the end of QEMU {}", qemu.pid(), e);
        }
    }

    /// QEMU opened its log for appending, so it goes on at the new end.
    private static void cutLog(Path log) throws IOException {
        if (Files.isRegularFile(log, LinkOption.NOFOLLOW_LINKS) && Files.size(log) > MOST_LOG_BYTES) {
            Files.newByteChannel(log, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING).close();
        }
    }

    private static void removeIf(boolean useless, Path folder) throws IOException {
        if (useless) {
            LOG.info("removing {}, left behind by a process that has ended", folder);
            remove(folder);
        }
    }

    /// Where it is.
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

    /// Notes that the process may run on without the JVM that started it. Until then a later JVM ends it, should this one
    /// be killed.
    public void letGo() throws IOException {
        Files.writeString(path.resolve(LET_GO_FILE), "");
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
