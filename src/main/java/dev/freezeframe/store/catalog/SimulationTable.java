package dev.freezeframe.store.catalog;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The SQL of simulations and of what came of their intervals. Stateless.
public final class SimulationTable {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String COLUMNS = "id, experiment_id, plugin, proof, first_number, last_number, every_nth, started_at,"
            + " ended_at";

    private SimulationTable() {}

    /// Adds a simulation and gives its number.
    public static long insert(Session session, SimulationRecord record) throws SQLException {
        return session.insert(
                "INSERT INTO simulation (experiment_id, plugin, proof, first_number, last_number, every_nth,"
                        + " started_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                record.experimentId(), record.plugin(), record.proof() ? 1 : 0,
                record.first(), record.last(), record.every(), time(record.startedAt()));
    }

    /// Notes when all was done.
    public static void end(Session session, long id, Instant at) throws SQLException {
        session.sql("UPDATE simulation SET ended_at = ? WHERE id = ?", time(at), id).executeUpdate();
    }

    /// Has a simulation end at another checkpoint; where that is a later one, not all of it is done any more.
    public static void endAt(Session session, long id, int last) throws SQLException {
        session.sql("UPDATE simulation SET ended_at = CASE WHEN last_number < ? THEN NULL ELSE ended_at END,"
                + " last_number = ? WHERE id = ?", last, last, id).executeUpdate();
        session.sql("DELETE FROM simulated_interval WHERE simulation_id = ? AND to_number > ?", id, last)
                .executeUpdate();
    }

    /// Takes away what came of an interval.
    public static void delete(Session session, long id, int from, int to) throws SQLException {
        session.sql("DELETE FROM simulated_interval WHERE simulation_id = ? AND from_number = ? AND to_number = ?", id,
                from, to).executeUpdate();
    }

    /// Takes a simulation away, with all that came of it; false if there is none.
    public static boolean delete(Session session, long id) throws SQLException {
        return session.sql("DELETE FROM simulation WHERE id = ?", id).executeUpdate() > 0;
    }

    /// Those of an experiment, the newest last.
    public static List<SimulationRecord> ofExperiment(Session session, long experimentId) throws SQLException {
        List<SimulationRecord> records = new ArrayList<>();
        try (ResultSet rows = session.sql("SELECT " + COLUMNS + " FROM simulation WHERE experiment_id = ? ORDER BY id",
                experimentId).executeQuery()) {
            while (rows.next()) {
                records.add(new SimulationRecord(rows.getLong(1), rows.getLong(2), rows.getString(3),
                        rows.getInt(4) != 0,
                        rows.getInt(5), rows.getInt(6), rows.getInt(7),
                        rows.getObject(8, OffsetDateTime.class).toInstant(),
                        Optional.ofNullable(rows.getObject(9, OffsetDateTime.class)).map(OffsetDateTime::toInstant)));
            }
        }
        return records;
    }

    /// Adds what came of an interval, in the place of what came of it before.
    public static void put(Session session, long id, SimulatedInterval interval) throws SQLException {
        session.sql("MERGE INTO simulated_interval KEY (simulation_id, from_number, to_number)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, interval.from(), interval.to(),
                interval
                        .instructions(),
                interval.state().name(), interval.reason(), interval.pagesDiffering(), String.join(
                        "\n", interval.devicesDiffering()),
                interval.restoreMillis(), interval.runMillis(), interval
                        .proofMillis(),
                interval.worker(), interval.result()).executeUpdate();
    }

    /// What came of the intervals of a simulation, in the order of the run.
    ///
    /// @throws CorruptionException if a row cannot be
    public static List<SimulatedInterval> intervals(Session session, long id) throws SQLException, CorruptionException {
        List<SimulatedInterval> intervals = new ArrayList<>();
        try (ResultSet rows = session.sql("SELECT from_number, to_number, instructions, state, reason, pages_differing,"
                + " devices_differing, restore_millis, run_millis, proof_millis, worker, result FROM simulated_interval"
                + " WHERE simulation_id = ? ORDER BY from_number, to_number", id).executeQuery()) {
            while (rows.next()) {
                SimulatedInterval interval = new SimulatedInterval(rows.getInt(1), rows.getInt(2), rows.getLong(3),
                        state(rows.getString(4)), rows.getString(5), rows.getLong(6),
                        rows.getString(7).lines().toList(), rows.getLong(8), rows.getLong(9), rows.getLong(10),
                        rows.getInt(11), rows.getString(12));
                check(interval);
                intervals.add(interval);
            }
        }
        return intervals;
    }

    /// Whether it can be.
    ///
    /// @throws CorruptionException with why it cannot
    public static void check(SimulatedInterval interval) throws CorruptionException {
        String which = "the interval from " + interval.from() + " to " + interval.to() + " ";
        if (interval.from() < 1 || interval.to() <= interval.from() || interval.instructions() < 0
                || interval.pagesDiffering() < 0 || interval.restoreMillis() < 0 || interval.runMillis() < 0
                || interval.proofMillis() < 0 || interval.worker() < 1) {
            throw new CorruptionException(which + "has figures that cannot be");
        }
        try (JsonParser json = JSON.createParser(interval.result())) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new CorruptionException(which + "has a result that is no JSON object");
            }
            json.skipChildren();
            if (json.nextToken() != null) {
                throw new CorruptionException(which + "has more than a JSON object as its result");
            }
        } catch (CorruptionException e) {
            throw e;
        } catch (IOException e) {
            throw new CorruptionException(which + "has a result that is no JSON");
        }
    }

    private static EndState state(String name) throws CorruptionException {
        return Arrays.stream(EndState.values()).filter(each -> each.name().equals(name)).findFirst().orElseThrow(
                () -> new CorruptionException("an interval's state is " + name));
    }

    private static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
