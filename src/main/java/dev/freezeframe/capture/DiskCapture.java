package dev.freezeframe.capture;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.qmp.ArmedCommand;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Captures disks that QEMU has itself: freezes a view of each in the pause, in one command, and reads what changed from that view
/// afterwards.
///
/// All of it is QEMU's own: its dirty bitmaps tell what changed, its `copy-before-write` filter keeps in scratch space what
/// the guest overwrites, and its NBD server lets us read.
///
/// ## Why the pause holds so little
///
/// The filter and the next interval's bitmap are made while the guest still runs. The filter has no effect until the
/// device is attached to it, which is what happens in the pause; so the moment of attaching is the moment that is frozen. The
/// two bitmaps overlap: the next one counts from shortly before the pause, the old one until shortly after. A block that is in
/// one of them without need is read once more and found unchanged.
///
/// ## One at a time
///
/// The view of one checkpoint is gone before that of the next is made. So a reader that falls behind makes checkpoints late,
/// and neither scratch space nor the guest's writes ever pay for more than one.
final class DiskCapture implements DiskFreezer {

    private static final Logger LOG = LoggerFactory.getLogger(DiskCapture.class);

    private static final QmpCommand WAKE_UP = QmpCommand.of("query-status");

    private final QmpClient qmp;
    private final Duration patience;
    private final List<FrozenDisk> disks = new ArrayList<>();
    private final long scratchBytes;
    /// Freezes the view of the first disk.
    private ArmedCommand freeze;
    /// From [#start] on.
    private RunDirectory folder;
    private Path socket;
    private boolean serving;
    /// Something went wrong, and it may be the server's fault.
    private boolean serverSuspect;

    /// @param qmp a session that nobody else uses
    /// @param patience how long QEMU's answers are waited for
    /// @param scratchBytes most room for what the guest overwrites during one checkpoint
    DiskCapture(QmpClient qmp, Duration patience, List<MachineDisk> machineDisks, long scratchBytes) {
        this.qmp = qmp;
        this.patience = patience;
        this.scratchBytes = scratchBytes;
        machineDisks.forEach(each -> disks.add(new FrozenDisk(qmp, patience, disks.size(), each)));
    }

    @Override
    public void start() throws IOException {
        folder = RunDirectory.create();
        socket = folder.socket("disks");
        for (FrozenDisk disk : disks) {
            disk.openScratch();
        }
        serve();
        for (FrozenDisk disk : disks) {
            disk.beginNoting();
        }
    }

    private void serve() throws IOException {
        Files.deleteIfExists(socket);
        try {
            serverSuspect = true;
            serving = true;
            execute(QmpCommand.of("nbd-server-start").with("addr", Map.of("type", "unix", "data", Map.of("path", socket
                    .toString()))));
            serverSuspect = false;
        } catch (QmpException e) {
            // One that was refused is not there, or somebody else's.
            serving = e.kind() != QmpException.Kind.REFUSED;
            throw e;
        }
    }

    @Override
    public List<BlockRanges> nothing() {
        return Collections.nCopies(disks.size(), BlockRanges.NONE);
    }

    @Override
    public List<BlockRanges> everything() {
        return disks.stream().map(disk -> BlockRanges.of(0, disk.blocks())).toList();
    }

    static long blocks(long bytes) {
        return (bytes + GuestPage.BYTES - 1) / GuestPage.BYTES;
    }

    @Override
    public void rehearse() throws IOException {
        qmp.arm(WAKE_UP).fire().await(patience);
    }

    @Override
    public void arm() throws IOException {
        execute(WAKE_UP);
        freeze = qmp.arm(disks.getFirst().switchCommand());
    }

    @Override
    public void disarm() {
        if (freeze != null) {
            freeze.close();
            freeze = null;
        }
    }

    @Override
    public void prepare(List<BlockRanges> besides) throws IOException {
        // What a failure has left.
        giveUp();
        if (!serving) {
            serve();
        }
        for (FrozenDisk disk : disks) {
            disk.prepare();
        }
    }

