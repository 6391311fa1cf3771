package dev.freezeframe.dedup;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.model.ChunkId;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the chunks that have a hash. Safe for any number of threads; about 26 bytes per chunk and never more than its bound,
/// beyond which the oldest chunks are forgotten; no operation looks at more than a bounded number of chunks with the same
/// hash, even if a guest crafts collisions.
///
/// Open addressing with linear probing on plain arrays, cut into segments that grow one at a time, so that growing never
/// needs twice the memory: the bound holds with the old and the new array of the segment that grows. An entry is two longs:
/// the low half of the hash, and 24 bits of its high half beside the 40 bits of a chunk id. What is found are candidates: 88
/// bits agree. Places are chosen with a secret multiplier, so that a guest cannot craft contents that all want the same
/// place.
///
/// Chunk ids count up, so the oldest are the lowest. A segment that is full forgets the oldest quarter of its chunks and,
/// from then on, takes none that are as old. A forgotten chunk whose content comes back is stored again under a new id, so
/// what is in use does not stay forgotten.
final class ChunkIndex {
    /// So many chunks may share a hash; more are not kept, and their contents are stored again when they come back.
    static final int MAX_SAME_HASH = 8;

    private static final Logger LOG = LoggerFactory.getLogger(ChunkIndex.class);
    /// So many that the arrays of an index of a quarter of the heap stay below half a region of the collector G1, which has two
    /// thousand of them; beyond that arrays waste memory.
    private static final int SEGMENT_BITS = 10;
    private static final int SEGMENTS = 1 << SEGMENT_BITS;
    private static final int PLACE_BYTES = 2 * Long.BYTES;
    private static final int MIN_PLACES = 16;
    /// No bound is lower.
    static final long MIN_BYTES = (SEGMENTS + 1L) * MIN_PLACES * PLACE_BYTES;
    private static final long ID_MASK = (1L << ChunkId.ID_BITS) - 1;
    private static final long SECRET = new SecureRandom().nextLong() | 1;

    private final Segment[] segments = new Segment[SEGMENTS];
    private final long maxBytes;
    private final int maxPlaces;
    /// Held while a segment has two arrays.
    private final Object growing = new Object();
    private final AtomicBoolean forgetful = new AtomicBoolean();

    /// An empty index.
    ///
    /// @param maxBytes bound of its memory, at least [#MIN_BYTES]
    ChunkIndex(long maxBytes) {
        this.maxBytes = Math.max(MIN_BYTES, maxBytes);
        // one more than there are segments, for the one that grows
        maxPlaces = (int) Math.min(1 << 26, this.maxBytes / ((SEGMENTS + 1) * PLACE_BYTES));
        for (int i = 0; i < segments.length; i++) {
            segments[i] = new Segment();
        }
    }

    /// Looks a hash up.
    ///
    /// @param candidates receives the ids of chunks with this hash, at most [#MAX_SAME_HASH]
    /// @return how many
    int find(long low, long high, long[] candidates) {
        return segment(low).find(low, high & ~ID_MASK, candidates);
    }

    /// Takes a chunk, unless chunks as old as it have been forgotten.
    void add(long low, long high, long chunkId) {
        assert (chunkId & ~ID_MASK) == 0 && chunkId != ChunkId.ZERO;
        segment(low).add(low, (high & ~ID_MASK) | chunkId);
    }

    void remove(long low, long high, long chunkId) {
        segment(low).remove(low, (high & ~ID_MASK) | chunkId);
    }

    /// Whether a chunk with this id would be taken, whatever its hash; if not, none with a lower id would be either.
    boolean wants(long chunkId) {
        if (!forgetful.get()) {
            return true;
        }
        for (Segment segment : segments) {
            if (segment.oldest() <= chunkId) {
                return true;
            }
        }
        return false;
    }

    void clear() {
        for (Segment segment : segments) {
            segment.clear();
        }
    }

    long size() {
        long size = 0;
        for (Segment segment : segments) {
            size += segment.size();
        }
        return size;
    }

    /// Memory in use now.
    long sizeBytes() {
        long bytes = 0;
        for (Segment segment : segments) {
            bytes += segment.sizeBytes();
        }
        return bytes;
    }

    /// Memory that it never exceeds, not even while it grows.
    long maxBytes() {
        return maxBytes;
    }

    private void warnOnce() {
        if (forgetful.compareAndSet(false, true)) {
            LOG.warn(
                    "the index of stored chunks has reached its bound of {} MiB: contents that were stored long ago are"
                            + " stored again when they come back; a larger Java heap (-Xmx) makes the bound higher",
                    maxBytes >> 20);
        }
    }

