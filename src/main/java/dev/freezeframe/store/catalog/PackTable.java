package dev.freezeframe.store.catalog;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkWatcher;
import dev.freezeframe.store.pack.Pack;
import dev.freezeframe.store.pack.PackCodec;
import dev.freezeframe.store.pack.PackDraft;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import net.openhft.hashing.LongHashFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The SQL of packs, and the hot ones decompressed in memory. The cache is bounded in bytes; safe for any number of
/// threads.
public final class PackTable implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PackTable.class);

    /// Rows of hashes that are read in one query.
    private static final int PACKS_AT_ONCE = 1000;

    private final PackCodec codec = new PackCodec();
    private final Cache<Long, Pack> cache;
    private final DiskPacks diskPacks = new DiskPacks();

    public PackTable(long cacheBytes) {
        cache = Caffeine.newBuilder().maximumWeight(cacheBytes).weigher((Long id, Pack pack) -> pack.sizeBytes())
                .build();
    }

    /// Compresses a draft; takes no connection.
    public PackCodec.Row encode(PackDraft draft, int level) {
        return codec.encode(draft.packId(), draft.slots(), draft.live(), draft.pressTogether(), level);
    }

    public static long insert(Session session, PackCodec.Row row, ChunkOrigin origin, BitSet live, long[] hashes)
            throws SQLException {
        session.sql("INSERT INTO pack VALUES (?, ?, ?, ?, ?, ?, ?)", row.packId(), row.slots(), row.codec(),
                row.rawBytes(), row.content().length, row.checksum(), row.content()).executeUpdate();
        byte[] bits = live.toByteArray();
        ByteBuffer bytes = ByteBuffer.allocate(16 * live.cardinality()).order(ByteOrder.BIG_ENDIAN);
        for (int slot = live.nextSetBit(0); slot >= 0; slot = live.nextSetBit(slot + 1)) {
            bytes.putLong(hashes[2 * slot]).putLong(hashes[2 * slot + 1]);
        }
        session.sql("INSERT INTO pack_chunks VALUES (?, ?, ?, ?, ?, ?)", row.packId(), row.slots(), live.cardinality(),
                bits, bytes.array(), hashesChecksum(row.packId(), bits, bytes.array())).executeUpdate();
        if (origin == ChunkOrigin.DISK) {
            DiskPacks.insert(session, row.packId());
        }
        return row.content().length + (long) bits.length + bytes.capacity();
    }

    static long hashesChecksum(long packId, byte[] live, byte[] hashes) {
        return LongHashFunction.xx3(LongHashFunction.xx3(packId).hashBytes(live)).hashBytes(hashes);
    }

    /// Receives a chunk and its hash.
    @FunctionalInterface
    public interface ChunkVisitor {
        void chunk(long chunkId, long hashLow, long hashHigh);
    }

    /// Visits the stored chunks, reading hashes only, from the newest packs to the oldest that the watcher wants. Rows that do
    /// not add up are passed over: their chunks are then merely not found again.
    public static void forEachChunk(Session session, ChunkWatcher watcher) throws SQLException {
        long last = lastPackIdWithHashes(session);
        // by ranges of ids, because H2 would sort all rows to give them in descending order
        while (last > 0 && watcher.wants(ChunkId.of(last, ChunkId.MAX_SLOTS - 1))) {
            long before = Math.max(0, last - PACKS_AT_ONCE);
            try (ResultSet r = session.sql("SELECT pack_id, slots, live, hashes, checksum FROM pack_chunks"
                    + " WHERE pack_id > ? AND pack_id <= ?", before, last).executeQuery()) {
                while (r.next()) {
                    visit(r.getLong(1), r.getInt(2), r.getBytes(3), r.getBytes(4), r.getLong(5), watcher::stored);
                }
            }
            last = before;
        }
    }

    private static long lastPackIdWithHashes(Session session) throws SQLException {
        try (ResultSet r = session.sql("SELECT MAX(pack_id) FROM pack_chunks").executeQuery()) {
            r.next();
            return Math.min(r.getLong(1), ChunkId.MAX_PACK_ID);
        }
    }

    private static void visit(long packId, int slots, byte[] bits, byte[] hashes, long checksum, ChunkVisitor visitor) {
        try {
            new PackHashes(packId, slots, bits, hashes, checksum).forEach(visitor);
        } catch (CorruptionException e) {
            LOG.warn("the hashes of pack {} cannot be read ({}): its chunks will be stored again when they come back",
                    packId, e.getMessage());
        }
    }

    /// The row of a pack that tells which slots are live and their hashes. Checked when it is made.
    public static final class PackHashes {
        public final long packId;
        final int slots;
        public final BitSet live;
        private final byte[] hashes;

        PackHashes(long packId, int slots, byte[] bits, byte[] hashes, long checksum) throws CorruptionException {
            this.packId = packId;
            this.slots = slots;
            this.live = BitSet.valueOf(bits);
            this.hashes = hashes;
            if (packId <= 0 || packId > ChunkId.MAX_PACK_ID || slots < 0 || slots > ChunkId.MAX_SLOTS
                    || live.length() > slots || hashes.length != 16 * live.cardinality()
                    || checksum != hashesChecksum(packId, bits, hashes)) {
                throw new CorruptionException("the row does not match its checksum");
            }
        }

        public void forEach(ChunkVisitor visitor) {
            ByteBuffer in = ByteBuffer.wrap(hashes);
            for (int slot = live.nextSetBit(0); slot >= 0; slot = live.nextSetBit(slot + 1)) {
                visitor.chunk(ChunkId.of(packId, slot), in.getLong(), in.getLong());
            }
        }
    }

    /// The ids of all packs that have a row of hashes, after `after`, at most 1000, ascending.
    public static List<Long> packIds(Session session, long after) throws SQLException {
        List<Long> ids = new ArrayList<>();
        try (ResultSet r = session.sql("SELECT pack_id FROM pack_chunks WHERE pack_id > ? ORDER BY pack_id"
                + " FETCH FIRST 1000 ROWS ONLY", after).executeQuery()) {
            while (r.next()) {
                ids.add(r.getLong(1));
            }
        }
        return ids;
    }

    /// Null if there is none.
    public static PackHashes hashes(Session session, long packId) throws SQLException, CorruptionException {
        try (ResultSet r = session
                .sql("SELECT slots, live, hashes, checksum FROM pack_chunks WHERE pack_id = ?", packId)
                .executeQuery()) {
            return r.next() ? new PackHashes(packId, r.getInt(1), r.getBytes(2), r.getBytes(3), r.getLong(4)) : null;
        }
    }

    /// What [#insert] answered when the pack was stored; 0 if it is gone.
    public static long storedBytes(Session session, long packId) throws SQLException {
        try (ResultSet r = session.sql("SELECT p.stored_bytes + OCTET_LENGTH(c.live) + OCTET_LENGTH(c.hashes)"
                + " FROM pack p JOIN pack_chunks c ON c.pack_id = p.id WHERE p.id = ?", packId).executeQuery()) {
            return r.next() ? r.getLong(1) : 0;
        }
    }

    public static void delete(Session session, long packId) throws SQLException {
        session.sql("DELETE FROM pack WHERE id = ?", packId).executeUpdate();
        session.sql("DELETE FROM pack_chunks WHERE pack_id = ?", packId).executeUpdate();
        DiskPacks.delete(session, packId);
    }

    /// Puts a pack with fewer live slots in the place of one.
    public void rewrite(Session session, Pack pack, PackHashes old, BitSet live, int level)
            throws SQLException, CorruptionException {
        ByteBuffer raw = ByteBuffer.allocateDirect(live.cardinality() * ChunkId.CHUNK_BYTES);
        long[] hashes = new long[2 * old.slots];
        old.forEach((chunkId, low, high) -> {
            hashes[2 * ChunkId.slot(chunkId)] = low;
            hashes[2 * ChunkId.slot(chunkId) + 1] = high;
        });
        for (int slot = live.nextSetBit(0); slot >= 0; slot = live.nextSetBit(slot + 1)) {
            raw.put(pack.raw(), pack.offset(slot), ChunkId.CHUNK_BYTES);
        }
        ChunkOrigin origin = DiskPacks.contains(session, old.packId) ? ChunkOrigin.DISK : ChunkOrigin.RAM;
        delete(session, old.packId);
        insert(session, codec.encode(old.packId, old.slots, live, raw, level), origin, live, hashes);
    }

    public static long lastPackId(Session session) throws SQLException {
        try (ResultSet r = session.sql("SELECT MAX(id) FROM pack").executeQuery()) {
            r.next();
            return r.getLong(1);
        }
    }

    /// A pack, from memory or disk.
    ///
    /// @param keep whether to keep it in memory; a reader that passes over everything once should not
    public Pack load(Database database, long packId, boolean keep) throws SQLException, StoreException {
        Pack pack = cache.getIfPresent(packId);
        if (pack == null) {
            PackCodec.Row row = database.transact(session -> row(session, packId));
            try {
                pack = decode(row);
            } catch (CorruptionException e) {
                throw new StoreException(Reason.DAMAGED, "pack " + packId + " is damaged (" + e.getMessage()
                        + "); verify lists every checkpoint that is affected", e);
            }
            if (keep) {
                cache.put(packId, pack);
            }
        }
        return pack;
    }

    /// A pack, from disk.
    public Pack load(Session session, long packId) throws SQLException, CorruptionException {
        return decode(row(session, packId));
    }

    private Pack decode(PackCodec.Row row) throws CorruptionException {
        if (row == null) {
            throw new CorruptionException("it is missing");
        }
        return codec.decode(row);
    }

    /// Which packs were born on disk; read it anew with every database that is opened.
    public DiskPacks diskPacks() {
        return diskPacks;
    }

    public void forget(long packId) {
        cache.invalidate(packId);
    }

    public void forgetAll() {
        cache.invalidateAll();
    }

    private static PackCodec.Row row(Session session, long packId) throws SQLException {
        try (ResultSet r = session
                .sql("SELECT slots, codec, raw_bytes, content, checksum FROM pack WHERE id = ?", packId)
                .executeQuery()) {
            return r.next()
                    ? new PackCodec.Row(packId, r.getInt(1), r.getInt(2), r.getInt(3), r.getBytes(4), r.getLong(5))
                    : null;
        }
    }

    @Override
    public void close() {
        cache.invalidateAll();
        codec.close();
    }
}
