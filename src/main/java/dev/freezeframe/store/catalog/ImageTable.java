package dev.freezeframe.store.catalog;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ImportedCheckpoint.ImageParts;
import dev.freezeframe.store.model.NewCheckpoint.NewImage;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.PageMapCodec.Piece;
import dev.freezeframe.store.model.PageMapCodec;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/// The SQL of images and page maps. Stateless; every call runs inside the transaction of the session that it is given.
public final class ImageTable {
    /// A page map is at most this many differences away from a key map.
    public static final int MAX_CHAIN = 64;
    /// Only so often it is looked whether a key map is due: for a large disk, that means to encode millions of entries.
    private static final int LINKS_BETWEEN_KEY_MAPS = 8;
    /// No image is larger: 4 TiB.
    public static final long MAX_IMAGE_BYTES = Disk.MOST_BYTES;

    private static final String IMAGES = "SELECT id, checkpoint_id, name, length_bytes, base_checkpoint_id, chain_length,"
            + " chain_bytes, map_pieces FROM image ";

    /// A row of the image table.
    public record Image(long id, long checkpointId, String name, long lengthBytes, Optional<Long> baseCheckpointId,
            int chainLength, long chainBytes, int mapPieces) {
        public int pages() {
            return (int) ((lengthBytes + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES);
        }

        public int checkedPages() throws StoreException {
            if (lengthBytes < 0 || lengthBytes > MAX_IMAGE_BYTES) {
                throw damagedMap(this, "its image cannot be " + lengthBytes + " bytes long");
            }
            return pages();
        }
    }

    private ImageTable() {}

    /// How a map will be kept: as the difference to that of a checkpoint, or whole.
    record PlannedMap(Optional<Long> base, int chainLength, long chainBytes, List<Piece> pieces, long bytes) {}

    /// Key map or difference? A difference, unless the differences since the last key map would outweigh a key map or be
    /// too many to read in a moment.
    static PlannedMap plan(Session session, long experimentId, NewImage image) throws SQLException {
        Optional<Image> base = Optional.empty();
        if (image.base().isPresent() && image.base().get().checkpointId().isPresent()) {
            long baseId = image.base().get().checkpointId().getAsLong();
            if (isOf(session, baseId, experimentId)) {
                base = image(session, baseId, image.name());
            }
        }
        if (base.isPresent() && base.get().chainLength < MAX_CHAIN && base.get().lengthBytes == image.lengthBytes()) {
            List<Piece> difference = PageMapCodec.encodeDifference(image.base().get(), image.map());
            long bytes = bytes(difference);
            long chainBytes = base.get().chainBytes + bytes;
            int chainLength = base.get().chainLength + 1;
            if (chainLength % LINKS_BETWEEN_KEY_MAPS != 0) {
                return new PlannedMap(base.map(Image::checkpointId), chainLength, chainBytes, difference, bytes);
            }
            List<Piece> whole = PageMapCodec.encodeDifference(PageMap.allZero(image.map().pages()), image.map());
            if (chainBytes <= bytes(whole)) {
                return new PlannedMap(base.map(Image::checkpointId), chainLength, chainBytes, difference, bytes);
            }
            return new PlannedMap(Optional.empty(), 0, 0, whole, bytes(whole));
        }
        List<Piece> whole = PageMapCodec.encodeDifference(PageMap.allZero(image.map().pages()), image.map());
        return new PlannedMap(Optional.empty(), 0, 0, whole, bytes(whole));
    }

    private static long bytes(List<Piece> pieces) {
        return pieces.stream().mapToLong(p -> p.content().length).sum();
    }

    private static boolean isOf(Session session, long checkpointId, long experimentId) throws SQLException {
        try (ResultSet r = session.sql("SELECT 1 FROM checkpoint WHERE id = ? AND experiment_id = ?", checkpointId,
                experimentId).executeQuery()) {
            return r.next();
        }
    }

    static void insert(Session session, long checkpointId, NewImage image, PlannedMap map) throws SQLException {
        insert(session, checkpointId, image.name(), image.lengthBytes(), map);
    }

    /// An image that came from elsewhere, with the map that it came with.
    ///
    /// @param base the checkpoint whose image of the same name it is the difference to
    static void insert(Session session, long checkpointId, ImageParts image, Optional<Long> base) throws SQLException {
        List<Piece> pieces = image.map().stream().map(part -> new Piece(part.entries(), part.encodedBytes(), part
                .content())).toList();
        Optional<Image> on = base.isPresent() ? image(session, base.get(), image.name()) : Optional.empty();
        insert(session, checkpointId, image.name(), image.lengthBytes(), following(on, pieces));
    }

    /// The difference to this image, or to nothing.
    private static PlannedMap following(Optional<Image> base, List<Piece> pieces) {
        long bytes = bytes(pieces);
        return new PlannedMap(base.map(Image::checkpointId), base.map(each -> each.chainLength + 1).orElse(0), base.map(
                each -> each.chainBytes + bytes).orElse(0L), pieces, bytes);
    }

    private static void insert(Session session, long checkpointId, String name, long lengthBytes, PlannedMap map)
            throws SQLException {
        long id = session.insert(
                "INSERT INTO image (checkpoint_id, name, length_bytes, base_checkpoint_id, chain_length, chain_bytes,"
                        + " map_pieces) VALUES (?, ?, ?, ?, ?, ?, ?)",
                checkpointId, name, lengthBytes, map.base.orElse(null), map.chainLength, map.chainBytes,
                map.pieces.size());
        insertPieces(session, id, map.pieces);
    }

    private static void insertPieces(Session session, long imageId, List<Piece> pieces) throws SQLException {
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            session.sql("INSERT INTO page_map VALUES (?, ?, ?, ?, ?, ?)", imageId, i, piece.entries(),
                    piece.encodedBytes(), piece.checksum(imageId, i), piece.content()).executeUpdate();
        }
    }