    private Segment segment(long low) {
        return segments[(int) (spread(low) >>> (Long.SIZE - SEGMENT_BITS))];
    }

    private static long spread(long low) {
        long product = low * SECRET;
        return (product ^ (product >>> 32)) * 0x9E37_79B9_7F4A_7C15L;
    }

    private final class Segment {
        /// The oldest chunks are told by so many, taken at random, as the places are.
        private static final int SAMPLES = 1024;

        /// Two longs per place; a place is free if the second is 0, which no chunk id is.
        @GuardedBy("this")
        private long[] table = new long[2 * MIN_PLACES];
        @GuardedBy("this")
        private int capacity = MIN_PLACES;
        @GuardedBy("this")
        private int size;
        /// The lowest id that is taken.
        @GuardedBy("this")
        private long oldest;

        private int home(long low, int places) {
            return (int) Math.unsignedMultiplyHigh(spread(low) << SEGMENT_BITS, places);
        }

        @GuardedBy("this")
        private int next(int place) {
            return place + 1 == capacity ? 0 : place + 1;
        }

        synchronized int find(long low, long highBits, long[] candidates) {
            int found = 0;
            for (int place = home(low, capacity);; place = next(place)) {
                long second = table[2 * place + 1];
                if (second == 0) {
                    return found;
                }
                if (table[2 * place] == low && (second & ~ID_MASK) == highBits) {
                    candidates[found++] = second & ID_MASK;
                    if (found == MAX_SAME_HASH) {
                        return found;
                    }
                }
            }
        }

        synchronized void add(long low, long second) {
            if ((second & ID_MASK) < oldest) {
                return;
            }
            int same = 0;
            int place = home(low, capacity);
            while (table[2 * place + 1] != 0) {
                if (table[2 * place] == low) {
                    if (table[2 * place + 1] == second || ++same == MAX_SAME_HASH) {
                        return;
                    }
                }
                place = next(place);
            }
            table[2 * place] = low;
            table[2 * place + 1] = second;
            size++;
            if (size > capacity - capacity / 4) {
                makeRoom();
            }
        }

        synchronized void remove(long low, long second) {
            int place = home(low, capacity);
            while (table[2 * place + 1] != second || table[2 * place] != low) {
                if (table[2 * place + 1] == 0) {
                    return;
                }
                place = next(place);
            }
            size--;
            // close the gap: move later entries of the run that may not be beyond it (Knuth, 6.4, algorithm R)
            int gap = place;
            for (int at = next(gap); table[2 * at + 1] != 0; at = next(at)) {
                int home = home(table[2 * at], capacity);
                boolean stays = gap <= at ? (gap < home && home <= at) : (gap < home || home <= at);
                if (!stays) {
                    table[2 * gap] = table[2 * at];
                    table[2 * gap + 1] = table[2 * at + 1];
                    gap = at;
                }
            }
            table[2 * gap + 1] = 0;
        }

        @GuardedBy("this")
        private void makeRoom() {
            synchronized (growing) {
                if (capacity == maxPlaces) {
                    oldest = oldestQuarter();
                    warnOnce();
                }
                rehash(Math.min(maxPlaces, capacity + capacity / 2));
            }
        }

        /// The id below which a quarter of the chunks is, about; always above the lowest of all.
        @GuardedBy("this")
        private long oldestQuarter() {
            long[] ids = new long[Math.min(SAMPLES, size)];
            int taken = 0;
            for (int place = 0; taken < ids.length; place++) {
                if (table[2 * place + 1] != 0) {
                    ids[taken++] = table[2 * place + 1] & ID_MASK;
                }
            }
            Arrays.sort(ids);
            return ids[ids.length / 4];
        }

        /// Moves what is not too old to a new table.
        @GuardedBy("this")
        private void rehash(int places) {
            long[] old = table;
            table = new long[2 * places];
            capacity = places;
            size = 0;
            for (int i = 0; i < old.length; i += 2) {
                if (old[i + 1] != 0 && (old[i + 1] & ID_MASK) >= oldest) {
                    size++;
                    int place = home(old[i], capacity);
                    while (table[2 * place + 1] != 0) {
                        place = next(place);
                    }
                    table[2 * place] = old[i];
                    table[2 * place + 1] = old[i + 1];
                }
            }
        }

        synchronized void clear() {
            capacity = MIN_PLACES;
            table = new long[2 * capacity];
            size = 0;
            oldest = 0;
        }

        synchronized long oldest() {
            return oldest;
        }

        synchronized int size() {
            return size;
        }

        synchronized long sizeBytes() {
            return (long) Long.BYTES * table.length;
        }
    }
}
