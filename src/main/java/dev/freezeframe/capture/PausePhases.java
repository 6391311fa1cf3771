package dev.freezeframe.capture;

/// Where one pause went, in microseconds of the monotonic clock; the phases follow each other in this order and add up to the
/// whole pause.
///
/// @param stop from QEMU's STOP event until it answered `stop` (it drains and flushes the block layer in between)
/// @param deviceState until the state of all devices was saved
/// @param disks until the view of every disk was frozen as well; 0 without disks
/// @param harvest until the dirty set was read from the page tables
/// @param copy until the dirty pages were copied
/// @param resume from writing `cont` until QEMU's RESUME event
public record PausePhases(long stop, long deviceState, long harvest, long copy, long disks, long resume) {

    /// From the moments between them, in their order, by [System#nanoTime].
    static PausePhases between(long stopped, long answered, long saved, long frozen, long harvested, long copied,
            long resumed) {
        long toAnswer = (answered - stopped) / 1000;
        long toSaved = (saved - stopped) / 1000;
        long toFrozen = (frozen - stopped) / 1000;
        long toHarvested = (harvested - stopped) / 1000;
        long toCopied = (copied - stopped) / 1000;
        return new PausePhases(toAnswer, toSaved - toAnswer, toHarvested - toFrozen, toCopied - toHarvested, toFrozen
                - toSaved, (resumed - stopped) / 1000 - toCopied);
    }

    /// The whole pause: STOP to RESUME.
    public long totalMicros() {
        return stop + deviceState + harvest + copy + disks + resume;
    }
}
