package dev.freezeframe.store.model;

import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import java.util.List;
import java.util.Optional;

/// A checkpoint whose chunks are all stored, ready to be made visible by [dev.freezeframe.store.Store#commit].
///
/// @param pageClasses the class of every page that capture handed over
/// @param disks      what became of the blocks of each disk; every one has an image. Their bytes are those of their packs
/// @param packBytes  bytes that its packs and hashes took
/// @param startNanos when work on it began, by [System#nanoTime]
public record NewCheckpoint(long experimentId, int number, CaptureMetrics capture, PageClassMap pageClasses,
        List<DiskMetrics> disks, long packBytes, long startNanos, List<NewImage> images) {

    /// One image of it.
    ///
    /// @param base the stored map that it was made from; a difference to it is kept instead of the whole map where the
    ///             base is of the same experiment
    public record NewImage(String name, long lengthBytes, PageMap map, Optional<PageMap> base) {}

    /// The name of the guest RAM image.
    public static final String RAM = "ram";
    /// The name of the device state image.
    public static final String DEVICE_STATE = "device-state";
    private static final String DISK_PREFIX = "disk/";

    /// The name of the image of a disk.
    ///
    /// @param id the disk's id, such as `disk0`
    public static String disk(String id) {
        return DISK_PREFIX + id;
    }

    /// The id of the disk that an image is of; empty for RAM and device state.
    public static Optional<String> diskOf(String imageName) {
        return imageName.startsWith(DISK_PREFIX)
                ? Optional.of(imageName.substring(DISK_PREFIX.length()))
                : Optional.empty();
    }
}
