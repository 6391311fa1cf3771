package dev.freezeframe.capture;

import dev.freezeframe.linux.ComputerMemory;
import java.time.Duration;

/// How a machine is to be captured.
///
/// @param interval time between two checkpoints; may be changed while recording
/// @param bufferBytes most memory, outside the heap, for pages that are captured and not stored yet; 0 for what suits the guest,
///     as [#bufferBytesFor] says
/// @param scratchBytes most room on disk, for all disks of the machine together, for what the guest overwrites while a
///     checkpoint's disks are read
/// @param maxPreCopyRounds most rounds of copying the dirty set before the stop; 0 copies everything in the pause
public record CaptureOptions(Duration interval, long bufferBytes, long scratchBytes, int maxPreCopyRounds) {

    /// One checkpoint a second, a buffer that suits the guest, 2 GiB of scratch space.
    public static final CaptureOptions DEFAULT = new CaptureOptions(Duration.ofSeconds(1), 0, 2L << 30, 12);

    private static final long SMALLEST_BUFFER_BYTES = 256L << 20;
    private static final long LARGEST_BUFFER_BYTES = 2L << 30;

    /// The buffer for a guest with so much RAM: what a guest changes between two looks has to fit into it, and that is the more
    /// the larger the guest is. If it was not said how large it is to be, a quarter of the guest's RAM, from 256 MiB to 2 GiB,
    /// and beyond the first 256 MiB no more than an eighth of the memory that can be had.
    public long bufferBytesFor(long ramBytes) {
        if (bufferBytes > 0) {
            return bufferBytes;
        }
        long spare = ComputerMemory.ofThisProcess().room().map(room -> room.availableBytes() / 8).orElse(0L);
        return Math.max(SMALLEST_BUFFER_BYTES, Math.min(Math.min(ramBytes / 4, spare), LARGEST_BUFFER_BYTES));
    }

    /// The same with another interval.
    public CaptureOptions withInterval(Duration newInterval) {
        return new CaptureOptions(newInterval, bufferBytes, scratchBytes, maxPreCopyRounds);
    }
}
