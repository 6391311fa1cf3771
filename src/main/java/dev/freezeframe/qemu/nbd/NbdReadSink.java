package dev.freezeframe.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Lends the memory that [NbdClient#read(java.util.Iterator, int, NbdReadSink)] reads into and takes it back, filled.
/// Each buffer that was lent comes back once: by [#delivered], or by [#abandoned] where the read fails before. All calls
/// come from the reading thread, and none may call the client.
public interface NbdReadSink {
    /// A direct buffer to read `lengthBytes` bytes into, from its position on. The client leaves position and limit alone.
    ///
    /// @param mayWait whether this may block until there is memory. Otherwise requests are under way, whose memory cannot
    ///         come back before they are read: answer null where there is none now.
    ByteBuffer target(long offset, int lengthBytes, boolean mayWait) throws IOException;

    /// The bytes are there. Pieces come in the server's order, which need not be that of the ranges.
    ///
    /// @param zero whether the server has said of all bytes that they are zero, without sending any; zeroes are in the
    ///         buffer then too. False says nothing.
    void delivered(long offset, int lengthBytes, ByteBuffer target, boolean zero) throws IOException;

    /// The bytes will not come; nothing is written to the buffer any more.
    void abandoned(long offset, int lengthBytes, ByteBuffer target);
}
