package dev.freezeframe.qemu.disk;

import dev.freezeframe.qemu.nbd.NbdExport;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Where the bytes of a disk are. Any number of threads may read while one writes; what is read of a place that is being
/// written to is the old content or the new, block by block.
interface DiskContent extends NbdExport, AutoCloseable {
    /// Writes the rest of a direct buffer.
    void write(long offset, ByteBuffer content) throws IOException;

    /// Has a range read as zeroes.
    ///
    /// @param mayTrim whether it may give its room back
    void writeZeroes(long offset, long lengthBytes, boolean mayTrim) throws IOException;

    /// Takes over the next of what still comes from elsewhere, some MiB. Nobody writes meanwhile.
    ///
    /// @param from where to look for it
    /// @return up to where there is nothing any more; the size of the disk when that is all
    default long takeOver(long from) throws IOException {
        return sizeBytes();
    }

    /// Returns when all that was written before is as safe as its kind of content ever is.
    void flush() throws IOException;

    @Override
    void close() throws IOException;
}
