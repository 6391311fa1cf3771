package dev.freezeframe.store.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.catalog.Database.Work;
import dev.freezeframe.store.lock.StoreLock;
import dev.freezeframe.store.lock.StoreOwner;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The H2 file of an open store, which is this process's alone. Whoever works with it gets the database that is in use
/// now: it is opened anew when H2 had to give it up or it was made shorter, once for each piece of work, and never as
/// another store than it was.
public final class StoreFile implements AutoCloseable {
    /// So that a thread that is interrupted while it reads does not close the file for everybody.
    public static final String FILE_SYSTEM = "retry:";

    private static final Logger LOG = LoggerFactory.getLogger(StoreFile.class);
    /// So much stays free on the file system of the store, for H2 to tidy up with.
    private static final long RESERVE_BYTES = 32 << 20;
    /// A commit waits at most until so much is moved.
    public static final int GATHER_STEP_BYTES = 2 << 20;
    /// The new file while the old one is being shrunk.
    static final String COMPACTED = Database.FILE + ".compacted";

    private final Path directory;
    private final String path;
    private final StoreLock lock;
    private final StoreVersion version;
    private final StoreReserve reserve;
    private final Object reopening = new Object();
    private Runnable beforeReopening = () -> {};
    private Work<Void> afterReopening = _ -> null;
    private volatile Database database;
    private volatile Optional<String> rolledBack = Optional.empty();
    /// Why it is not opened again.
    @GuardedBy("reopening")
    private Optional<StoreException> givenUp = Optional.empty();
    private volatile boolean closed;

    /// Something to do with the database that is in use.
    @FunctionalInterface
    public interface Access<T> {
        T with(Database database) throws SQLException, StoreException;
    }

    private StoreFile(Path directory, String path, StoreLock lock, StoreVersion version) {
        this.directory = directory;
        this.path = path;
        this.lock = lock;
        this.version = version;
        this.reserve = new StoreReserve(directory);
    }

    /// Opens the file in a directory that is there, or makes one.
    ///
    /// @param fileSystem H2's prefix of the file system that it works through
    public static StoreFile open(Path directory, String fileSystem) throws IOException {
        StoreLock lock = null;
        StoreVersion version = null;
        StoreFile file = null;
        boolean done = false;
        try {
            refuseWhatIsNoFile(directory);
            lock = StoreLock.acquire(directory);
            version = StoreVersion.open(directory);
            String base = fileSystem + directory.toRealPath().resolve(Database.FILE);
            file = new StoreFile(directory, OwnedFiles.register(base, lock.owner()), lock, version);
            file.refuseToBeginAnew();
            file.database = file.openDatabase(true, 0);
            file.compareVersions();
            done = true;
            return file;
        } finally {
            if (!done) {
                closeQuietly(file == null ? null : file.database, version, lock);
                if (file != null) {
                    OwnedFiles.unregister(file.path);
                }
            }
        }
    }

