package dev.freezeframe.store.pack;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Receives the pages of an image, several at a time, from several threads.
@FunctionalInterface
public interface PageSink {
    /// Takes some pages.
    ///
    /// @param content the bytes of `count` pages from `firstPage` on; good during the call only
    void pages(int firstPage, int count, ByteBuffer content) throws IOException;
}
