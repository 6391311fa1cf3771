package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/// The few figures of a checkpoint that are not measured but follow from what is, the same in the strip, in the details and
/// in filters.
public final class CheckpointFigures {
    private static final DateTimeFormatter LOCAL_TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);

    private CheckpointFigures() {}

    /// Of the dirty pages, the share that took no new chunk: unchanged, zero or a duplicate. 1 where none was dirty.
    public static double savedShare(CheckpointMetrics metrics) {
        return metrics.dirtyPages() == 0 ? 1 : 1 - (double) metrics.newPages() / metrics.dirtyPages();
    }

    /// [#savedShare] in percent, without decimals; a dash where nothing was dirty.
    public static String saved(CheckpointMetrics metrics) {
        return metrics.dirtyPages() == 0 ? "–" : Units.text("%.0f %%", Math.floor(100 * savedShare(metrics)));
    }

    /// Of a disk's dirty blocks, the share that took no new chunk, in percent without decimals; a dash where none was dirty.
    public static String saved(DiskMetrics disk) {
        return share(disk.dirtyBlocks() - disk.newBlocks(), disk.dirtyBlocks());
    }

    /// Of a disk's dirty blocks, the share that RAM had brought into the store: what dedup saved against RAM pages.
    public static String savedAgainstRam(DiskMetrics disk) {
        return share(disk.duplicateRamBlocks(), disk.dirtyBlocks());
    }

    private static String share(long part, long whole) {
        return whole == 0 ? "–" : Units.text("%.0f %%", Math.floor(100.0 * part / whole));
    }

    /// The disks of a checkpoint with their sizes, such as `disk0 (64.0 MiB) and disk1 (2.00 GiB)`; empty without any.
    public static String disks(CheckpointMetrics metrics) {
        List<String> all = metrics.disks().stream()
                .map(disk -> disk.disk() + " (" + Units.bytes(disk.sizeBytes()) + ")")
                .toList();
        return all.size() < 2
                ? String.join("", all)
                : String.join(", ", all.subList(0, all.size() - 1)) + " and " + all.getLast();
    }

    /// A moment on this computer's clock.
    public static String localTime(Instant moment) {
        return LOCAL_TIME.withZone(ZoneId.systemDefault()).format(moment);
    }

    /// The number with what tells it from its neighbours, for lists and screen readers.
    public static String inOneLine(CheckpointRecord checkpoint) {
        CheckpointMetrics metrics = checkpoint.metrics();
        return "checkpoint " + checkpoint.number() + ", pause " + Units.millis(metrics.pauseMicros()) + ", "
                + Units.count(metrics.dirtyPages()) + " dirty pages, saved " + saved(metrics)
                + (metrics.late() > 0 ? ", late" : "");
    }
}
