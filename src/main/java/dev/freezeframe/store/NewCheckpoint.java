package dev.freezeframe.store;

import java.util.List;
import java.util.Optional;

/// A checkpoint whose chunks are all stored, ready to be made visible by [Store#commit].
///
/// @param packBytes  bytes that its packs and hashes took
/// @param startNanos when work on it began, by [System#nanoTime]
public record NewCheckpoint(long experimentId, int number, CaptureMetrics capture, PageClasses pageClasses,
        long newBlocks, long packBytes, long startNanos, List<NewImage> images) {

    /// How many of the pages that capture handed over are in each class; see [CheckpointMetrics].
    public record PageClasses(long unchanged, long zero, long duplicateWithin, long duplicateStored, long added) {
        /// All pages that capture handed over.
        public long sum() {
            return unchanged + zero + duplicateWithin + duplicateStored + added;
        }
    }

    /// One image of it.
    ///
    /// @param base the stored map that it was made from; a difference to it is kept instead of the whole map where the
    ///             base is of the same experiment
    public record NewImage(String name, long lengthBytes, PageMap map, Optional<PageMap> base) {}

    /// The name of the guest RAM image.
    public static final String RAM = "ram";
    /// The name of the device state image.
    public static final String DEVICE_STATE = "device-state";
}
