package dev.freezeframe.capture;

import dev.freezeframe.qemu.stream.DeviceState;
import java.util.BitSet;
import java.util.List;

/// One frozen moment of a machine, still in memory: everything but the contents of its pages, which went ahead in slabs.
///
/// @param number number of the checkpoint within its experiment, from 1
/// @param generation which frames it builds on: it may follow every frame before it that was not lost, see
///     [Checkpointer#frameLost]
/// @param pages the pages that were captured; pages outside are as in the checkpoint before
/// @param deviceState the state of the devices, checked for wholeness
/// @param disks what was read of the machine's writable disks, in their order
/// @param metrics what was measured
public record CapturedFrame(int number, long generation, BitSet pages, DeviceState deviceState,
        List<CapturedDisk> disks, FrameMetrics metrics) {

    public CapturedFrame {
        disks = List.copyOf(disks);
    }
}
