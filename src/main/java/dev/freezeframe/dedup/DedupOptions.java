package dev.freezeframe.dedup;

/// How deduplication works.
///
/// @param trustHash take equal hashes for equal contents, without comparing the bytes
/// @param zstdLevel how hard chunks are compressed
public record DedupOptions(boolean trustHash, int zstdLevel) {
    public static final DedupOptions DEFAULT = new DedupOptions(false, 3);

    public DedupOptions withTrustHash(boolean trust) {
        return new DedupOptions(trust, zstdLevel);
    }
}
