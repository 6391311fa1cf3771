package dev.freezeframe.simulate;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.qemu.disk.BlockSet;
import dev.freezeframe.qemu.disk.EpochDisk;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Whether the disks of a replay's end are as the checkpoint there has them. What was written neither now nor when it was recorded
/// is the same chunk of the store; all else is compared byte by byte.
final class DiskProof {
    private static final int MOST_NAMED = 3;

    private final Store store;

    DiskProof(Store store) {
        this.store = store;
    }

    /// The disks that differ, each with what a line says of it.
    ///
    /// @param machine stands, and no request to a disk of its is under way
    /// @param from    what it was restored from
    Map<String, String> differing(Machine machine, CheckpointRecord from, CheckpointRecord to) throws IOException {
        Map<String, String> differing = new LinkedHashMap<>();
        for (Map.Entry<String, EpochDisk> each : machine.servedDisks().entrySet()) {
            String image = NewCheckpoint.disk(each.getKey());
            BlockSet blocks = differing(each.getValue(), store.pageMap(from.id(), image),
                    store.pageMap(to.id(), image));
            if (!blocks.isEmpty()) {
                differing.put(each.getKey(), text(each.getKey(), blocks));
            }
        }
        return differing;
    }

    private BlockSet differing(EpochDisk disk, PageMap before, PageMap map) throws IOException {
        BlockSet blocks = disk.written();
        map.forEachDifference(before, (block, _) -> blocks.add(block));
        BlockSet differing = new BlockSet(disk.blocks());
        PageMap.Editor wanted = PageMap.allZero(map.pages()).edit();
        ByteBuffer content = ByteBuffer.allocateDirect(GuestPage.BYTES);
        ByteBuffer zero = ByteBuffer.allocate(GuestPage.BYTES);
        for (long block = blocks.next(0); block >= 0; block = block + 1 < disk.blocks() ? blocks.next(block + 1) : -1) {
            long chunk = map.chunkId((int) block);
            if (chunk != ChunkId.ZERO) {
                wanted.set((int) block, chunk);
            } else if (!disk.readBlock(block, content).equals(zero)) {
                differing.add(block);
            }
        }
        store.readPages(wanted.map(), 1, (first, count, stored) -> {
            for (int i = 0; i < count; i++) {
                if (!disk.readBlock(first + i, content).equals(stored.slice(stored.position() + i * GuestPage.BYTES,
                        GuestPage.BYTES))) {
                    differing.add(first + i);
                }
            }
        });
        return differing;
    }

    private static String text(String disk, BlockSet blocks) {
        long count = blocks.count();
        List<Long> first = new ArrayList<>();
        for (long block = blocks.next(0); block >= 0 && first.size() < MOST_NAMED; block = block + 1 < blocks.blocks()
                ? blocks.next(block + 1)
                : -1) {
            first.add(block);
        }
        return count == 1
                ? disk + " differs in block " + first.getFirst()
                : disk + " differs in " + count + " blocks, the first are " + first.stream().map(String::valueOf)
                        .collect(Collectors.joining(", "));
    }
}
