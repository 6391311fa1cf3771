package dev.freezeframe.capture.dirty;

import dev.freezeframe.linux.SharedMemory;
import java.io.IOException;
import java.util.BitSet;

/// The tracker that works everywhere: it compares every page of RAM with a copy of what it saw the last time.
/// Needs as much memory again as the guest has touched, and each look costs time in proportion to it.
///
/// It compares bytes rather than hashes, so it needs no trust in a hash function and serves as the oracle that the exact
/// tracker is tested against.
public final class ScanTracker implements DirtyTracker {

    private final SharedMemory memory;
    private final SharedMemory lastSeen;

    /// A tracker for the given guest RAM.
    ///
    /// @param memory the memory that QEMU has mapped as its guest RAM
    /// @throws IOException if no memory can be had for the copy
    public ScanTracker(SharedMemory memory) throws IOException {
        this.memory = memory;
        lastSeen = SharedMemory.allocate("last-seen", memory.sizeBytes());
    }

    @Override
    public String name() {
        return "scan";
    }

    @Override
    public void start(BitSet pages, boolean fillingKnown) throws IOException {
        // The copy is all zeroes now, so what differs is all that holds something. What QEMU touched of it cannot be told.
        memory.harvestDifferences(lastSeen, pages);
    }

    @Override
    public void harvest(BitSet pages) throws IOException {
        memory.harvestDifferences(lastSeen, pages);
    }

    /// The copy, not the guest's RAM: a page may change from A to B after it was looked at and back to A before the next
    /// look. Had B been captured, nobody would notice that it is wrong.
    @Override
    public SharedMemory contents() {
        return lastSeen;
    }

    @Override
    public void close() {
        lastSeen.close();
    }
}
