package dev.freezeframe.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Bytes that an [NbdServer] serves. Unless it is a [WritableNbdExport] they do not change while they are served, and any
/// number of threads may call at once. None of them is ever interrupted.
public interface NbdExport {
    long sizeBytes();

    /// Fills the rest of the buffer; the range lies within the export.
    ///
    /// @throws IOException told to the client as an error of this one read, with its message
    void read(long offset, ByteBuffer target) throws IOException;

    /// Tells which parts of the range are known to be zero, in order and without gaps.
    void extents(long offset, long lengthBytes, Extents visitor) throws IOException;

    /// Takes the parts of a range.
    @FunctionalInterface
    interface Extents {
        void extent(long offset, long lengthBytes, boolean zero) throws IOException;
    }
}
