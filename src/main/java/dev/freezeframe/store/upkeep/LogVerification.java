package dev.freezeframe.store.upkeep;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.Catalog;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.ReplayLogTable;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.pack.LogPiece;
import dev.freezeframe.store.upkeep.VerifyReport.LogDamage;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Reads the logs of runs that can be replayed back, piece by piece, and sees that each begins where the one before it ends.
/// Changes nothing; recordings may go on beside it.
final class LogVerification {
    private static final long NOT_KNOWN = -1;

    private final Database database;
    private final List<LogDamage> damages = new ArrayList<>();
    private long logs;

    LogVerification(Database database) {
        this.database = database;
    }

    /// How many experiments with a log were looked at.
    long logs() {
        return logs;
    }

    List<LogDamage> damages() {
        return List.copyOf(damages);
    }

    /// Looks at the log of an experiment, if it has one.
    ///
    /// @throws StoreException if the database cannot be read any more; what is wrong with the log is in [#damages]
    void check(ExperimentRecord experiment) throws StoreException, SQLException {
        List<String> faults = new ArrayList<>();
        OptionalLong start = next(experiment, Long.MIN_VALUE);
        logs += start.isPresent() ? 1 : 0;
        long end = NOT_KNOWN;
        while (start.isPresent()) {
            long at = start.getAsLong();
            try {
                int length = database.read(session -> length(session, experiment, at));
                if (end != NOT_KNOWN && at != end) {
                    faults.add(at < end
                            ? "its piece at byte " + at + " overlaps the one before it"
                            : "its bytes from " + end + " to " + at + " are missing");
                }
                end = at + length;
            } catch (StoreException | SQLException e) {
                Verification.unlessBroken(database, e);
                faults.add("its piece at byte " + at + ": " + e.getMessage());
                end = NOT_KNOWN;
            }
            start = at == Long.MAX_VALUE ? OptionalLong.empty() : next(experiment, at + 1);
        }
        if (!faults.isEmpty() && isStillThere(experiment)) {
            damages.add(new LogDamage(experiment.name(), faults.size(), faults.getFirst()));
        }
    }

    /// Of a piece, decompressed.
    private static int length(Session session, ExperimentRecord experiment, long start)
            throws SQLException, StoreException {
        try {
            Optional<LogPiece> piece = ReplayLogTable.piece(session, experiment.id(), start);
            return piece.isPresent() ? piece.get().raw().length : 0;
        } catch (CorruptionException e) {
            throw new StoreException(Reason.DAMAGED, e.getMessage(), e);
        }
    }

    private OptionalLong next(ExperimentRecord experiment, long from) throws StoreException, SQLException {
        return database.read(session -> ReplayLogTable.next(session, experiment.id(), from));
    }

    private boolean isStillThere(ExperimentRecord experiment) throws StoreException, SQLException {
        return database.transact(session -> Catalog.experiment(session, experiment.id())).isPresent();
    }
}
