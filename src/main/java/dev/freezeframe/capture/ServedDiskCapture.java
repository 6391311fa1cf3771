package dev.freezeframe.capture;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.qemu.disk.BlockSet;
import dev.freezeframe.qemu.disk.Epoch;
import dev.freezeframe.qemu.disk.EpochDisk;
import dev.freezeframe.qemu.machine.DiskRequests;
import dev.freezeframe.qemu.machine.MachineDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// Captures disks that we serve to QEMU ourselves: what they held in the pause is an epoch in our own memory, and QEMU is told
/// nothing of it.
///
/// A run that is logged can be executed again only from a moment at which no request of the guest's to a disk is under way: its
/// end is an event of the log, and QEMU's state has nothing that would wait for it. `stop` does not wait for requests then, so
/// QEMU is asked ([#isQuiet]).
final class ServedDiskCapture implements DiskFreezer {
    private final Sessions sessions;
    private final List<MachineDisk> machineDisks;
    private final List<Part> parts = new ArrayList<>();

    private static final class Part {
        final MachineDisk machine;
        final EpochDisk disk;
        /// Null between two checkpoints.
        Epoch epoch;

        Part(MachineDisk machine, EpochDisk disk) {
            this.machine = machine;
            this.disk = disk;
        }
    }

    ServedDiskCapture(Sessions sessions, List<MachineDisk> disks, Map<String, EpochDisk> served) {
        this.sessions = sessions;
        machineDisks = List.copyOf(disks);
        disks.forEach(each -> parts.add(new Part(each, served.get(each.id()))));
    }

    @Override
    public void start() {
        // what is written is noted all the time
    }

    @Override
    public List<BlockRanges> nothing() {
        return Collections.nCopies(parts.size(), BlockRanges.NONE);
    }

    @Override
    public List<BlockRanges> everything() {
        return parts.stream().map(each -> BlockRanges.of(0, each.disk.blocks())).toList();
    }

    @Override
    public void prepare(List<BlockRanges> besides) {
        giveUp(); // what a failure has left
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            BlockSet blocks = new BlockSet(part.disk.blocks());
            besides.get(i).ranges().forEach(each -> blocks.add(each.first(), each.end()));
            part.epoch = part.disk.prepare(blocks);
        }
    }

    @Override
    public boolean isQuiet() throws IOException {
        return !DiskRequests.areUnderWay(sessions.main(), machineDisks, sessions.patience());
    }

    @Override
    public void freeze() {
        parts.forEach(each -> each.epoch.begin());
    }

    @Override
    public List<CapturedDisk> read(int number, long generation, FrameSink sink, SlabPool pool,
            List<BlockRanges> besides) throws IOException, InterruptedException {
        List<CapturedDisk> captured = new ArrayList<>();
        for (int place = 0; place < parts.size(); place++) {
            captured.add(read(place, number, generation, sink, pool));
        }
        return captured;
    }

    private CapturedDisk read(int place, int number, long generation, FrameSink sink, SlabPool pool)
            throws IOException, InterruptedException {
        long started = System.nanoTime();
        Part part = parts.get(place);
        List<BlockRanges.Range> ranges = new ArrayList<>();
        part.epoch.forEachRun((first, end) -> ranges.add(new BlockRanges.Range(first, end)));
        long bytesRead = 0;
        boolean more = true;
        while (more) {
            Slab slab = pool.take();
            boolean handedOver = false;
            try {
                int count = part.epoch.read(slab.pages(), slab.contents().clear(),
                        (first, end) -> sink.zeroBlocks(number,
                                generation, place, new BlockRanges.Range(first, end)));
                more = count == Slab.CAPACITY;
                if (count > 0) {
                    slab.advance(count);
                    bytesRead += (long) count * GuestPage.BYTES;
                    handedOver = true;
                    sink.blocks(number, generation, place, slab);
                }
            } catch (IOException e) {
                throw new IOException(part.machine.id() + " could not be read: " + e.getMessage()
                        + "; its changed blocks belong to the next checkpoint", e);
            } finally {
                if (!handedOver) {
                    slab.close();
                }
            }
        }
        return new CapturedDisk(part.machine.id(), part.machine.sizeBytes(), BlockRanges.of(ranges), bytesRead, (System
                .nanoTime() - started) / 1000);
    }

    @Override
    public void finish() {
        for (Part part : parts) {
            part.epoch.close();
            part.epoch = null;
        }
    }

    @Override
    public void giveUp() {
        for (Part part : parts) {
            if (part.epoch != null) {
                part.epoch.giveUp();
                part.epoch = null;
            }
        }
    }

    @Override
    public void close() {
        giveUp();
    }
}