    /// A folder that was handed on may have links to files of its user, which would be cut or overwritten, and pipes, which would
    /// be waited for without an end.
    private static void refuseWhatIsNoFile(Path directory) throws IOException {
        for (String name : List.of(StoreLock.FILE_NAME, StoreOwner.FILE_NAME, StoreVersion.FILE_NAME,
                StoreReserve.FILE_NAME, Database.FILE_NAME, COMPACTED)) {
            Path file = directory.resolve(name);
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                    && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new StoreException(Reason.REFUSED, file + " is "
                        + (Files.isSymbolicLink(file) ? "a symbolic link" : "no ordinary file")
                        + "; put the file itself there (the folder of a store may be a link, its files may not)");
            }
        }
    }

    /// Says what else is to be done when H2 has given the file up.
    ///
    /// @param before runs first
    /// @param after  runs in the new database before anybody else
    public void whenReopened(Runnable before, Work<Void> after) {
        beforeReopening = before;
        afterReopening = after;
    }

    /// A file that is gone or empty where states of it are remembered was lost or cut; a new one in its place would say that
    /// nothing was ever recorded.
    private void refuseToBeginAnew() throws IOException {
        Path file = directory.resolve(Database.FILE_NAME);
        if (version.remembered() > 0 && (!Files.exists(file) || Files.size(file) == 0)) {
            throw new StoreException(Reason.DAMAGED, "its file " + file
                    + " is gone or empty; put it back, or a backup, or delete " + directory.resolve(
                            StoreVersion.FILE_NAME)
                    + " to begin anew");
        }
    }

    private Database openDatabase(boolean mayCreate, long generation) throws IOException {
        Path file = directory.resolve(Database.FILE_NAME);
        boolean fresh = !Files.exists(file) || Files.size(file) == 0;
        Files.deleteIfExists(directory.resolve(COMPACTED));
        if (fresh && !mayCreate) {
            throw new StoreException(Reason.FAILED, "its file " + file
                    + " is gone or empty; close Freezeframe and put the file back, or a backup");
        }
        if (!Files.exists(file)) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        Database database = null;
        try {
            database = new Database(path, fresh, generation);
            int format = database.transact(session -> {
                if (mayCreate && !Schema.exists(session)) {
                    Schema.create(session);
                }
                return Schema.check(session);
            });
            if (format < Schema.VERSION) {
                LOG.info("upgrading store {} from format {} to {}", directory, format, Schema.VERSION);
                database.transact(session -> {
                    Schema.upgrade(session, format);
                    return null;
                });
                database.sync();
            }
            Database opened = database;
            database = null;
            return opened;
        } catch (SQLException e) {
            throw failure("open", e);
        } finally {
            if (database != null) {
                closeQuietly(database);
            }
        }
    }

    private static void closeQuietly(AutoCloseable... all) {
        for (AutoCloseable each : all) {
            try {
                if (each != null) {
                    each.close();
                }
            } catch (Exception e) {
                LOG.debug("closed after a failure, which is reported instead", e);
            }
        }
    }

    /// Notices, and says, that H2 went back to an older state than was on disk before.
    private void compareVersions() throws StoreException {
        access("open", now -> {
            try {
                Optional<String> older = olderThanBefore(now);
                rolledBack = older.map(how -> how + ", and the newest checkpoints of then are gone");
                rolledBack.ifPresent(how -> LOG.warn("store {}: {}", directory, how));
                version.remember(Math.min(now.version(), OwnedFiles.confirmedVersion(path)));
            } catch (IOException e) {
                throw new StoreException(Reason.FAILED, "its file " + StoreVersion.FILE_NAME + " cannot be used: " + e
                        + "; check that it is yours to write", e);
            }
            return null;
        });
    }

    private Optional<String> olderThanBefore(Database now) throws SQLException, IOException {
        long before = version.remembered();
        long found = now.version();
        LOG.debug("store {} is at version {}, was at {}", directory, found, before);
        return found < before
                ? Optional.of(
                        "the end of the H2 file is damaged or missing: it opened in an older state (version " + found
                                + " instead of " + before + ")")
                : Optional.empty();
    }

    /// Set if, when it was opened, the store was found in an older state than it had been left in; one line.
    public Optional<String> rolledBack() {
        return rolledBack;
    }

    /// Does something with the database that is in use, waiting until a shorter file has taken its place.
    ///
    /// @param what goes behind "cannot" if it fails
    public <T> T access(String what, Access<T> access) throws StoreException {
        while (true) {
            Database now = usable();
            try {
                return access.with(now);
            } catch (Database.Retired e) {
                // shrinking got in between; each time round there is another database, or none
                LOG.debug("trying again with the compacted file: {}", what);
            } catch (SQLException e) {
                throw failure(what, e);
            }
        }
    }

    public <T> T read(String what, Work<T> work) throws StoreException {
        return access(what, now -> now.read(work));
    }

    /// Does something in a transaction.
    public <T> T write(String what, Work<T> work) throws StoreException {
        return access(what, now -> now.transact(work));
    }

    /// The same under a lease of the database that is in use.
    public <T> T write(WriteLease lease, String what, Work<T> work) throws StoreException {
        return access(what, now -> {
            if (lease.generation() != now.generation()) {
                throw new StoreException(Reason.FAILED,
                        "cannot " + what + ": the store had to be opened anew since it was begun; take it again");
            }
            return now.transact(work);
        });
    }

    /// Makes everything committed so far survive a power failure, and makes sure that nobody else opened the file before.
    public void sync() throws StoreException {
        access("write to disk", now -> {
            now.sync();
            lock.owner().require();
            remember();
            return null;
        });
    }

    private void remember() {
        try {
            version.remember(OwnedFiles.confirmedVersion(path));
        } catch (IOException e) {
            LOG.debug("the version of store {} could not be noted", directory, e);
        }
    }

    /// Which opening of the database it is.
    public long generation() throws StoreException {
        return usable().generation();
    }

    /// Runs something while the database is not replaced.
    ///
    /// @param generation nothing is run in another one
    public void ifStill(long generation, Runnable work) {
        synchronized (reopening) {
            if (database.generation() == generation) {
                work.run();
            }
        }
    }

    /// The database, opened anew if H2 had to give it up.
    public Database usable() throws StoreException {
        if (closed) {
            throw new StoreException(Reason.FAILED, "store " + directory + " is closed");
        }
        lock.owner().requireNotLost();
        Database now = database;
        return now.isBroken() || now.isRetired() ? reopened(now) : now;
    }

    /// What was not on disk yet is gone with a broken database, and so is whatever others know about it. One that was
    /// retired for a shorter file which then could not be opened is tried again, too.
    private Database reopened(Database old) throws StoreException {
        synchronized (reopening) {
            if (database != old) {
                return database;
            }
            if (givenUp.isPresent()) {
                throw new StoreException(givenUp.get().reason(), givenUp.get().getMessage(), givenUp.get());
            }
            LOG.warn("H2 gave the file of store {} up; opening it anew", directory);
            if (!old.isRetired()) {
                closeQuietly(old);
            }
            beforeReopening.run();
            Database fresh = openAnew(old.generation() + 1);
            boolean done = false;
            try {
                Optional<String> older = olderThanBefore(fresh);
                if (older.isPresent()) {
                    StoreException damaged = new StoreException(Reason.DAMAGED, "store " + directory
                            + " is not written to any more: " + older.get()
                            + "; end Freezeframe, and see what verify says");
                    givenUp = Optional.of(damaged);
                    throw damaged;
                }
                fresh.transact(afterReopening);
                database = fresh;
                done = true;
                return fresh;
            } catch (SQLException e) {
                throw failure("open the store anew", e);
            } catch (StoreException e) {
                throw e;
            } catch (IOException e) {
                throw new StoreException(Reason.FAILED, "store " + directory + " cannot be opened anew: " + e, e);
            } finally {
                if (!done) {
                    closeQuietly(fresh);
                }
            }
        }
    }

    private Database openAnew(long generation) throws StoreException {
        try {
            return openDatabase(false, generation);
        } catch (StoreException e) {
            throw new StoreException(e.reason(), "store " + directory + " cannot be opened anew: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new StoreException(Reason.FAILED, "store " + directory + " cannot be opened anew: " + e, e);
        }
    }

    /// Puts a copy of what is in use in the place of the file. Everybody else waits meanwhile.
    ///
    /// @return why the file stays as it was, if it does
    public Optional<String> shrink() throws StoreException {
        synchronized (reopening) {
            Database old = usable();
            Path file = directory.resolve(Database.FILE_NAME);
            Path copy = directory.resolve(COMPACTED);
            Optional<String> failed = Optional.empty();
            try {
                old.retireInto(file, copy);
                replace(file, copy);
            } catch (SQLException | IOException e) {
                LOG.warn("store {} could not be shrunk; its file stays as it was", directory, e);
                failed = Optional.of("copying what is in use failed: " + e.getMessage());
            }
            // if this fails, the next who comes tries it again
            Database fresh = openAnew(old.generation());
            database = fresh;
            remember();
            return failed;
        }
    }

    private void replace(Path file, Path copy) throws IOException {
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
        try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        lock.owner().require();
        // the copy may count its states otherwise
        version.forget();
        Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel channel = FileChannel.open(file.getParent())) {
            channel.force(true);
        }
    }

    /// Bytes that a copy of what is in use would need on the file system.
    public long neededToShrink() throws StoreException {
        return access("measure", now -> (long) (sizeBytes() * now.usedShare())) + RESERVE_BYTES;
    }

    public long sizeBytes() throws StoreException {
        try {
            return Files.size(directory.resolve(Database.FILE_NAME));
        } catch (IOException e) {
            throw new StoreException(Reason.FAILED, "store " + directory + " cannot be measured: " + e, e);
        }
    }

    /// Bytes inside the file that new content can take, about.
    public long roomInside() throws StoreException {
        return access("measure", Database::roomInside);
    }

    /// Fails while H2 still works: a write that really fails makes it give the file up.
    public void requireSpace() throws StoreException {
        if (isFull()) {
            throw new StoreException(Reason.DISK_FULL, "the file system of store " + directory + " has only "
                    + (freeBytes() >> 20) + " MB left; free some space, nothing stored is lost");
        }
    }

    /// Whether there is no room for what comes, neither on the file system nor inside the file.
    public boolean isFull() throws StoreException {
        long free = freeBytes();
        return free < RESERVE_BYTES && free + roomInside() < RESERVE_BYTES;
    }

    /// Puts room aside for deletions on a full disk.
    public void keepReserve() throws StoreException {
        reserve.keep(freeBytes());
    }

    /// Makes room for a deletion.
    ///
    /// @return bytes that were put aside and are now free
    public long spendReserve() throws StoreException {
        return reserve.spend(freeBytes());
    }

    /// Takes what the file has grown by from what was put aside, so that the store as a whole takes no more.
    ///
    /// @return how much of it
    public long cutReserve(long grownBytes) {
        return reserve.cut(grownBytes);
    }

    public long freeBytes() throws StoreException {
        // Not by FileStore, which looks for the mount point and finds none in a chroot.
        long free = directory.toFile().getUsableSpace();
        if (free == 0 && !Files.isDirectory(directory)) {
            throw new StoreException(Reason.FAILED, "the folder of store " + directory + " is gone; put it back");
        }
        return free;
    }

    /// The error of work that was to be done; `what` goes behind "cannot".
    public StoreException failure(String what, SQLException e) {
        try {
            lock.owner().requireNotLost();
        } catch (StoreException lost) {
            lost.addSuppressed(e);
            return lost;
        }
        return StoreFaults.explained(what, e);
    }

    public boolean isClosed() {
        return closed;
    }

    /// Closes the file. What is not committed is lost.
    @Override
    public void close() throws StoreException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            try {
                synchronized (reopening) {
                    // what was reported as stored is on disk in either case
                    if (lock.owner().isLost() || database.isBroken()) {
                        closeQuietly(database);
                    } else if (!database.isRetired()) {
                        database.close();
                    }
                }
            } finally {
                OwnedFiles.unregister(path);
                try (lock; version) {
                    LOG.debug("store {} is closed", directory);
                }
            }
        } catch (SQLException e) {
            throw failure("close", e);
        } catch (IOException e) {
            throw new StoreException(Reason.FAILED, "store " + directory + " cannot be closed: " + e, e);
        }
    }
}
