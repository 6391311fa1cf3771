package dev.freezeframe.dedup;

/// How deduplication works.
///
/// @param trustHash take equal hashes for equal contents, without comparing the bytes; then nothing notices that what is
///                  stored already has been damaged since, but `verify`
/// @param zstdLevel how hard chunks are compressed
public record DedupOptions(boolean trustHash, int zstdLevel) {
    /// Bytes are compared, and chunks are compressed at zstd level 3.
    public static final DedupOptions DEFAULT = new DedupOptions(false, 3);

    /// The same with or without trust in hashes.
    public DedupOptions withTrustHash(boolean trust) {
        return new DedupOptions(trust, zstdLevel);
    }
}
