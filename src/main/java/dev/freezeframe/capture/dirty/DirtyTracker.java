package dev.freezeframe.capture.dirty;

import dev.freezeframe.linux.SharedMemory;
import java.io.IOException;
import java.util.BitSet;
import java.util.Optional;

/// Knows which pages of a machine's RAM changed since it was last asked.
/// A page that changed is never missing from the answer; a page that did not change may be in it.
///
/// One thread at a time may ask. The answer is reset by the asking, so whoever asked is responsible for those pages: a
/// checkpoint that fails afterwards has to hand them to the next one.
public interface DirtyTracker extends AutoCloseable {

    /// The name that the command line and the store know this tracker by.
    String name();

    /// Starts tracking and adds every page that may hold something other than zeroes. Pages that change from now on are
    /// reported by [#harvest]. Called once, before any harvest.
    ///
    /// @param pages receives page numbers, 4 KiB each, counted from the start of guest RAM
    /// @param fillingKnown whether what the memory was filled with, before QEMU was started on it, is stored already; then
    ///     pages that QEMU has not touched since may be left out
    /// @throws IOException if the pages of this machine cannot be tracked
    void start(BitSet pages, boolean fillingKnown) throws IOException;

    /// Adds the pages that changed since the last harvest, or since the start. Runs inside the pause window: it waits for
    /// nothing but the kernel and its own threads.
    ///
    /// @param pages receives page numbers; what was in it stays
    /// @throws IOException if the machine's memory can no longer be looked at, for example because QEMU died; what was
    ///     already reset is in `pages`
    void harvest(BitSet pages) throws IOException;

    /// Where the contents of reported pages are to be copied from: the guest's RAM, or a copy of it that is what this
    /// tracker will compare with the next time. Pages that were never reported may be stale in it.
    SharedMemory contents();

    /// Something that counts changed pages between harvests; empty where counting would be as much work as harvesting. The
    /// caller closes it before this tracker.
    default Optional<DirtyCounter> counter() throws IOException {
        return Optional.empty();
    }

    @Override
    void close();
}