    @Override
    public void freeze() throws IOException {
        for (FrozenDisk disk : disks) {
            ArmedCommand next = disk.place() == 0 ? freeze : qmp.arm(disk.switchCommand());
            disk.switching();
            next.fire().await(patience);
        }
    }

    @Override
    public List<CapturedDisk> read(int number, long generation, FrameSink sink, SlabPool pool,
            List<BlockRanges> besides)
            throws IOException, InterruptedException {
        List<CapturedDisk> captured = new ArrayList<>();
        for (FrozenDisk disk : disks) {
            long started = System.nanoTime();
            DiskReader reader = new DiskReader(disk.machine().sizeBytes(), pool, this::checkScratch,
                    new DiskReader.Target() {
                        @Override
                        public void blocks(Slab slab) {
                            sink.blocks(number, generation, disk.place(), slab);
                        }

                        @Override
                        public void zeroBlocks(BlockRanges.Range range) {
                            sink.zeroBlocks(number, generation, disk.place(), range);
                        }
                    });
            BlockRanges blocks;
            try {
                disk.expose();
                blocks = reader.read(socket, disk.machine().id(), disk.exposeBase(besides.get(disk.place())),
                        disk.bitmapName(), besides.get(disk.place()));
            } catch (IOException e) {
                serverSuspect = true;
                String why = ScratchFolder.isFull()
                        ? "what the guest overwrote meanwhile had no room, " + ScratchFolder.path()
                                + " is full; make room there"
                        : e.getMessage();
                throw new IOException(disk.machine().id() + " could not be read: " + why
                        + "; its changed blocks belong to the next checkpoint", e);
            }
            captured.add(new CapturedDisk(disk.machine().id(), disk.machine().sizeBytes(), blocks, reader.bytesRead(),
                    (System.nanoTime() - started) / 1000));
        }
        return captured;
    }

    @Override
    public void finish() {
        for (FrozenDisk disk : disks) {
            try {
                disk.finish();
            } catch (IOException e) {
                LOG.info("the frozen view of {} is taken down before the next one is made: {}", disk.machine().id(), e
                        .getMessage());
            }
        }
    }

    /// Fails when the guest has overwritten more than there is room for.
    private void checkScratch() throws IOException {
        long used = 0;
        for (FrozenDisk each : disks) {
            used += each.scratchBytes();
        }
        if (used > scratchBytes) {
            throw new IOException("the guest overwrote more than the scratch space of " + (scratchBytes >> 20)
                    + " MiB while it was read; take checkpoints less often, or give the recording more scratch space");
        }
    }

    @Override
    public void giveUp() throws IOException {
        IOException failure = null;
        for (FrozenDisk disk : disks) {
            try {
                disk.giveUp();
            } catch (QmpException e) {
                if (e.kind() != QmpException.Kind.REFUSED) {
                    throw e; // nor will it answer about the others now
                }
                failure = failure == null ? e : failure;
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
        if (serverSuspect) {
            // The next checkpoint begins with a new server.
            stopServing();
            serverSuspect = false;
        }
    }

    private void stopServing() {
        try {
            execute(QmpCommand.of("nbd-server-stop"));
        } catch (IOException e) {
            LOG.debug("there is no server to stop", e);
        }
        serving = false;
    }

    private void execute(QmpCommand command) throws IOException {
        qmp.execute(command, patience);
    }

    @Override
    public void close() {
        try {
            quietly(this::giveUp);
            disks.forEach(disk -> quietly(disk::endNoting));
            if (serving) {
                quietly(this::stopServing);
            }
        } finally {
            closeFiles();
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    /// What cannot be taken down keeps nothing else from it; a QEMU that has ended has nothing left to take down.
    private static void quietly(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            LOG.debug("taking down the capture of disks", e);
        }
    }

    private void closeFiles() {
        disks.forEach(FrozenDisk::closeScratch);
        if (folder != null) {
            folder.close();
        }
    }
}
