package dev.freezeframe.store.upkeep;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.DeviceStateException;
import dev.freezeframe.qemu.stream.ReplayPosition;
import dev.freezeframe.store.catalog.Catalog;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.ReplayLogTable;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.pack.LogPiece;
import dev.freezeframe.store.upkeep.VerifyReport.LogDamage;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
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

    /// Sees how far the log of an experiment that has ended leads. That it ends before the last checkpoints need not be damage: QEMU
    /// keeps the newest bytes to itself, and may be killed.
    ///
    /// @param checkpoints of it
    /// @return a remark, where it does not lead from the first one to the last
    Optional<String> checkEnds(ExperimentRecord experiment, List<CheckpointRecord> checkpoints,
            Verification.DeviceStates states) throws StoreException, SQLException {
        if (experiment.endedAt().isEmpty()) {
            return Optional.empty();
        }
        long end = database.read(session -> ReplayLogTable.end(session, experiment.id())).orElse(0);
        long start = next(experiment, 0).orElse(0);
        OptionalInt beyond = OptionalInt.empty();
        for (CheckpointRecord checkpoint : checkpoints.reversed()) {
            Optional<ReplayPosition> position = position(checkpoint, states);
            if (position.isEmpty() || position.get().isReachedBy(end)) {
                break;
            }
            beyond = OptionalInt.of(checkpoint.number());
        }
        if (beyond.isEmpty()) {
            Optional<ReplayPosition> first = checkpoints.isEmpty()
                    ? Optional.empty()
                    : position(checkpoints.getFirst(), states);
            return first.filter(each -> each.logOffset() < start)
                    .map(each -> experiment.name() + ": its log begins at byte "
                            + start + ", so the run from checkpoint " + checkpoints.getFirst().number()
                            + " to there cannot be executed again; the checkpoints themselves do not need it");
        }
        return Optional.of(experiment.name() + ": its log " + (end == 0 ? "is missing" : "ends at byte " + end)
                + ", so the run up to checkpoint " + beyond.getAsInt()
                + " and behind cannot be executed again; the checkpoints themselves do not need it");
    }

    /// Empty where it has none, or cannot be read, which others tell.
    private Optional<ReplayPosition> position(CheckpointRecord checkpoint, Verification.DeviceStates states)
            throws StoreException {
        if (checkpoint.metrics().of(CheckpointFigure.INSTRUCTIONS) == 0) {
            return Optional.empty();
        }
        try {
            return DeviceState.of(states.of(checkpoint)).replayPosition();
        } catch (StoreException e) {
            Verification.unlessBroken(database, e);
            return Optional.empty();
        } catch (DeviceStateException e) {
            return Optional.empty();
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
