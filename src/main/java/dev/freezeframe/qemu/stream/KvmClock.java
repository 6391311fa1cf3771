package dev.freezeframe.qemu.stream;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The paravirtual clock that KVM gives to a guest (Documentation/virt/kvm/x86/msr.rst): two structures in guest memory whose
/// addresses the guest has written to model-specific registers, and which KVM writes anew when those registers are loaded. A
/// guest reads them only together with the time stamp counter of the processor that it runs on, so other bytes are right.
///
/// SeaBIOS uses it too, in a page of its own below 1 MiB.
public final class KvmClock {
    /// The section of the device that keeps KVM's clock; only a machine under KVM has it, and only such a one loads it
    /// (hw/i386/kvm/clock.c).
    public static final String DEVICE = "kvmclock";

    private static final String PROCESSOR = "cpu";
    /// Where `env.system_time_msr` and `env.wall_clock_msr` are in `vmstate_x86_cpu` (target/i386/machine.c), version 12: 1,529
    /// bytes of fields that have fixed lengths stand before them, and QEMU never changes those of a version.
    static final int SYSTEM_TIME_OFFSET = 1529;
    static final int WALL_CLOCK_OFFSET = SYSTEM_TIME_OFFSET + Long.BYTES;
    /// `struct pvclock_vcpu_time_info` and `struct pvclock_wall_clock`.
    private static final int SYSTEM_TIME_BYTES = 32;
    private static final int WALL_CLOCK_BYTES = 12;
    private static final long ENABLED = 1;

    private KvmClock() {}

    /// A range of guest memory.
    public record Area(long address, int bytes) {
        /// Whether a byte lies in it.
        public boolean contains(long byteAddress) {
            return byteAddress >= address && byteAddress < address + bytes;
        }
    }

    static List<Area> areas(byte[] stream, StreamLayout layout) {
        List<Area> areas = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.wrap(stream);
        for (StreamLayout.Device device : layout.devices()) {
            int end = device.contentStart() + WALL_CLOCK_OFFSET + Long.BYTES;
            if (!device.name().equals(PROCESSOR) || end > layout.endByte()) {
                continue;
            }
            long systemTime = bytes.getLong(device.contentStart() + SYSTEM_TIME_OFFSET);
            long wallClock = bytes.getLong(device.contentStart() + WALL_CLOCK_OFFSET);
            if ((systemTime & ENABLED) != 0) {
                areas.add(new Area(systemTime & ~ENABLED, SYSTEM_TIME_BYTES));
            }
            if (wallClock != 0) {
                areas.add(new Area(wallClock, WALL_CLOCK_BYTES));
            }
        }
        return areas;
    }
}
