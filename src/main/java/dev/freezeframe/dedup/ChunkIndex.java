package dev.freezeframe.dedup;

import dev.freezeframe.store.ChunkId;
import java.security.SecureRandom;

/// Finds the chunks that have a hash. Safe for any number of threads; about 26 bytes per chunk; no operation looks at more
/// than a bounded number of chunks with the same hash, even if a guest crafts collisions.
///
/// Open addressing with linear probing on plain arrays, cut into segments that grow one at a time, so that growing never
/// needs twice the memory. An entry is two longs: the low half of the hash, and 24 bits of its high half beside the 40 bits
/// of a chunk id. What is found are candidates: 88 bits agree. Places are chosen with a secret multiplier, so that a guest
/// cannot craft contents that all want the same place.
final class ChunkIndex {
    /// So many chunks may share a hash; more are not kept, and their contents are stored again when they come back.
    static final int MAX_SAME_HASH = 8;

    private static final int SEGMENT_BITS = 6;
    private static final long ID_MASK = (1L << ChunkId.ID_BITS) - 1;

    private final Segment[] segments = new Segment[1 << SEGMENT_BITS];
    private static final long SECRET = new SecureRandom().nextLong() | 1;

    ChunkIndex() {
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

    void add(long low, long high, long chunkId) {
        assert (chunkId & ~ID_MASK) == 0 && chunkId != ChunkId.ZERO;
        segment(low).add(low, (high & ~ID_MASK) | chunkId);
    }

    void remove(long low, long high, long chunkId) {
        segment(low).remove(low, (high & ~ID_MASK) | chunkId);
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

    long sizeBytes() {
        long bytes = 0;
        for (Segment segment : segments) {
            bytes += segment.sizeBytes();
        }
        return bytes;
    }

    private Segment segment(long low) {
        return segments[(int) (spread(low) >>> (Long.SIZE - SEGMENT_BITS))];
    }

    private static long spread(long low) {
        long product = low * SECRET;
        return (product ^ (product >>> 32)) * 0x9E37_79B9_7F4A_7C15L;
    }

    private static final class Segment {
        private static final int MIN_CAPACITY = 64;

        /// Two longs per place; a place is free if the second is 0, which no chunk id is.
        private long[] table = new long[2 * MIN_CAPACITY];
        private int capacity = MIN_CAPACITY;
        private int size;
        private int home(long low, int places) {
            return (int) Math.unsignedMultiplyHigh(spread(low) << SEGMENT_BITS, places);
        }

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
                rehash(capacity + capacity / 2);
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

        private void rehash(int places) {
            long[] old = table;
            table = new long[2 * places];
            capacity = places;
            for (int i = 0; i < old.length; i += 2) {
                if (old[i + 1] != 0) {
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
            capacity = MIN_CAPACITY;
            table = new long[2 * capacity];
            size = 0;
        }

        synchronized int size() {
            return size;
        }

        synchronized long sizeBytes() {
            return 8L * table.length;
        }
    }
}
