package dev.freezeframe.store.figure;

import dev.freezeframe.base.GuestPage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// Everything measured about one checkpoint. The page classes add up: `dirtyPages = unchangedPages + zeroPages +
/// duplicatePages + newPages` and `duplicatePages = duplicateWithinPages + duplicateStoredPages + duplicateDiskPages()`.
///
/// @param capturedAt           the moment of the pause, by a clock that nobody set meanwhile
/// @param intervalMillis       the interval that was asked for
/// @param late                 ticks missed before it, and its own if it was taken late; 0 when on time
/// @param pauseMicros          guest standstill, from QEMU's STOP to its RESUME
/// @param ramPages             pages of guest RAM
/// @param dirtyPages           distinct pages that capture handed over
/// @param unchangedPages       of these: same content as in the checkpoint before
/// @param zeroPages            of these: zero now
/// @param duplicatePages       of these: content that another page or a disk has, or had in any checkpoint of the store
/// @param duplicateWithinPages of these duplicates: new with this checkpoint, on another of its pages
/// @param duplicateStoredPages of these duplicates: stored before this checkpoint, and not brought in by a disk
/// @param newPages             chunks that this checkpoint added for RAM
/// @param dirtyBlocks          distinct blocks that capture handed over, of all disks
/// @param newBlocks            chunks that it added for disks
/// @param deviceStateBytes     length of the device state
/// @param storedBytes          bytes that it added to the store: packs, hashes and page maps
/// @param pipelineMillis       background work from the first page until its transaction
/// @param disks                each disk, in their order; empty for a machine without disks, and for checkpoints that were
///                             stored before disks were
public record CheckpointMetrics(Instant capturedAt, long intervalMillis, int late, long pauseMicros,
        PhaseMicros phaseMicros, PreCopyMetrics preCopy, long ramPages, long dirtyPages, long unchangedPages,
        long zeroPages,
        long duplicatePages, long duplicateWithinPages, long duplicateStoredPages, long newPages, long dirtyBlocks,
        long newBlocks, long deviceStateBytes, long storedBytes, long pipelineMillis,
        List<DiskMetrics> disks) {

    public CheckpointMetrics {
        disks = List.copyOf(disks);
    }

    /// Duplicates whose content a disk brought in, in this checkpoint or any before: pages of the guest's page cache, mostly.
    public long duplicateDiskPages() {
        return duplicatePages - duplicateWithinPages - duplicateStoredPages;
    }

    /// What RAM and disks would take as plain images.
    public long imageBytes() {
        return ramPages * GuestPage.BYTES + disks.stream().mapToLong(DiskMetrics::sizeBytes).sum();
    }

    /// The disk with an id, if there is one.
    public Optional<DiskMetrics> disk(String id) {
        return disks.stream().filter(each -> each.disk().equals(id)).findFirst();
    }
}
