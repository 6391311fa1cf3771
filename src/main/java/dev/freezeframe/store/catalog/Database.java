package dev.freezeframe.store.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.model.StoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.h2.api.ErrorCode;
import org.h2.engine.Constants;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.FileStore;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;

/// The H2 database file of a store and its connections. Runs work in transactions, from any number of threads, and knows
/// when H2 has given the file up (as it does when a write fails) so that the store can open it anew.
public final class Database implements AutoCloseable {
    /// Work on one connection; what it wrote is committed when it returns and rolled back when it throws.
    @FunctionalInterface
    public interface Work<T> {
        T run(Session session) throws SQLException, StoreException;
    }

    /// A connection and its prepared statements. For one thread at a time.
    public static final class Session {
        private final Connection connection;
        private final Deque<Session> home;
        private final Map<String, PreparedStatement> statements = new HashMap<>();

        private Session(Connection connection, Deque<Session> home) {
            this.connection = connection;
            this.home = home;
        }

        /// The statement with its parameters bound. Good until the same text is asked for again.
        PreparedStatement sql(String text, Object... parameters) throws SQLException {
            return bound(text, Statement.NO_GENERATED_KEYS, parameters);
        }

        /// Inserts a row and gives the key that it got.
        long insert(String text, Object... parameters) throws SQLException {
            PreparedStatement insert = bound(text, Statement.RETURN_GENERATED_KEYS, parameters);
            insert.executeUpdate();
            try (ResultSet keys = insert.getGeneratedKeys()) {
                keys.next();
                return keys.getLong(1);
            }
        }

        private PreparedStatement bound(String text, int generatedKeys, Object... parameters) throws SQLException {
            PreparedStatement statement = statements.get(text);
            if (statement == null) {
                statement = connection.prepareStatement(text, generatedKeys);
                statements.put(text, statement);
            }
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            return statement;
        }

        void execute(String text) throws SQLException {
            try (Statement statement = connection.createStatement()) {
                statement.execute(text);
            }
        }
    }

    /// The database was closed to be compacted; the store has its successor.
    static final class Retired extends SQLException {
        private static final long serialVersionUID = 1L;
    }

    static final String FILE = "store";
    /// What H2 makes of [#FILE].
    public static final String FILE_NAME = FILE + ".mv.db";

    /// From here on, moving what is in use writes more than it is worth.
    private static final int WELL_FILLED_PERCENT = 70;

    private final String url;
    private final long generation;
    /// Shared by transactions, whole for compaction.
    private final ReadWriteLock compaction = new ReentrantReadWriteLock();
    private final Deque<Session> idle = new ArrayDeque<>();
    /// Those that see the database as it was when their transaction began.
    private final Deque<Session> idleReaders = new ArrayDeque<>();
    /// Held open so that H2 keeps the database open between transactions.
    private final Connection anchor;
    private volatile boolean broken;
    private volatile boolean retired;
    @GuardedBy("this")
    private boolean closed;

    /// Opens the file.
    ///
    /// @param path       of the file without H2's suffix, with the file systems in front that H2 works through
    /// @param generation a number that tells this opening from others
    /// @throws SQLException as H2 gives it
    Database(String path, boolean mayCreate, long generation) throws SQLException {
        this.generation = generation;
        url = "jdbc:h2:" + path + ";IFEXISTS="
                + (mayCreate ? "FALSE" : "TRUE")
                + ";DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0;ANALYZE_AUTO=0;CACHE_SIZE=8192;WRITE_DELAY=10000"
                + ";AUTO_COMPACT_FILL_RATE=0;MAX_COMPACT_TIME=0"
                + ";LOCK_TIMEOUT=10000";
        anchor = connect();
        // how long a place is kept is counted in states, as OwnedFiles needs it, and not in seconds
        MVStore store = mvStore();
        store.setVersionsToKeep(OwnedFiles.VERSIONS_KEPT);
        store.setRetentionTime(0);
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(url, "sa", "");
    }

    public long generation() {
        return generation;
    }

    /// Runs the work in a transaction.
    ///
    /// @throws Retired if the file was opened anew by its successor; nothing was done then
    public <T> T transact(Work<T> work) throws SQLException, StoreException {
        return run(work, idle);
    }

    /// Runs work that only reads. All its queries see the database as it was at the first: what is deleted meanwhile is
    /// either wholly there for it or not at all.
    ///
    /// @throws Retired if the file was opened anew by its successor
    public <T> T read(Work<T> work) throws SQLException, StoreException {
        return run(work, idleReaders);
    }

    private <T> T run(Work<T> work, Deque<Session> sessions) throws SQLException, StoreException {
        compaction.readLock().lock();
        try {
            inUse();
            return run(work, borrow(sessions));
        } finally {
            compaction.readLock().unlock();
        }
    }

    private <T> T run(Work<T> work, Session session) throws SQLException, StoreException {
        boolean done = false;
        try {
            T result = work.run(session);
            session.connection.commit();
            done = true;
            return result;
        } catch (SQLException e) {
            noteFailure(e);
            throw e;
        } finally {
            if (done) {
                giveBack(session);
            } else {
                abandon(session);
            }
        }
    }

