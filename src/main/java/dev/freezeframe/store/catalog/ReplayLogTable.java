package dev.freezeframe.store.catalog;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.pack.LogPiece;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The SQL of the logs of runs that can be replayed. No query reads the content of more pieces than it gives. Stateless.
public final class ReplayLogTable {
    private ReplayLogTable() {}

    /// Adds a piece, which is put in the place of one that begins at the same byte.
    public static void put(Session session, long experimentId, LogPiece piece) throws SQLException {
        session.sql("MERGE INTO replay_log KEY (experiment_id, start_offset) VALUES (?, ?, ?, ?, ?, ?, ?)",
                experimentId,
                piece.offset(), piece.rawBytes(), piece.codec(), piece.content().length, piece.checksum(experimentId),
                piece.content()).executeUpdate();
    }

    /// Where the first piece begins that begins at a byte or behind it.
    public static OptionalLong next(Session session, long experimentId, long from) throws SQLException {
        // with both columns of the key, or H2 would read all that are behind it to sort them
        return number(session.sql("SELECT start_offset FROM replay_log WHERE experiment_id = ? AND start_offset >= ?"
                + " ORDER BY experiment_id, start_offset FETCH FIRST ROW ONLY", experimentId, from).executeQuery());
    }

    /// The byte behind the last piece; empty where there is none.
    public static OptionalLong end(Session session, long experimentId) throws SQLException {
        try (ResultSet rows = session.sql("SELECT start_offset, raw_bytes FROM replay_log WHERE experiment_id = ?"
                + " ORDER BY experiment_id DESC, start_offset DESC FETCH FIRST ROW ONLY", experimentId)
                .executeQuery()) {
            // added up here, because H2 would fail where a damaged row makes it too much
            return rows.next() ? OptionalLong.of(rows.getLong(1) + rows.getInt(2)) : OptionalLong.empty();
        }
    }

    private static OptionalLong number(ResultSet rows) throws SQLException {
        try (rows) {
            return rows.next() ? OptionalLong.of(rows.getLong(1)) : OptionalLong.empty();
        }
    }

    /// The piece that begins at a byte, if there is one.
    ///
    /// @throws CorruptionException if it is not what was stored
    public static Optional<LogPiece> piece(Session session, long experimentId, long start)
            throws SQLException, CorruptionException {
        try (ResultSet rows = session.sql("SELECT raw_bytes, codec, checksum, content FROM replay_log"
                + " WHERE experiment_id = ? AND start_offset = ?", experimentId, start).executeQuery()) {
            if (!rows.next()) {
                return Optional.empty();
            }
            LogPiece piece = new LogPiece(start, rows.getInt(1), rows.getInt(2), rows.getBytes(4));
            if (rows.getLong(3) != piece.checksum(experimentId)) {
                throw new CorruptionException("its checksum does not match");
            }
            return Optional.of(piece);
        }
    }

    /// What a log takes in the store.
    public static long storedBytes(Session session, long experimentId) throws SQLException {
        return number(session.sql("SELECT COALESCE(SUM(stored_bytes), 0) FROM replay_log WHERE experiment_id = ?",
                experimentId).executeQuery()).orElse(0);
    }

    /// What each log takes in the store, by experiment id; an experiment without one is not in it.
    static Map<Long, Long> storedBytes(Session session) throws SQLException {
        Map<Long, Long> bytes = new HashMap<>();
        // from the index alone, or H2 would read all logs for it
        try (ResultSet rows = session
                .sql("SELECT experiment_id, SUM(stored_bytes) FROM replay_log GROUP BY experiment_id")
                .executeQuery()) {
            while (rows.next()) {
                bytes.put(rows.getLong(1), rows.getLong(2));
            }
        }
        return bytes;
    }
}
