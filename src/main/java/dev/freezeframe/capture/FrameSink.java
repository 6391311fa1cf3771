package dev.freezeframe.capture;

/// Where captured frames go: the only thing that capture knows of what comes after it.
/// The calls of one frame come in order, from one thread, never during a pause, and must not block: memory is bounded by
/// the slabs, which the receiver gives back one by one.
public interface FrameSink {

    /// Whether another frame may be begun now. While this is false ticks pass and are counted as late.
    boolean hasRoom();

    /// Pages of a frame. A page that comes again within a frame replaces what came before. The receiver owns the slab.
    ///
    /// @param generation as in [CapturedFrame]
    void pages(int number, long generation, Slab slab);

    /// Blocks of a disk of a frame: as [#pages], with numbers of blocks for those of pages. They come after all pages.
    ///
    /// @param disk its place among the machine's writable disks
    void blocks(int number, long generation, int disk, Slab slab);

    /// Blocks of a disk that are known to be zero.
    void zeroBlocks(int number, long generation, int disk, BlockRanges.Range blocks);

    /// The frame is complete.
    void complete(CapturedFrame frame);

    /// The frame will not be completed; what came of it is to be forgotten.
    void abandon(int number);
}
