package dev.freezeframe.capture.dirty;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.WrittenPageCounter;
import dev.freezeframe.linux.WrittenPages;
import java.io.IOException;
import java.util.BitSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/// The exact tracker: the kernel write-protects the machine's RAM and notes each first write by itself.
/// Costs the guest one page fault per page and interval, and the pause one walk over the page tables.
///
/// Writes that do not go through QEMU's own page tables (vhost-user, VFIO) are not seen; profiles that have such devices
/// are refused before a machine is started.
public final class UserfaultTracker implements DirtyTracker {

    private final SharedMemory memory;
    private final WrittenPages writtenPages;

    private UserfaultTracker(SharedMemory memory, WrittenPages writtenPages) {
        this.memory = memory;
        this.writtenPages = writtenPages;
    }

    /// Has the kernel watch the main memory of a running QEMU.
    ///
    /// @param qemuPid process id of QEMU, a child of this process
    /// @param memory the memory that QEMU has mapped as its guest RAM
    /// @throws IOException if that is not possible here, with the reason and the remedy
    public static UserfaultTracker plant(long qemuPid, SharedMemory memory) throws IOException {
        return new UserfaultTracker(memory, WrittenPages.plant(qemuPid, memory));
    }

    @Override
    public String name() {
        return "userfault";
    }

    @Override
    public void start(BitSet pages, boolean fillingKnown) throws IOException {
        // The first harvest arms the protection and reports what QEMU has touched so far. What others filled in before is not
        // in it: that is found by looking for populated pages, after arming, so that none can slip between.
        writtenPages.harvest(pages);
        if (!fillingKnown) {
            memory.addPopulatedPages(pages);
        }
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
    public Optional<DirtyCounter> counter() throws IOException {
        WrittenPageCounter pages = writtenPages.counter();
        return Optional.of(new DirtyCounter() {
            @Override
            public OptionalLong count(BooleanSupplier giveUp) throws IOException {
                return pages.count(giveUp);
            }

            @Override
            public void close() {
                pages.close();
            }
        });
    }

    @Override
    public void close() {
        writtenPages.close();
    }
}