    public static List<Image> images(Session session, long checkpointId) throws SQLException {
        List<Image> found = new ArrayList<>();
        try (ResultSet r = session.sql(IMAGES + "WHERE checkpoint_id = ? ORDER BY id", checkpointId).executeQuery()) {
            while (r.next()) {
                found.add(image(r));
            }
        }
        return found;
    }

    public static Optional<Image> image(Session session, long checkpointId, String name) throws SQLException {
        try (ResultSet r = session.sql(IMAGES + "WHERE checkpoint_id = ? AND name = ?", checkpointId, name)
                .executeQuery()) {
            return r.next() ? Optional.of(image(r)) : Optional.empty();
        }
    }

    private static Image image(ResultSet r) throws SQLException {
        long base = r.getLong(5);
        Optional<Long> baseId = r.wasNull() ? Optional.empty() : Optional.of(base);
        return new Image(r.getLong(1), r.getLong(2), r.getString(3), r.getLong(4), baseId, r.getInt(6), r.getLong(7),
                r.getInt(8));
    }

    /// The whole map of an image: its key map and every difference since.
    public static PageMap pageMap(Session session, Image image) throws SQLException, StoreException {
        Deque<Image> chain = new ArrayDeque<>();
        Image link = image;
        chain.push(link);
        while (link.baseCheckpointId.isPresent()) {
            Image next = image(session, link.baseCheckpointId.get(), image.name).orElse(null);
            if (next == null || next.checkpointId >= link.checkpointId || next.lengthBytes != image.lengthBytes) {
                throw damagedMap(image, "its base, checkpoint id " + link.baseCheckpointId.get() + ", does not fit");
            }
            link = next;
            chain.push(link);
        }
        PageMap.Editor map = PageMap.allZero(image.checkedPages()).edit();
        for (Image each : chain) {
            apply(session, each, map::set);
        }
        return map.map().storedAs(image.checkpointId);
    }

    private static void apply(Session session, Image image, PageMap.Visitor<RuntimeException> map)
            throws SQLException, StoreException {
        forEachPiece(session, image, piece -> PageMapCodec.decode(piece, image.pages(), map));
    }

    /// The rows of an image's own map.
    public static List<Piece> pieces(Session session, Image image) throws SQLException, StoreException {
        List<Piece> pieces = new ArrayList<>();
        forEachPiece(session, image, pieces::add);
        return pieces;
    }

