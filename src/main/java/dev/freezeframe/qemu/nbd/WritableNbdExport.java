package dev.freezeframe.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/// An export that a client may write to. Called by one thread per connection; an export has one connection at a time.
///
/// Ranges lie within the export. An [IOException] is an error of that one request, told to the client with its message: as a
/// full disk where that is what it says ([dev.freezeframe.base.FullDisk]), else as an error of the device.
public interface WritableNbdExport extends NbdExport {
    /// Writes the rest of the buffer, which is direct and used anew afterwards. A long request comes in several calls, from
    /// its beginning to its end; where the client leaves in its midst, or one of them fails, the later ones never come.
    void write(long offset, ByteBuffer content) throws IOException;

    /// Makes a range read as zeroes.
    ///
    /// @param mayTrim the range may give its room back; else a later write to it must find room
    void writeZeroes(long offset, long length, boolean mayTrim) throws IOException;

    /// The client does not need the range's content any more; it reads as anything afterwards.
    void trim(long offset, long length) throws IOException;

    /// Returns when everything written before is durable.
    void flush() throws IOException;

    /// Returns when what was written to this range is durable: for a request that asks for that (FUA), after its last write.
    default void flush(long offset, long length) throws IOException {
        flush();
    }
}
