package dev.freezeframe.store.catalog;

import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.figure.FigureValues;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.ImportedCheckpoint.ImageParts;
import dev.freezeframe.store.model.ImportedCheckpoint;
import dev.freezeframe.store.model.NewCheckpoint.NewImage;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.StoreException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The SQL of experiments and checkpoints. Stateless; every call runs inside the transaction of the
/// session that it is given.
public final class Catalog {
    private static final String EXPERIMENT_COLUMNS = "id, name, profile_name, machine_json, ram_bytes,"
            + " parent_checkpoint_id, started_at, ended_at, end_reason";
    private static final String CHECKPOINT_COLUMNS = CheckpointFigure.KEPT.stream()
            .map(figure -> ", c." + figure.column())
            .collect(Collectors.joining("", "c.id, c.experiment_id, e.name, c.number, c.captured_at", ""));
    private static final int FIRST_FIGURE = 6;
    private static final String INSERT_CHECKPOINT = CheckpointFigure.KEPT.stream().map(CheckpointFigure::column)
            .collect(
                    Collectors.joining(", ", "INSERT INTO checkpoint (experiment_id, number, captured_at, ", ")"))
            + " VALUES (?, ?, ?" + ", ?".repeat(CheckpointFigure.KEPT.size()) + ")";
    private static final String CHECKPOINTS = "SELECT " + CHECKPOINT_COLUMNS
            + " FROM checkpoint c JOIN experiment e ON e.id = c.experiment_id ";

    private Catalog() {}

    // --- experiments

    public static long insert(Session session, ExperimentRecord e) throws SQLException {
        return session.insert(
                "INSERT INTO experiment (name, profile_name, machine_json, ram_bytes, parent_checkpoint_id, started_at)"
                        + " VALUES (?, ?, ?, ?, ?, ?)",
                e.name(), e.profileName(), e.machineJson(), e.ramBytes(), e.parentCheckpointId().orElse(null),
                time(e.startedAt()));
    }

    public static boolean finish(Session session, long experimentId, Instant at, String reason) throws SQLException {
        return session.sql("UPDATE experiment SET ended_at = ?, end_reason = ? WHERE id = ?", time(at),
                reason.substring(0, Math.min(2000, reason.length())), experimentId).executeUpdate() == 1;
    }

    public static List<ExperimentRecord> experiments(Session session) throws SQLException {
        List<ExperimentRecord> found = new ArrayList<>();
        try (ResultSet r = session.sql("SELECT " + EXPERIMENT_COLUMNS + " FROM experiment ORDER BY id")
                .executeQuery()) {
            while (r.next()) {
                found.add(experiment(r));
            }
        }
        return found;
    }

    public static Optional<ExperimentRecord> experiment(Session session, long id) throws SQLException {
        try (ResultSet r = session.sql("SELECT " + EXPERIMENT_COLUMNS + " FROM experiment WHERE id = ?", id)
                .executeQuery()) {
            return r.next() ? Optional.of(experiment(r)) : Optional.empty();
        }
    }

    public static Optional<ExperimentRecord> experiment(Session session, String name) throws SQLException {
        try (ResultSet r = session.sql("SELECT " + EXPERIMENT_COLUMNS + " FROM experiment WHERE name = ?", name)
                .executeQuery()) {
            return r.next() ? Optional.of(experiment(r)) : Optional.empty();
        }
    }

