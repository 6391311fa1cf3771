package dev.freezeframe.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.h2.api.ErrorCode;

/// The H2 database file of a store and its connections. Runs work in transactions, from any number of threads, and knows
/// when H2 has given the file up (as it does when a write fails) so that the store can open it anew.
final class Database implements AutoCloseable {
    /// Work on one connection; what it wrote is committed when it returns and rolled back when it throws.
    @FunctionalInterface
    interface Work<T> {
        T run(Session session) throws SQLException, StoreException;
    }

    /// A connection and its prepared statements. For one thread at a time.
    static final class Session {
        private final Connection connection;
        private final Map<String, PreparedStatement> statements = new HashMap<>();

        private Session(Connection connection) {
            this.connection = connection;
        }

        /// The statement with its parameters bound. Good until the same text is asked for again.
        PreparedStatement sql(String text, Object... parameters) throws SQLException {
            PreparedStatement statement = statements.get(text);
            if (statement == null) {
                statement = connection.prepareStatement(text, Statement.RETURN_GENERATED_KEYS);
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

    static final String FILE = "store";
    /// What H2 makes of [#FILE].
    static final String FILE_NAME = FILE + ".mv.db";

    private final String url;
    private final Deque<Session> idle = new ArrayDeque<>();
    /// Held open so that H2 keeps the database open between transactions.
    private final Connection anchor;
    private volatile boolean broken;
    private boolean closed;

    /// @throws SQLException as H2 gives it
    Database(Path directory, boolean mayCreate) throws SQLException {
        // retry: a thread that is interrupted while it reads must not close the file for everybody.
        url = "jdbc:h2:retry:" + directory.toAbsolutePath().resolve(FILE) + ";IFEXISTS="
                + (mayCreate ? "FALSE" : "TRUE")
                + ";DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0;ANALYZE_AUTO=0;CACHE_SIZE=8192;WRITE_DELAY=10000"
                + ";LOCK_TIMEOUT=10000";
        anchor = connect();
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(url, "sa", "");
    }

    <T> T transact(Work<T> work) throws SQLException, StoreException {
        Session session = borrow();
        boolean done = false;
        try {
            T result = work.run(session);
            session.connection.commit();
            done = true;
            return result;
        } catch (SQLException e) {
            broken |= isFatal(e);
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
        try (Statement statement = anchor.createStatement()) {
            statement.execute("CHECKPOINT SYNC");
        } catch (SQLException e) {
            broken |= isFatal(e);
            throw e;
        }
    }

    /// H2 has given the file up: nothing works until it is opened anew.
    boolean isBroken() {
        return broken;
    }

    private static boolean isFatal(SQLException e) {
        return switch (e.getErrorCode()) {
            case ErrorCode.DATABASE_IS_CLOSED, ErrorCode.IO_EXCEPTION_1, ErrorCode.IO_EXCEPTION_2,
                    ErrorCode.FILE_CORRUPTED_1, ErrorCode.CONNECTION_BROKEN_1, ErrorCode.OUT_OF_MEMORY,
                    ErrorCode.OBJECT_CLOSED ->
                true;
            default -> false;
        };
    }

    private Session borrow() throws SQLException {
        synchronized (this) {
            Session session = idle.poll();
            if (session != null) {
                return session;
            }
        }
        Connection connection = connect();
        connection.setAutoCommit(false);
        return new Session(connection);
    }

    private void giveBack(Session session) throws SQLException {
        synchronized (this) {
            if (!closed) {
                idle.push(session);
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
            broken |= isFatal(e);
        }
    }

    /// Closes the file; H2 spends a bounded time on tidying it up.
    @Override
    public void close() throws SQLException {
        synchronized (this) {
            closed = true;
            idle.clear();
        }
        try (Statement statement = anchor.createStatement()) {
            statement.execute("SHUTDOWN");
        }
    }

    /// Closes the file after rewriting it without its gaps. Takes as long as copying it.
    void closeCompact() throws SQLException {
        synchronized (this) {
            closed = true;
            idle.clear();
        }
        try (Statement statement = anchor.createStatement()) {
            statement.execute("SHUTDOWN COMPACT");
        }
    }
}
