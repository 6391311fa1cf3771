package dev.freezeframe.capture;

/// Where one pause went, in microseconds; the phases follow each other in this order and add up to the whole pause.
///
/// @param stop from QEMU's STOP event until it answered `stop` (it drains and flushes the block layer in between)
/// @param deviceState until the state of all devices was saved
/// @param disks until the view of every disk was frozen as well; 0 without disks
/// @param harvest until the dirty set was read from the page tables
/// @param copy until the dirty pages were copied
/// @param resume from writing `cont` until QEMU's RESUME event
public record PausePhases(long stop, long deviceState, long harvest, long copy, long disks, long resume) {

    /// The whole pause: STOP to RESUME by QEMU's clock.
    public long totalMicros() {
        return stop + deviceState + harvest + copy + disks + resume;
    }
}
