package dev.freezeframe.store;

import java.util.List;
import java.util.Optional;

/// A checkpoint whose chunks are all stored, ready to be made visible by [Store#commit].
///
/// @param pageClasses the class of every page that capture handed over
/// @param packBytes  bytes that its packs and hashes took
/// @param startNanos when work on it began, by [System#nanoTime]
public record NewCheckpoint(long experimentId, int number, CaptureMetrics capture, PageClassMap pageClasses,
        long newBlocks, long packBytes, long startNanos, List<NewImage> images) {

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
