package dev.freezeframe.store.catalog;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassCodec.Piece;
import dev.freezeframe.store.model.PageClassCodec;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The SQL of class maps. Stateless; what it gives has been checked against the metrics of its checkpoint.
public final class ClassMapTable {
    private ClassMapTable() {}

    static void insert(Session session, long checkpointId, List<Piece> pieces) throws SQLException {
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            session.sql("INSERT INTO page_class VALUES (?, ?, ?, ?, ?, ?, ?, ?)", checkpointId, i, pieces.size(),
                    piece.runs(), piece.pages(), piece.encodedBytes(),
                    piece.checksum(checkpointId, i, pieces.size()), piece.content()).executeUpdate();
        }
    }

    /// The map of a checkpoint; empty if it was stored in format 1, which had none.
    public static Optional<PageClassMap> read(Session session, CheckpointRecord checkpoint)
            throws SQLException, StoreException {
        CheckpointMetrics metrics = checkpoint.metrics();
        int pages = Math.clamp(metrics.ramPages(), 0, Integer.MAX_VALUE);
        List<Piece> pieces = new ArrayList<>();
        try {
            int count = 1;
            for (int i = 0; i < count; i++) {
                try (ResultSet r = session.sql("SELECT pieces, runs, pages, encoded_bytes, checksum, content"
                        + " FROM page_class WHERE checkpoint_id = ? AND piece = ?", checkpoint.id(), i)
                        .executeQuery()) {
                    if (!r.next()) {
                        if (i == 0) {
                            return Optional.empty();
                        }
                        throw new CorruptionException("piece " + i + " is missing");
                    }
                    count = r.getInt(1);
                    Piece piece = new Piece(r.getInt(2), r.getLong(3), r.getInt(4), r.getBytes(6));
                    if (r.getLong(5) != piece.checksum(checkpoint.id(), i, count)) {
                        throw new CorruptionException("the checksum of piece " + i + " does not match");
                    }
                    if (count < 1 || count > pages / PageClassCodec.MAX_RUNS + 1) {
                        throw new CorruptionException("it cannot have " + count + " pieces");
                    }
                    pieces.add(piece);
                }
            }
            PageClassMap map = PageClassMap.checked(pages, List.copyOf(pieces));
            if (!fits(map, metrics)) {
                throw new CorruptionException("its counts are not those of the checkpoint");
            }
            return Optional.of(map);
        } catch (CorruptionException e) {
            throw new StoreException(Reason.DAMAGED, "the map of page classes of checkpoint " + checkpoint.name()
                    + " is damaged (" + e.getMessage() + "); the checkpoint itself does not need it", e);
        }
    }

    /// Whether the classes of a map are those that the figures tell of.
    public static boolean fits(PageClassMap map, CheckpointMetrics metrics) {
        return map.count(PageClass.UNCHANGED) == metrics.unchangedPages()
                && map.count(PageClass.ZERO) == metrics.zeroPages()
                && map.count(PageClass.DUPLICATE_WITHIN) == metrics.duplicateWithinPages()
                && map.count(PageClass.DUPLICATE_STORED) == metrics.duplicateStoredPages()
                && map.count(PageClass.DUPLICATE_DISK) == metrics.duplicateDiskPages()
                && map.count(PageClass.NEW) == metrics.newPages();
    }
}
