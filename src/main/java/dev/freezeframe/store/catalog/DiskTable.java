package dev.freezeframe.store.catalog;

import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskFigure;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.figure.FigureValues;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// The SQL of what is measured about the disks of checkpoints. Stateless; figures that do not add up are shown as they are,
/// so that a list never fails for them, and [#problem] tells.
public final class DiskTable {
    private static final List<DiskFigure> FIGURES = List.of(DiskFigure.values());
    private static final String COLUMNS = FIGURES.stream().map(figure -> ", d." + figure.column()).collect(Collectors
            .joining("", "d.checkpoint_id, d.disk", ""));
    private static final int FIRST_FIGURE = 3;
    private static final String INSERT = FIGURES.stream().map(DiskFigure::column).collect(Collectors.joining(", ",
            "INSERT INTO checkpoint_disk (checkpoint_id, place, disk, ", ")")) + " VALUES (?, ?, ?" + ", ?".repeat(
                    FIGURES.size())
            + ")";

    private DiskTable() {}

    static void insert(Session session, long checkpointId, List<DiskMetrics> disks) throws SQLException {
        for (int i = 0; i < disks.size(); i++) {
            DiskMetrics disk = disks.get(i);
            List<Object> values = new ArrayList<>(List.of(checkpointId, i, disk.disk()));
            FIGURES.forEach(figure -> values.add(disk.of(figure)));
            session.sql(INSERT, values.toArray()).executeUpdate();
        }
    }

    /// Those of an experiment's checkpoints, by checkpoint id; checkpoints without disks are not in it.
    static Map<Long, List<DiskMetrics>> ofExperiment(Session session, long experimentId) throws SQLException {
        return read(session.sql("SELECT " + COLUMNS + " FROM checkpoint_disk d JOIN checkpoint c"
                + " ON c.id = d.checkpoint_id WHERE c.experiment_id = ? ORDER BY d.checkpoint_id, d.place",
                experimentId));
    }

    /// Those of the checkpoints that experiments began at, by checkpoint id.
    static Map<Long, List<DiskMetrics>> ofParents(Session session) throws SQLException {
        return read(session.sql("SELECT " + COLUMNS + " FROM checkpoint_disk d WHERE d.checkpoint_id IN"
                + " (SELECT parent_checkpoint_id FROM experiment) ORDER BY d.checkpoint_id, d.place"));
    }

    public static List<DiskMetrics> ofCheckpoint(Session session, long checkpointId) throws SQLException {
        return read(session.sql("SELECT " + COLUMNS + " FROM checkpoint_disk d WHERE d.checkpoint_id = ?"
                + " ORDER BY d.place", checkpointId)).getOrDefault(checkpointId, List.of());
    }

    private static Map<Long, List<DiskMetrics>> read(PreparedStatement query) throws SQLException {
        Map<Long, List<DiskMetrics>> found = new HashMap<>();
        try (ResultSet r = query.executeQuery()) {
            while (r.next()) {
                int[] column = {FIRST_FIGURE};
                found.computeIfAbsent(r.getLong(1), _ -> new ArrayList<>()).add(new DiskMetrics(r.getString(2),
                        FigureValues.read(DiskFigure.class, _ -> r.getLong(column[0]++))));
            }
        }
        return found;
    }

    /// The bytes of all disks of all checkpoints, by experiment id.
    static Map<Long, Long> imageBytes(Session session) throws SQLException {
        Map<Long, Long> found = new HashMap<>();
        try (ResultSet r = session
                .sql("SELECT c.experiment_id, CAST(SUM(d.size_bytes) AS BIGINT) FROM checkpoint_disk d"
                        + " JOIN checkpoint c ON c.id = d.checkpoint_id GROUP BY c.experiment_id")
                .executeQuery()) {
            while (r.next()) {
                found.put(r.getLong(1), r.getLong(2));
            }
        }
        return found;
    }

    /// What is wrong with the figures of a checkpoint's disks, in one line.
    public static Optional<String> problem(CheckpointMetrics metrics) {
        long dirty = 0;
        long fresh = 0;
        for (DiskMetrics disk : metrics.disks()) {
            if (!disk.addsUp()) {
                return Optional.of("the figures of its disk \"" + disk.disk() + "\" do not add up");
            }
            dirty += disk.dirtyBlocks();
            fresh += disk.newBlocks();
        }
        return dirty == metrics.dirtyBlocks() && fresh == metrics.newBlocks()
                ? Optional.empty()
                : Optional.of("the figures of its disks are not those of the checkpoint, or some are missing");
    }
}
