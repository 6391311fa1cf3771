package dev.freezeframe.store.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.model.ChunkId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;

/// Which packs were born on disk: a bit for each, the same in memory as in the store. Safe for any number of threads; a
/// look-up costs a few nanoseconds, and the bits take memory only near ids that are born on disk.
public final class DiskPacks {
    private static final int LEAF_BITS = 15;
    private static final int LEAVES = (int) (ChunkId.MAX_PACK_ID >>> LEAF_BITS) + 1;
    /// Rows that are read in one query.
    private static final int ROWS_AT_ONCE = 10_000;

    @GuardedBy("this")
    private long[][] leaves = new long[16][];

    static void insert(Session session, long packId) throws SQLException {
        session.sql("INSERT INTO disk_pack VALUES (?)", packId).executeUpdate();
    }

    static void delete(Session session, long packId) throws SQLException {
        session.sql("DELETE FROM disk_pack WHERE pack_id = ?", packId).executeUpdate();
    }

    static boolean contains(Session session, long packId) throws SQLException {
        try (ResultSet r = session.sql("SELECT 1 FROM disk_pack WHERE pack_id = ?", packId).executeQuery()) {
            return r.next();
        }
    }

    /// Forgets everything and reads what the store has.
    public void load(Session session) throws SQLException {
        DiskPacks read = new DiskPacks();
        long after = 0;
        int rows = ROWS_AT_ONCE;
        while (rows == ROWS_AT_ONCE) {
            rows = 0;
            try (ResultSet r = session.sql("SELECT pack_id FROM disk_pack WHERE pack_id > ? ORDER BY pack_id"
                    + " FETCH FIRST " + ROWS_AT_ONCE + " ROWS ONLY", after).executeQuery()) {
                while (r.next()) {
                    after = r.getLong(1);
                    read.set(after, true);
                    rows++;
                }
            }
        }
        long[][] fresh = read.leaves();
        synchronized (this) {
            leaves = fresh;
        }
    }

    private synchronized long[][] leaves() {
        return leaves;
    }

    public synchronized boolean contains(long packId) {
        int leaf = (int) (packId >>> LEAF_BITS);
        return leaf < leaves.length && leaves[leaf] != null
                && (leaves[leaf][word(packId)] & 1L << (packId & 63)) != 0;
    }

    /// What is no pack id is ignored: it can only come from a damaged row, and no chunk has it.
    public synchronized void set(long packId, boolean disk) {
        if (packId <= 0 || packId > ChunkId.MAX_PACK_ID || (!disk && !contains(packId))) {
            return;
        }
        int leaf = (int) (packId >>> LEAF_BITS);
        if (leaf >= leaves.length) {
            leaves = Arrays.copyOf(leaves, Math.min(LEAVES, Math.max(leaf + 1, 2 * leaves.length)));
        }
        if (leaves[leaf] == null) {
            leaves[leaf] = new long[1 << (LEAF_BITS - 6)];
        }
        if (disk) {
            leaves[leaf][word(packId)] |= 1L << (packId & 63);
        } else {
            leaves[leaf][word(packId)] &= ~(1L << (packId & 63));
        }
    }

    private static int word(long packId) {
        return (int) (packId & ((1 << LEAF_BITS) - 1)) >>> 6;
    }
}
