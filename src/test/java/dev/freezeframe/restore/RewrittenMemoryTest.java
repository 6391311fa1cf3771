package dev.freezeframe.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.stream.KvmClock;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What a load rewrites is left out of a comparison to the byte, and nothing else is.
class RewrittenMemoryTest {
    private static final int PAGE = 0xe8;

    private static ByteBuffer page(int at, int... bytes) {
        ByteBuffer page = ByteBuffer.allocate(GuestPage.BYTES);
        for (int i = 0; i < bytes.length; i++) {
            page.put(at + i, (byte) bytes[i]);
        }
        return page;
    }

    @Test
    void onlyTheBytesOfKvmsClockMayDiffer() {
        RewrittenMemory rewritten = new RewrittenMemory(List.of(new KvmClock.Area(0xe8040, 32)), false);
        ByteBuffer stored = page(0);
        assertTrue(rewritten.explains(PAGE, stored, page(0x40, 1)));
        assertTrue(rewritten.explains(PAGE, stored, page(0x5f, 1)));
        assertFalse(rewritten.explains(PAGE, stored, page(0x60, 1)));
        assertFalse(rewritten.explains(PAGE, stored, page(0x3f, 1, 1)));
        assertFalse(rewritten.explains(PAGE + 1, stored, page(0x40, 1)));
        assertFalse(RewrittenMemory.NONE.explains(PAGE, stored, page(0x40, 1)));
    }

    @Test
    void onlyOneCallOfKvmvapicForAnotherMayDiffer() {
        RewrittenMemory rewritten = new RewrittenMemory(List.of(), true);
        ByteBuffer out = page(100, 0xb8, 1, 0, 0, 0, 0x90, 0xe7, 0x7e);
        ByteBuffer vmcall = page(100, 0xb8, 1, 0, 0, 0, 0x0f, 0x01, 0xc1);
        assertTrue(rewritten.explains(0xca, out, vmcall));
        assertTrue(rewritten.explains(0xca, vmcall, out));
        assertFalse(rewritten.explains(0xca, out, page(100, 0xb8, 1, 0, 0, 0, 0x0f, 0x01, 0xc2)));
        assertFalse(rewritten.explains(0xca, page(100, 0xb8, 2, 0, 0, 0, 0x90, 0xe7, 0x7e), page(100, 0xb8, 2, 0, 0, 0,
                0x0f, 0x01, 0xc1)));
        assertFalse(RewrittenMemory.NONE.explains(0xca, out, vmcall));
    }

    @Test
    void anotherAcceleratorIsRefusedInOneLineThatNamesIt() {
        List<String> kvm = List.of("cpu", "kvmclock");
        List<String> tcg = List.of("cpu");
        assertEquals(Optional.empty(), Restorer.unfit(kvm, Accelerator.KVM, Optional.empty()));
        assertEquals(Optional.empty(), Restorer.unfit(tcg, Accelerator.TCG, Optional.of("no KVM")));
        assertEquals(Optional.empty(), Restorer.unfit(tcg, Accelerator.KVM, Optional.empty()));
        assertTrue(Restorer.unfit(kvm, Accelerator.TCG, Optional.empty()).orElseThrow().startsWith(
                "it was recorded under KVM, and TCG cannot load"));
        assertEquals("it was recorded under KVM and needs it, but no KVM here; restore it on a computer that has KVM",
                Restorer.unfit(kvm, Accelerator.KVM, Optional.of("no KVM")).orElseThrow());
        assertEquals("KVM was asked for, but no KVM here; leave --accel out, or use --accel tcg", Restorer.unfit(tcg,
                Accelerator.KVM, Optional.of("no KVM")).orElseThrow());
    }
}