    /// All experiments with what their checkpoints come to, oldest first.
    public static List<ExperimentTotals> totals(Session session) throws SQLException {
        Map<Long, ExperimentTotals> byId = new LinkedHashMap<>();
        Map<Long, Long> logBytes = ReplayLogTable.storedBytes(session);
        for (ExperimentRecord experiment : experiments(session)) {
            byId.put(experiment.id(), ExperimentTotals.none(experiment, logBytes.getOrDefault(experiment.id(), 0L)));
        }
        Map<Long, Long> diskBytes = DiskTable.imageBytes(session);
        try (ResultSet r = session.sql("SELECT experiment_id, COUNT(*), MIN(captured_at), MAX(captured_at),"
                + " SUM(stored_bytes), SUM(dirty_pages), SUM(unchanged_pages), SUM(zero_pages), SUM(duplicate_pages),"
                + " SUM(new_pages), CAST(MEDIAN(pause_micros) AS BIGINT), MAX(pause_micros), SUM(late),"
                + " MIN(interval_millis), MAX(interval_millis), SUM(dirty_blocks), SUM(new_blocks), SUM(ram_pages)"
                + " FROM checkpoint"
                + " GROUP BY experiment_id").executeQuery()) {
            while (r.next()) {
                ExperimentTotals none = byId.get(r.getLong(1));
                if (none != null) {
                    byId.put(r.getLong(1), new ExperimentTotals(none.experiment(), r.getLong(2), instant(r, 3),
                            instant(r, 4), r.getLong(5), r.getLong(6), r.getLong(7), r.getLong(8), r.getLong(9),
                            r.getLong(10), r.getLong(11), r.getLong(12), r.getLong(13), r.getLong(14), r.getLong(15),
                            r.getLong(16), r.getLong(17), r.getLong(18) * ChunkId.CHUNK_BYTES
                                    + diskBytes.getOrDefault(r.getLong(1), 0L),
                            none.logBytes()));
                }
            }
        }
        return List.copyOf(byId.values());
    }

    private static ExperimentRecord experiment(ResultSet r) throws SQLException {
        long parent = r.getLong(6);
        Optional<Long> parentId = r.wasNull() ? Optional.empty() : Optional.of(parent);
        return new ExperimentRecord(r.getLong(1), r.getString(2), r.getString(3), r.getString(4), r.getLong(5),
                parentId,
                instant(r, 7).orElse(Instant.EPOCH), instant(r, 8), Optional.ofNullable(r.getString(9)));
    }

    // --- checkpoints

    public static List<CheckpointRecord> checkpoints(Session session, long experimentId) throws SQLException {
        return all(session.sql(CHECKPOINTS + "WHERE c.experiment_id = ? ORDER BY c.number", experimentId), DiskTable
                .ofExperiment(session, experimentId));
    }

