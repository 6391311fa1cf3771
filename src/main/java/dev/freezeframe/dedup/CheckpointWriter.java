package dev.freezeframe.dedup;

import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.model.StoreException;
import java.nio.ByteBuffer;

/// One checkpoint on its way into the store. Nothing of it can be seen before [#commit] returns, and all of it from then on.
/// For one thread at a time; close it in every case (closing one that is not committed aborts it), and soon: while it is
/// open, nothing can be deleted from the store.
public interface CheckpointWriter extends AutoCloseable {
    /// Takes captured pages. A page that is added again replaces the one before.
    ///
    /// @param pages    page numbers, the first `count` count
    /// @param contents the content of page i at 4096·i, whatever position and limit are; direct buffers are the fast ones.
    ///                 Not used after return
    void addRam(int[] pages, int count, ByteBuffer contents) throws StoreException;

    /// Takes captured blocks of a disk, after RAM: content that both bring in counts as RAM's. A block that is added again
    /// replaces the one before.
    ///
    /// @param disk     which of the disks that the checkpoint was begun with, counted from 0
    /// @param blocks   block numbers, the first `count` count
    /// @param contents the content of block i at 4096·i, whatever position and limit are; direct buffers are the fast ones. In
    ///                 the last block of a disk, what is beyond its end is ignored. Not used after return
    void addBlocks(int disk, int[] blocks, int count, ByteBuffer contents) throws StoreException;

    /// Takes blocks of a disk that are known to be zero.
    void addZeroBlocks(int disk, int firstBlock, int count) throws StoreException;

    /// Takes a whole image other than RAM, such as the device state; each name once.
    void addImage(String name, byte[] content) throws StoreException;

    /// Stores what is not stored yet and makes the checkpoint visible, in one transaction.
    ///
    /// @throws StoreException if it cannot be stored; then nothing of it can be seen, and the writer only wants closing
    Committed commit(CaptureMetrics metrics) throws StoreException;

    /// Gives the checkpoint up, if it is not committed.
    void abort();

    @Override
    default void close() {
        abort();
    }
}