    /// Takes a row whose checksum is right.
    private interface PieceVisitor {
        void piece(Piece piece) throws CorruptionException;
    }

    private static void forEachPiece(Session session, Image image, PieceVisitor visitor)
            throws SQLException, StoreException {
        for (int i = 0; i < image.mapPieces; i++) {
            try (ResultSet r = session.sql(
                    "SELECT entries, encoded_bytes, checksum, content FROM page_map WHERE image_id = ? AND piece = ?",
                    image.id, i).executeQuery()) {
                if (!r.next()) {
                    throw damagedMap(image, "piece " + i + " is missing");
                }
                Piece piece = new Piece(r.getInt(1), r.getInt(2), r.getBytes(4));
                if (r.getLong(3) != piece.checksum(image.id, i)) {
                    throw damagedMap(image, "the checksum of piece " + i + " does not match");
                }
                visitor.piece(piece);
            } catch (CorruptionException e) {
                throw damagedMap(image, e.getMessage());
            }
        }
    }

    private static StoreException damagedMap(Image image, String what) {
        return new StoreException(Reason.DAMAGED, "the page map \"" + image.name + "\" of checkpoint id "
                + image.checkpointId + " is damaged (" + what + "); verify lists every checkpoint that is affected");
    }

    // --- deletion

    /// Maps that were kept as the difference to one of a checkpoint's maps become the difference to the base of that, so that the
    /// checkpoint can be deleted and nothing else changes.
    static void makeIndependentOf(Session session, long checkpointId) throws SQLException, StoreException {
        List<Image> successors = new ArrayList<>();
        try (ResultSet r = session.sql(IMAGES + "WHERE base_checkpoint_id = ? ORDER BY id", checkpointId)
                .executeQuery()) {
            while (r.next()) {
                successors.add(image(r));
            }
        }
        for (Image successor : successors) {
            PageMap map = pageMap(session, successor);
            Optional<Image> gone = image(session, checkpointId, successor.name);
            Optional<Image> base = Optional.empty();
            if (gone.isPresent() && gone.get().baseCheckpointId.isPresent()) {
                base = image(session, gone.get().baseCheckpointId.get(), successor.name);
            }
            PageMap baseMap = base.isPresent() ? pageMap(session, base.get()) : PageMap.allZero(map.pages());
            List<Piece> pieces = PageMapCodec.encodeDifference(baseMap, map);
            session.sql("DELETE FROM page_map WHERE image_id = ?", successor.id).executeUpdate();
            PlannedMap difference = following(base, pieces);
            session.sql("UPDATE image SET base_checkpoint_id = ?, chain_length = ?, chain_bytes = ?, map_pieces = ?"
                    + " WHERE id = ?", difference.base.orElse(null), difference.chainLength, difference.chainBytes,
                    pieces.size(), successor.id).executeUpdate();
            insertPieces(session, successor.id, pieces);
        }
    }

    /// Before all of an experiment is deleted, in any order.
    static void forgetBases(Session session, long experimentId) throws SQLException {
        session.sql("UPDATE image SET base_checkpoint_id = NULL WHERE checkpoint_id IN"
                + " (SELECT id FROM checkpoint WHERE experiment_id = ?)", experimentId).executeUpdate();
    }

    // --- passing over everything

    public static List<Image> allImages(Session session) throws SQLException {
        List<Image> found = new ArrayList<>();
        try (ResultSet r = session.sql(IMAGES + "ORDER BY id").executeQuery()) {
            while (r.next()) {
                found.add(image(r));
            }
        }
        return found;
    }

    /// Calls for every chunk that an image's own rows name. Over all images, these are all chunks in use: what a key map
    /// or difference names is in use by the checkpoint that it belongs to.
    public static void forEachOwnChunk(Session session, Image image, LongConsumer visitor)
            throws SQLException, StoreException {
        image.checkedPages();
        apply(session, image, (page, id) -> {
            if (id != ChunkId.ZERO) {
                visitor.accept(id);
            }
        });
    }
}
