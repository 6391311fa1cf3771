package dev.freezeframe.store.catalog;

import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import net.openhft.hashing.LongHashFunction;

/// The SQL of what belongs to a checkpoint without being needed to restore it: notes, tags, pictures. Stateless; every
/// change locks the checkpoint's row first, so that it cannot be deleted in between.
public final class AnnotationTable {
    private AnnotationTable() {}

    /// Replaces a note and tags; false if there is no such checkpoint.
    public static boolean put(Session session, long checkpointId, Annotation annotation) throws SQLException {
        if (!lock(session, checkpointId)) {
            return false;
        }
        session.sql("DELETE FROM checkpoint_note WHERE checkpoint_id = ?", checkpointId).executeUpdate();
        session.sql("DELETE FROM checkpoint_tag WHERE checkpoint_id = ?", checkpointId).executeUpdate();
        if (!annotation.note().isEmpty()) {
            session.sql("INSERT INTO checkpoint_note VALUES (?, ?)", checkpointId, annotation.note()).executeUpdate();
        }
        for (String tag : annotation.tags()) {
            session.sql("INSERT INTO checkpoint_tag VALUES (?, ?)", checkpointId, tag).executeUpdate();
        }
        return true;
    }

    /// What was written about the checkpoints of an experiment, by checkpoint id; those without are not in it.
    public static Map<Long, Annotation> ofExperiment(Session session, long experimentId) throws SQLException {
        return read(session, "JOIN checkpoint c ON c.id = a.checkpoint_id WHERE c.experiment_id = ?", experimentId);
    }

    public static Annotation ofCheckpoint(Session session, long checkpointId) throws SQLException {
        return read(session, "WHERE a.checkpoint_id = ?", checkpointId).getOrDefault(checkpointId, Annotation.NONE);
    }

    private static Map<Long, Annotation> read(Session session, String which, long id) throws SQLException {
        Map<Long, String> notes = new HashMap<>();
        Map<Long, SortedSet<String>> tags = new HashMap<>();
        try (ResultSet r = session.sql("SELECT a.checkpoint_id, a.note FROM checkpoint_note a " + which, id)
                .executeQuery()) {
            while (r.next()) {
                notes.put(r.getLong(1), r.getString(2));
            }
        }
        try (ResultSet r = session.sql("SELECT a.checkpoint_id, a.tag FROM checkpoint_tag a " + which, id)
                .executeQuery()) {
            while (r.next()) {
                tags.computeIfAbsent(r.getLong(1), _ -> new TreeSet<>()).add(r.getString(2));
            }
        }
        Map<Long, Annotation> found = new HashMap<>();
        for (Set<Long> ids : List.of(notes.keySet(), tags.keySet())) {
            for (long checkpoint : ids) {
                found.computeIfAbsent(checkpoint, _ -> annotation(notes.getOrDefault(checkpoint, ""),
                        tags.getOrDefault(checkpoint, new TreeSet<>())));
            }
        }
        return found;
    }

    /// As stored. What another program put in that is too long is cut: a person's words are no reason to refuse a list.
    private static Annotation annotation(String note, SortedSet<String> tags) {
        tags.removeIf(tag -> {
            try {
                Annotation.checkTag(tag);
                return false;
            } catch (IllegalArgumentException e) {
                return true;
            }
        });
        while (tags.size() > Annotation.MAX_TAGS) {
            tags.removeLast();
        }
        String clean = note.replace("\0", "");
        return new Annotation(clean.substring(0, Math.min(Annotation.MAX_NOTE_LENGTH, clean.length())), tags);
    }

    /// Replaces a picture; false if there is no such checkpoint.
    public static boolean put(Session session, long checkpointId, Picture picture) throws SQLException {
        if (!lock(session, checkpointId)) {
            return false;
        }
        session.sql("MERGE INTO picture KEY (checkpoint_id) VALUES (?, ?, ?, ?)", checkpointId, picture.kind().name(),
                checksum(checkpointId, picture.kind().name(), picture.content()), picture.content()).executeUpdate();
        return true;
    }

    public static Optional<Picture> picture(Session session, long checkpointId) throws SQLException, StoreException {
        try (ResultSet r = session.sql("SELECT kind, checksum, content FROM picture WHERE checkpoint_id = ?",
                checkpointId).executeQuery()) {
            if (!r.next()) {
                return Optional.empty();
            }
            String kind = r.getString(1);
            byte[] content = r.getBytes(3);
            if (r.getLong(2) != checksum(checkpointId, kind, content)) {
                throw damaged(checkpointId, "its checksum does not match", null);
            }
            return Optional.of(new Picture(Picture.Kind.valueOf(kind), content));
        } catch (IllegalArgumentException e) {
            throw damaged(checkpointId, e.getMessage(), e);
        }
    }

    private static StoreException damaged(long checkpointId, String what, Exception cause) {
        return new StoreException(Reason.DAMAGED,
                "the picture of checkpoint id " + checkpointId + " is damaged (" + what
                        + "); the checkpoint itself does not need it",
                cause);
    }

    private static long checksum(long checkpointId, String kind, byte[] content) {
        return LongHashFunction.xx3(LongHashFunction.xx3(checkpointId).hashChars(kind)).hashBytes(content);
    }

    private static boolean lock(Session session, long checkpointId) throws SQLException {
        try (ResultSet r = session.sql("SELECT id FROM checkpoint WHERE id = ? FOR UPDATE", checkpointId)
                .executeQuery()) {
            return r.next();
        }
    }
}
