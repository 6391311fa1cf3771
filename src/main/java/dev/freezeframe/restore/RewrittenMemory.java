package dev.freezeframe.restore;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.KvmClock;
import java.nio.ByteBuffer;
import java.util.List;

/// What QEMU and KVM rewrite in guest memory when they load a state, and so is no fault of a restore: known by name, to the
/// byte. Everything else that differs is one.
///
/// - KVM's clock structures, where the state says that the guest has them; under KVM only.
/// - The two instructions in kvmvapic's ROM by which a guest asks for interrupts: QEMU writes the kind that its accelerator
///   understands (`patch_hypercalls` in hw/i386/kvmvapic.c), so they change with the accelerator.
final class RewrittenMemory {
    /// Nothing may differ.
    static final RewrittenMemory NONE = new RewrittenMemory(List.of(), false);

    private static final String VAPIC_DEVICE = "kvm-tpr-opt";
    /// `mov eax,1`, and then what asks: `vmcall`, AMD's `vmmcall`, or `nop; out 0x7e,eax`.
    private static final byte[] VAPIC_PREFIX = {(byte) 0xb8, 1, 0, 0, 0};
    private static final List<byte[]> VAPIC_CALLS = List.of(new byte[]{0x0f, 0x01, (byte) 0xc1}, new byte[]{0x0f, 0x01,
            (byte) 0xd9}, new byte[]{(byte) 0x90, (byte) 0xe7, 0x7e});
    private static final int VAPIC_CALL_BYTES = 3;

    private final List<KvmClock.Area> clocks;
    private final boolean vapic;

    RewrittenMemory(List<KvmClock.Area> clocks, boolean vapic) {
        this.clocks = List.copyOf(clocks);
        this.vapic = vapic;
    }

    /// What loading a state into a machine with this accelerator rewrites.
    static RewrittenMemory by(DeviceState state, Accelerator accelerator) {
        return new RewrittenMemory(accelerator == Accelerator.KVM ? state.kvmClockAreas() : List.of(),
                state.deviceNames()
                        .contains(VAPIC_DEVICE));
    }

    /// Whether all that differs between two contents of a page is of that.
    boolean explains(int page, ByteBuffer stored, ByteBuffer actual) {
        long address = (long) page * GuestPage.BYTES;
        for (int i = 0; i < GuestPage.BYTES; i++) {
            if (at(stored, i) == at(actual, i)) {
                continue;
            }
            long byteAddress = address + i;
            if (clocks.stream().noneMatch(area -> area.contains(byteAddress)) && !isVapicCall(i, stored, actual)) {
                return false;
            }
        }
        return true;
    }

    private static byte at(ByteBuffer content, int index) {
        return content.get(content.position() + index);
    }

    private boolean isVapicCall(int index, ByteBuffer stored, ByteBuffer actual) {
        if (!vapic) {
            return false;
        }
        for (int call = index - VAPIC_CALL_BYTES + 1; call <= index; call++) {
            int start = call - VAPIC_PREFIX.length;
            if (start >= 0 && call + VAPIC_CALL_BYTES <= GuestPage.BYTES && has(stored, start, VAPIC_PREFIX)
                    && hasCall(stored, call) && hasCall(actual, call)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasCall(ByteBuffer content, int index) {
        return VAPIC_CALLS.stream().anyMatch(call -> has(content, index, call));
    }

    private static boolean has(ByteBuffer content, int index, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (at(content, index + i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