    /// Makes everything committed so far survive a power failure.
    void sync() throws SQLException {
        compaction.readLock().lock();
        try (Statement statement = inUse().createStatement()) {
            statement.execute("CHECKPOINT");
            // waits for what other threads have begun to write
            mvStore().executeFilestoreOperation(() -> {});
            statement.execute("CHECKPOINT SYNC");
        } catch (MVStoreException e) {
            SQLException failed = new SQLException(e.getMessage(), e);
            noteFailure(failed);
            throw failed;
        } catch (SQLException e) {
            noteFailure(e);
            throw e;
        } finally {
            compaction.readLock().unlock();
        }
    }

    private Connection inUse() throws Retired {
        if (retired) {
            throw new Retired();
        }
        return anchor;
    }

    /// Which state of itself the file holds; counts up with every write to it.
    long version() throws SQLException {
        return mvStore().getFileStore().lastChunkVersion();
    }

    /// The share of the file that is in use, 0 to 1.
    public double usedShare() throws SQLException {
        FileStore<?> file = mvStore().getFileStore();
        return file.getFillRate() / 100.0 * (file.getChunksFillRate() / 100.0);
    }

    /// Bytes inside the file that can be written to at once, rounded down by up to a percent of it.
    public long roomInside() throws SQLException {
        FileStore<?> file = mvStore().getFileStore();
        return file.size() / 100 * Math.max(0, 99 - file.getFillRate());
    }

    /// Waits for the transactions that run, closes the file, and copies what is in use over to a new one. Takes as long as
    /// that copy. Whoever still uses this object is told by [Retired] to use its successor.
    ///
    /// @param beside receives the copy; the caller puts it in the place of the file
    void retireInto(Path file, Path beside) throws SQLException {
        compaction.writeLock().lock();
        try {
            retired = true;
            close();
            // not SHUTDOWN COMPACT, which compresses every page again; and not H2's moving of chunks inside the file, which
            // trips over its own assertion (FreeSpaceBitSet) and then has a moment in which a crash could lose data
            MVStore.compact(file.toString(), beside.toString(), false, null);
        } catch (MVStoreException e) {
            throw new SQLException(e.getMessage(), e);
        } finally {
            compaction.writeLock().unlock();
        }
    }

    /// Moves what is in use out of some parts of the file that hold hardly anything else, so that what comes finds room
    /// there and the file stops growing. Beside reads and writes; holds commits up for as long as writing so many bytes
    /// takes.
    ///
    /// @return whether there may be more to move
    public boolean gather(int bytes) throws SQLException {
        boolean more;
        compaction.readLock().lock();
        try {
            inUse();
            MVStore store = mvStore();
            more = store.getFileStore().getChunksFillRate() < WELL_FILLED_PERCENT
                    && store.compact(WELL_FILLED_PERCENT, bytes);
        } catch (MVStoreException e) {
            throw new SQLException(e.getMessage(), e);
        } finally {
            compaction.readLock().unlock();
        }
        // ends the step: what was moved is written, and with the next write the old places are free
        sync();
        return more;
    }

    /// Lets as many tiny states pass as it takes until what nothing needs any more can be written over.
    public void turnOver() throws SQLException {
        compaction.readLock().lock();
        try {
            inUse();
            MVStore store = mvStore();
            for (int i = 0; i < OwnedFiles.VERSIONS_KEPT + 2; i++) {
                // a setting of H2's that H2's tables do not use
                store.setStoreVersion(1 + (store.getStoreVersion() & 1));
                store.commit();
            }
        } catch (MVStoreException e) {
            throw new SQLException(e.getMessage(), e);
        } finally {
            compaction.readLock().unlock();
        }
        sync();
    }

    private MVStore mvStore() throws SQLException {
        return ((SessionLocal) anchor.unwrap(JdbcConnection.class).getSession()).getDatabase().getStore().getMvStore();
    }

    /// Closed for a shorter file.
    boolean isRetired() {
        return retired;
    }

    /// H2 has given the file up: nothing works until it is opened anew.
    public boolean isBroken() {
        return broken;
    }

    private void noteFailure(SQLException e) {
        if (retired) {
            return;
        }
        switch (e.getErrorCode()) {
            case ErrorCode.DATABASE_IS_CLOSED, ErrorCode.CONNECTION_BROKEN_1, ErrorCode.OBJECT_CLOSED -> broken = true;
            default -> {
                try {
                    broken |= anchor.isClosed() || mvStore().isClosed();
                } catch (SQLException | RuntimeException gone) {
                    broken = true;
                }
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // two empty queues are not the same
    private Session borrow(Deque<Session> sessions) throws SQLException {
        synchronized (this) {
            Session session = sessions.poll();
            if (session != null) {
                return session;
            }
        }
        Connection connection = connect();
        connection.setAutoCommit(false);
        if (sessions == idleReaders) {
            connection.setTransactionIsolation(Constants.TRANSACTION_SNAPSHOT);
        }
        return new Session(connection, sessions);
    }

    private void giveBack(Session session) throws SQLException {
        synchronized (this) {
            if (!closed) {
                session.home.push(session);
                return;
            }
        }
        session.connection.close();
    }

    private void abandon(Session session) {
        try {
            session.connection.rollback();
            giveBack(session);
        } catch (SQLException e) {
            noteFailure(e);
        }
    }

    /// Closes the file; H2 spends a bounded time on tidying it up.
    @Override
    public void close() throws SQLException {
        synchronized (this) {
            closed = true;
            idle.clear();
            idleReaders.clear();
        }
        try (Statement statement = anchor.createStatement()) {
            statement.execute("SHUTDOWN");
        }
    }
}
