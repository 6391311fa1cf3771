package dev.freezeframe.qemu.qmp;

import dev.freezeframe.linux.LifeLock;
import dev.freezeframe.linux.socket.SocketPaths;
import dev.freezeframe.linux.socket.UnixConnection;
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
///
/// Who still uses a folder is told by locks that end with their processes, not by process ids: a folder may be shared with
/// containers and other computers, whose processes have numbers that mean others here, or nobody.
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
    /// Locked by the JVM that made the folder, as long as it lives or until it lets the folder go.
    private static final String LOCK_FILE = "lock";
    /// In a folder that outlives its JVM: locked by the process that the folder belongs to, as long as it lives.
    private static final String PROCESS_LOCK_FILE = "alive";
    private static final long MOST_LOG_BYTES = 1 << 20;
    /// Earlier versions made folders without locks. One that is older than this, and whose process is not known here, is
    /// hardly used elsewhere.
    private static final Duration LOCKLESS_PATIENCE = Duration.ofDays(1);
    /// A folder without a process is this old when the process will not come any more.
    private static final Duration START_PATIENCE = Duration.ofMinutes(1);
    private static final Duration QUIT_PATIENCE = Duration.ofSeconds(2);
    /// Characters of the longest path of a socket below: two numbers of a process and of `createTempDirectory`, and a name.
    private static final int LONGEST_BELOW = "/freezeframe-detached-4194304-18446744073709551615/capture".length();
    private static final AtomicBoolean SWEPT = new AtomicBoolean();

    private final Path path;
    private final LifeLock lock;

    private RunDirectory(Path path, LifeLock lock) {
        this.path = path;
        this.lock = lock;
    }

    /// A folder that belongs to this JVM and goes with it.
    public static RunDirectory create() throws IOException {
        return create(PREFIX + ProcessHandle.current().pid() + "-");
    }

    /// A folder for a process that outlives this JVM; start that with a lock on [#processLock], call [#belongsTo] as soon as that process is known, and [#letGo]
    /// when it may run on.
    public static RunDirectory createStaying() throws IOException {
        RunDirectory folder = create(PREFIX + "detached-" + ProcessHandle.current().pid() + "-");
        Files.createFile(folder.processLock(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(
                "rw-------")));
        return folder;
    }

    private static RunDirectory create(String prefix) throws IOException {
        Path parent = parent();
        if (SWEPT.compareAndSet(false, true)) {
            sweep(parent);
        }
        while (true) {
            // createTempDirectory passes the mode to mkdir(2): there is no moment at which others could enter.
            Path path = Files.createTempDirectory(parent, prefix, PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rwx------")));
            LifeLock lock;
            try {
                lock = LifeLock.take(path.resolve(LOCK_FILE));
            } catch (IOException e) {
                remove(path);
                throw e;
            }
            // somebody who looked between the making of the file and its locking has taken it for a dead one's
            if (Files.exists(path.resolve(LOCK_FILE))) {
                return new RunDirectory(path, lock);
            }
            lock.close();
        }
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
    public static void sweep(Path parent) {
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
            if (!ours.matches() && !staying.matches()) {
                return;
            }
            Path lockFile = folder.resolve(LOCK_FILE);
            if (Files.isRegularFile(lockFile, LinkOption.NOFOLLOW_LINKS)) {
                Optional<LifeLock> maker = LifeLock.tryTake(lockFile);
                if (maker.isPresent()) {
                    try (LifeLock _ = maker.get()) {
                        sweepWithoutMaker(folder, staying.matches());
                    }
                }
            } else if (ours.matches()) {
                removeIf(!isAlive(ours.group(1)) && isOlder(folder, LOCKLESS_PATIENCE), folder);
            } else {
                sweepLockless(folder, Optional.ofNullable(staying.group(1)));
            }
        } catch (IOException | NumberFormatException e) {
            LOG.debug("{} stays", folder, e);
        }
    }

    /// The JVM that made the folder has ended, or has let the folder go.
    private static void sweepWithoutMaker(Path folder, boolean staying) throws IOException {
        if (!staying || !processLives(folder)) {
            removeIf(true, folder);
            return;
        }
        if (!Files.exists(folder.resolve(LET_GO_FILE))) {
            endOrphan(folder, Long.parseLong(Files.readString(folder.resolve(PID_FILE)).strip()));
        }
        if (processLives(folder)) {
            cutLog(folder.resolve(LOG_FILE));
        } else {
            removeIf(true, folder);
        }
    }

    private static boolean processLives(Path folder) throws IOException {
        Path file = folder.resolve(PROCESS_LOCK_FILE);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        Optional<LifeLock> lock = LifeLock.tryTake(file);
        lock.ifPresent(LifeLock::close);
        return lock.isEmpty();
    }

    private static boolean isOlder(Path folder, Duration age) throws IOException {
        return Files.getLastModifiedTime(folder).toInstant().isBefore(Instant.now().minus(age));
    }

    /// A folder that an earlier version made for a process that outlives its JVM.
    ///
    /// @param maker the JVM that made the folder, if its name tells
    private static void sweepLockless(Path folder, Optional<String> maker) throws IOException {
        boolean makerIsAlive = maker.isPresent() && isAlive(maker.get());
        Path pidFile = folder.resolve(PID_FILE);
        if (!Files.isRegularFile(pidFile)) {
            removeIf(!makerIsAlive && isOlder(folder, START_PATIENCE), folder);
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
            removeIf(!listens(folder.resolve(QMP_SOCKET)), folder);
        }
    }

    /// Whether a process is behind a socket, be it one that has no number here.
    private static boolean listens(Path socket) {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        try (UnixConnection _ = UnixConnection.connect(socket)) {
            return true;
        } catch (IOException e) {
            return false;
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

    /// The file that the process must hold locked from its start to its end to which a folder belongs that outlives this JVM.
    public Path processLock() {
        return path.resolve(PROCESS_LOCK_FILE);
    }

    /// Notes whose folder this is, so that a later JVM can end that process.
    public void belongsTo(long pid) throws IOException {
        Files.writeString(path.resolve(PID_FILE), pid + "\n");
    }

    /// Notes that the process may run on without the JVM that started it. Until then a later JVM ends it, should this one
    /// be killed. From here on the process alone keeps the folder.
    public void letGo() throws IOException {
        Files.writeString(path.resolve(LET_GO_FILE), "");
        lock.close();
    }

    @Override
    public void close() {
        try {
            remove(path);
        } catch (IOException e) {
            LOG.warn("could not remove {}: {}", path, e.toString());
        }
        lock.close();
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
