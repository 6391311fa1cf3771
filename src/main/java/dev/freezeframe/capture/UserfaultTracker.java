package dev.freezeframe.capture;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.WrittenPages;
import java.io.IOException;
import java.util.BitSet;

/// The exact tracker: the kernel write-protects the machine's RAM and notes each first write by itself.
/// Costs the guest one page fault per page and interval, and the pause one walk over the page tables.
///
/// Writes that do not go through QEMU's own page tables (vhost-user, VFIO) are not seen; profiles that have such devices
/// are refused before a machine is started.
public final class UserfaultTracker implements DirtyTracker {

    private final long qemuPid;
    private final SharedMemory memory;
    private WrittenPages writtenPages;

    /// A tracker for the main memory of a running QEMU. Nothing is planted before [#start].
    ///
    /// @param qemuPid process id of QEMU, a child of this process
    /// @param memory the memory that QEMU has mapped as its guest RAM
    public UserfaultTracker(long qemuPid, SharedMemory memory) {
        this.qemuPid = qemuPid;
        this.memory = memory;
    }

    @Override
    public String name() {
        return "userfault";
    }

    @Override
    public void start(BitSet pages) throws IOException {
        writtenPages = WrittenPages.plant(qemuPid, memory);
        // The first harvest may report pages that nobody ever touched. It is needed to arm the protection and then thrown
        // away: what is populated now, after arming, is a superset of what was written before it.
        writtenPages.harvest(new BitSet());
        memory.addPopulatedPages(pages);
    }

    @Override
    public void harvest(BitSet pages) throws IOException {
        writtenPages.harvest(pages);
    }

    @Override
    public SharedMemory contents() {
        return memory;
    }

    @Override
    public void close() {
        if (writtenPages != null) {
            writtenPages.close();
        }
    }
}