    /// By experiment id; an experiment without checkpoints is not in it.
    public static Map<Long, int[]> checkpointNumbers(Session session, Collection<Long> experimentIds)
            throws SQLException {
        Map<Long, List<Integer>> found = new HashMap<>();
        try (ResultSet r = session.sql("SELECT experiment_id, number FROM checkpoint WHERE experiment_id = ANY(?)"
                + " ORDER BY experiment_id, number", (Object) experimentIds.toArray()).executeQuery()) {
            while (r.next()) {
                found.computeIfAbsent(r.getLong(1), _ -> new ArrayList<>()).add(r.getInt(2));
            }
        }
        return found.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue().stream()
                .mapToInt(Integer::intValue).toArray()));
    }

    /// The checkpoints that experiments began at, by checkpoint id.
    public static Map<Long, CheckpointRecord> parents(Session session) throws SQLException {
        return all(session.sql(CHECKPOINTS + "WHERE c.id IN (SELECT parent_checkpoint_id FROM experiment)"), DiskTable
                .ofParents(session)).stream().collect(Collectors.toMap(CheckpointRecord::id, Function.identity()));
    }

    private static List<CheckpointRecord> all(PreparedStatement query, Map<Long, List<DiskMetrics>> disks)
            throws SQLException {
        List<CheckpointRecord> found = new ArrayList<>();
        try (ResultSet r = query.executeQuery()) {
            while (r.next()) {
                found.add(checkpoint(r, disks.getOrDefault(r.getLong(1), List.of())));
            }
        }
        return found;
    }

    public static Optional<CheckpointRecord> checkpoint(Session session, long id) throws SQLException {
        return first(session, session.sql(CHECKPOINTS + "WHERE c.id = ?", id));
    }

    public static Optional<CheckpointRecord> find(Session session, CheckpointName name) throws SQLException {
        if (name.experiment().isEmpty()) {
            return first(session, session.sql(CHECKPOINTS + "ORDER BY c.id DESC FETCH FIRST ROW ONLY"));
        }
        if (name.number().isEmpty()) {
            return first(session,
                    session.sql(CHECKPOINTS + "WHERE e.name = ? ORDER BY c.number DESC FETCH FIRST ROW ONLY",
                            name.experiment().get()));
        }
        return first(session, session.sql(CHECKPOINTS + "WHERE e.name = ? AND c.number = ?", name.experiment().get(),
                name.number().get()));
    }

    private static Optional<CheckpointRecord> first(Session session, PreparedStatement query) throws SQLException {
        try (ResultSet r = query.executeQuery()) {
            return r.next()
                    ? Optional.of(checkpoint(r, DiskTable.ofCheckpoint(session, r.getLong(1))))
                    : Optional.empty();
        }
    }

    private static CheckpointRecord checkpoint(ResultSet r, List<DiskMetrics> disks) throws SQLException {
        int[] column = {FIRST_FIGURE};
        FigureValues<CheckpointFigure> figures = FigureValues.read(CheckpointFigure.class, _ -> r.getLong(column[0]++));
        return new CheckpointRecord(r.getLong(1), r.getLong(2), r.getString(3), r.getInt(4), new CheckpointMetrics(
                instant(r, 5).orElse(Instant.EPOCH), figures, disks));
    }

    /// Writes the whole checkpoint.
    public static CheckpointRecord insert(Session session, NewCheckpoint c, String experimentName)
            throws SQLException, StoreException {
        PageClassMap pages = c.pageClasses();
        long ramPages = 0;
        long deviceStateBytes = 0;
        for (NewImage image : c.images()) {
            switch (image.name()) {
                case NewCheckpoint.RAM -> ramPages = image.map().pages();
                case NewCheckpoint.DEVICE_STATE -> deviceStateBytes = image.lengthBytes();
                default -> {
                }
            }
        }
        List<ImageTable.PlannedMap> maps = new ArrayList<>();
        Map<String, Long> mapBytes = new LinkedHashMap<>();
        for (NewImage image : c.images()) {
            ImageTable.PlannedMap map = ImageTable.plan(session, c.experimentId(), image);
            mapBytes.put(image.name(), map.bytes());
            maps.add(map);
        }
        List<DiskMetrics> disks = c.disks().stream()
                .map(disk -> disk.plusStored(mapBytes.get(NewCheckpoint.disk(disk.disk())))).toList();
        long allMapBytes = mapBytes.values().stream().mapToLong(Long::longValue).sum();
        long millis = (System.nanoTime() - c.startNanos()) / 1_000_000;
        FigureValues<CheckpointFigure> figures = c.capture().figures()
                .with(CheckpointFigure.RAM_PAGES, ramPages)
                .with(CheckpointFigure.DIRTY_PAGES, pages.dirtyPages())
                .with(CheckpointFigure.UNCHANGED_PAGES, pages.count(PageClass.UNCHANGED))
                .with(CheckpointFigure.ZERO_PAGES, pages.count(PageClass.ZERO))
                .with(CheckpointFigure.DUPLICATE_PAGES, pages.count(PageClass.DUPLICATE_WITHIN) + pages.count(
                        PageClass.DUPLICATE_STORED) + pages.count(PageClass.DUPLICATE_DISK))
                .with(CheckpointFigure.DUPLICATE_WITHIN_PAGES, pages.count(PageClass.DUPLICATE_WITHIN))
                .with(CheckpointFigure.DUPLICATE_STORED_PAGES, pages.count(PageClass.DUPLICATE_STORED))
                .with(CheckpointFigure.NEW_PAGES, pages.count(PageClass.NEW))
                .with(CheckpointFigure.DIRTY_BLOCKS, disks.stream().mapToLong(DiskMetrics::dirtyBlocks).sum())
                .with(CheckpointFigure.NEW_BLOCKS, disks.stream().mapToLong(DiskMetrics::newBlocks).sum())
                .with(CheckpointFigure.DEVICE_STATE_SIZE, deviceStateBytes)
                .with(CheckpointFigure.STORED, c.packBytes() + allMapBytes + pages.storedBytes())
                .with(CheckpointFigure.PIPELINE, millis);
        CheckpointMetrics metrics = new CheckpointMetrics(c.capture().capturedAt(), figures, disks);
        long id = insertRow(session, c.experimentId(), c.number(), metrics);
        for (int i = 0; i < maps.size(); i++) {
            ImageTable.insert(session, id, c.images().get(i), maps.get(i));
        }
        ClassMapTable.insert(session, id, pages.pieces());
        DiskTable.insert(session, id, disks);
        return new CheckpointRecord(id, c.experimentId(), experimentName, c.number(), metrics);
    }

    private static long insertRow(Session session, long experimentId, int number, CheckpointMetrics metrics)
            throws SQLException {
        List<Object> values = new ArrayList<>(List.of(experimentId, number, time(metrics.capturedAt())));
        CheckpointFigure.KEPT.forEach(figure -> values.add(metrics.of(figure)));
        return session.insert(INSERT_CHECKPOINT, values.toArray());
    }

    /// Writes a checkpoint that came from elsewhere, with the figures that it came with.
    ///
    /// @param ids the ids of the checkpoints before it, by number; receives its own
    public static void insert(Session session, long experimentId, ImportedCheckpoint parts, Map<Integer, Long> ids)
            throws SQLException {
        long id = insertRow(session, experimentId, parts.number(), parts.metrics());
        ids.put(parts.number(), id);
        for (ImageParts image : parts.images()) {
            ImageTable.insert(session, id, image, image.base().map(base -> Objects.requireNonNull(ids.get(base))));
        }
        if (parts.pageClasses().isPresent()) {
            ClassMapTable.insert(session, id, ImportedCheckpoint.pieces(parts.pageClasses().get()));
        }
        DiskTable.insert(session, id, parts.metrics().disks());
        if (!parts.annotation().isEmpty()) {
            AnnotationTable.put(session, id, parts.annotation());
        }
        if (parts.picture().isPresent()) {
            AnnotationTable.put(session, id, parts.picture().get());
        }
    }

    // --- where experiments came from

    public static void insert(Session session, long experimentId, ImportOrigin imported) throws SQLException {
        session.sql("INSERT INTO imported_experiment VALUES (?, ?, ?, ?, ?)", experimentId, imported.originalName(),
                imported.fileName(), imported.sha256(), time(imported.at())).executeUpdate();
    }

    public static Map<Long, ImportOrigin> imported(Session session) throws SQLException {
        Map<Long, ImportOrigin> found = new HashMap<>();
        try (ResultSet r = session.sql("SELECT experiment_id, original_name, file_name, sha256, imported_at"
                + " FROM imported_experiment").executeQuery()) {
            while (r.next()) {
                found.put(r.getLong(1), new ImportOrigin(r.getString(2), r.getString(3), r.getString(4),
                        instant(r, 5).orElse(Instant.EPOCH)));
            }
        }
        return found;
    }

    // --- deletion

    /// Deletes a checkpoint. Maps that were kept as the difference to one of its maps become the difference to the base of
    /// that, so that nothing else changes.
    public static void deleteCheckpoint(Session session, long checkpointId) throws SQLException, StoreException {
        ImageTable.makeIndependentOf(session, checkpointId);
        session.sql("DELETE FROM checkpoint WHERE id = ?", checkpointId).executeUpdate();
    }

    public static void deleteExperiment(Session session, long experimentId) throws SQLException {
        ImageTable.forgetBases(session, experimentId);
        session.sql("DELETE FROM checkpoint WHERE experiment_id = ?", experimentId).executeUpdate();
        session.sql("DELETE FROM experiment WHERE id = ?", experimentId).executeUpdate();
    }

    // --- values

    private static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    private static Optional<Instant> instant(ResultSet r, int column) throws SQLException {
        return Optional.ofNullable(r.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }
}
