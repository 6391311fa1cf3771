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

    /// The frame is complete.
    void complete(CapturedFrame frame);

    /// The frame will not be completed; what came of it is to be forgotten.
    void abandon(int number);
}
