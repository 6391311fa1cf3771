package dev.freezeframe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("qemu")
final class WrittenPagesTest {

    private static final long MIB = 1 << 20;
    private static final int NR_GETPID = 39;

    @BeforeAll
    static void needsTheKernelFeature() {
        Needs.WRITTEN_PAGES.orSkip(WrittenPages.unsupportedReason().isEmpty(),
                WrittenPages.unsupportedReason().orElse(""));
    }

    @Test
    void everyDifferingPageIsHarvestedAndNoOther() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 256 * MIB);
                SharedMemory shadow = SharedMemory.allocate("shadow", 256 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 64 * MIB, 128 * MIB, 200);
                WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
            guest.awaitRounds(1000);
            harvestEqualsDifferences(guest, written, memory, shadow, 60);
        }
    }

    @Test
    void severalThreadsHarvestTheSamePages() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 512 * MIB);
                SharedMemory shadow = SharedMemory.allocate("shadow", 512 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 128 * MIB, 256 * MIB, 2000);
                WrittenPages written = WrittenPages.plant(guest.pid(), memory, 3, 1024)) {
            guest.awaitRounds(1000);
            harvestEqualsDifferences(guest, written, memory, shadow, 40);
        }
    }

    @Test
    void pagesAbove2GiBAreHarvested() throws IOException {
        long size = 3072 * MIB;
        try (SharedMemory memory = SharedMemory.allocate("ram", size);
                SharedMemory shadow = SharedMemory.allocate("shadow", size);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 2304 * MIB, 512 * MIB, 20_000);
                WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
            guest.awaitRounds(100);
            BitSet harvested = harvestEqualsDifferences(guest, written, memory, shadow, 10);
            assertTrue(harvested.nextSetBit((int) ((2304 * MIB) >>> 12)) > 0, "nothing above 2 GiB: " + harvested);
        }
    }

    /// The first round is the base; from then on both must name the same pages, whether they were harvested while the
    /// guest ran or while it stood still.
    private static BitSet harvestEqualsDifferences(BootSectorGuest guest, WrittenPages written, SharedMemory memory,
            SharedMemory shadow, int rounds) throws IOException {
        // before that, the firmware writes zeros to pages that are zero
        guest.awaitRounds(50);
        BitSet harvested = new BitSet(memory.pageCount());
        BitSet differing = new BitSet(memory.pageCount());
        for (int round = 0; round < rounds; round++) {
            harvested.clear();
            differing.clear();
            for (int look = 0; look < round % 4; look++) {
                written.harvest(harvested);
                guest.awaitRounds(50);
            }
            guest.pause();
            written.harvest(harvested);
            memory.harvestDifferences(shadow, differing);
            BitSet missing = (BitSet) differing.clone();
            missing.andNot(harvested);
            assertTrue(missing.isEmpty(), "lost in round " + round + ": " + missing);
            if (round > 0) {
                assertEquals(differing, harvested, "round " + round);
            }
            guest.resume();
            guest.awaitRounds(50);
        }
        return harvested;
    }

    @Test
    void harvestTwiceWithoutWritesIsEmpty() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 64 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 16 * MIB, 32 * MIB, 200);
                WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
            guest.awaitRounds(1000);
            guest.pause();
            BitSet first = new BitSet();
            written.harvest(first);
            assertFalse(first.isEmpty());
            BitSet second = new BitSet();
            written.harvest(second);
            assertEquals(new BitSet(), second);
        }
    }

    @Test
    void neighboursOfTouchedPagesStayHoles() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 1024 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 512 * MIB, 256 * MIB, 100_000);
                WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
            guest.awaitRounds(100);
            guest.pause();
            BitSet harvested = new BitSet();
            written.harvest(harvested);
            BitSet populated = new BitSet();
            memory.addPopulatedPages(populated);
            assertEquals(populated, harvested, "the first harvest is what QEMU has touched");
        }
    }

    @Test
    void plantingAgainTakesOver() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 64 * MIB);
                SharedMemory shadow = SharedMemory.allocate("shadow", 64 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 16 * MIB, 32 * MIB, 200)) {
            WrittenPages.plant(guest.pid(), memory).close();
            long descriptors = userfaultDescriptors(guest);
            assertTrue(descriptors > 0, "the kernel names them otherwise");
            for (int i = 0; i < 50; i++) {
                WrittenPages.plant(guest.pid(), memory).close();
            }
            assertEquals(descriptors, userfaultDescriptors(guest));
            try (WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
                harvestEqualsDifferences(guest, written, memory, shadow, 10);
            }
        }
    }

    @Test
    void borrowedThreadGoesOnAsIfNothingHadHappened() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 64 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 16 * MIB, 32 * MIB, 200)) {
            for (int i = 0; i < 100; i++) {
                long pid = BorrowedThread.borrow(guest.pid(), thread -> thread.call(NR_GETPID));
                assertEquals(guest.pid(), pid);
                guest.awaitRounds(10);
                if (i % 10 == 0) {
                    guest.pause(); // the monitor, the vCPU thread and RCU still work together
                    guest.resume();
                }
            }
            IOException e = assertThrows(IOException.class, () -> BorrowedThread.borrow(guest.pid(), _ -> {
                throw new IOException("failed on purpose");
            }));
            assertEquals("failed on purpose", e.getMessage());
            guest.awaitRounds(100);
            assertTrue(guest.isAlive());
            assertTrue(Files.readString(Path.of("/proc/" + guest.pid() + "/status")).contains("TracerPid:\t0"));
        }
    }

    @Test
    void plantingIntoFreshMachinesDisturbsNone() throws IOException {
        for (int i = 0; i < 5; i++) {
            try (SharedMemory memory = SharedMemory.allocate("ram", 64 * MIB);
                    BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 16 * MIB, 32 * MIB, 200);
                    WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
                guest.awaitRounds(1000);
                written.harvest(new BitSet());
            }
        }
    }

    @Test
    void plantsIntoSandboxedQemu() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 64 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 16 * MIB, 32 * MIB, 200, "-sandbox",
                        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
                WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
            guest.awaitRounds(1000);
            written.harvest(new BitSet());
        }
    }

    @Test
    void deadQemuIsAClearError() throws Exception {
        try (SharedMemory memory = SharedMemory.allocate("ram", 64 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 16 * MIB, 32 * MIB, 200);
                WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
            guest.kill();
            IOException e = assertThrows(IOException.class, () -> written.harvest(new BitSet()));
            assertTrue(e.getMessage().contains("has ended"), e.getMessage());
            assertThrows(IOException.class, () -> WrittenPages.plant(guest.pid(), memory));
        }
    }

    @Test
    void foreignMemoryIsRefused() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 64 * MIB);
                SharedMemory other = SharedMemory.allocate("other", 64 * MIB);
                BootSectorGuest guest = BootSectorGuest.randomWriter(memory, 16 * MIB, 32 * MIB, 200)) {
            IOException e = assertThrows(IOException.class, () -> WrittenPages.plant(guest.pid(), other));
            assertTrue(e.getMessage().contains("does not map"), e.getMessage());
        }
    }

    @Test
    void kvmGuestsWritesAreHarvested() throws IOException {
        try (SharedMemory memory = SharedMemory.allocate("ram", 64 * MIB);
                SharedMemory shadow = SharedMemory.allocate("shadow", 64 * MIB);
                BootSectorGuest guest = kvmGuest(memory);
                WrittenPages written = WrittenPages.plant(guest.pid(), memory)) {
            guest.awaitRounds(10);
            BitSet harvested = harvestEqualsDifferences(guest, written, memory, shadow, 12);
            assertEquals(64, harvested.get(0x20, 0x60).cardinality());
        }
    }

    private static BootSectorGuest kvmGuest(SharedMemory memory) {
        Needs.KVM.orSkip(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm is not there or not ours");
        try {
            return BootSectorGuest.sixtyFourPagesWriter(memory, "kvm", 10);
        } catch (IOException e) {
            Needs.KVM.orSkip(false, "it does not work: " + e.getMessage());
            throw new IllegalStateException(e);
        }
    }

    /// What planting opens in QEMU, and QEMU itself never does.
    private static long userfaultDescriptors(BootSectorGuest guest) throws IOException {
        try (var entries = Files.list(Path.of("/proc/" + guest.pid() + "/fd"))) {
            return entries.filter(WrittenPagesTest::isUserfault).count();
        }
    }

    private static boolean isUserfault(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals("anon_inode:[userfaultfd]");
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }
}
