package dev.freezeframe.capture;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.machine.MachineDisk;
import dev.freezeframe.machine.ScratchFolder;
import dev.freezeframe.qmp.PendingEvent;
import dev.freezeframe.qmp.PendingReply;
import dev.freezeframe.qmp.QmpClient;
import dev.freezeframe.qmp.QmpCommand;
import dev.freezeframe.qmp.QmpException;
import dev.freezeframe.qmp.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Captures the writable disks of a machine: freezes a view of each in the pause, in one command, and reads what changed from
/// that view afterwards, while the guest writes on. Whatever fails, the guest's disks stay as the guest left them, and no
/// block that changed is ever left out of the next checkpoint.
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
final class DiskCapture implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DiskCapture.class);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /// The guest's write waits for its block to be copied away. If that takes longer, the view is given up, not the write.
    private static final int SECONDS_FOR_A_COPY = 10;

    private final QmpClient qmp;
    private final List<Disk> disks = new ArrayList<>();
    private final long scratchBytes;
    /// From [#start] on.
    private RunDirectory folder;
    private Path socket;
    private boolean serving;
    /// Reading has failed, and it may be the server's fault.
    private boolean unsure;

    /// One disk and what is set up in QEMU for it.
    private static final class Disk {
        final int place;
        final MachineDisk machine;
        /// From [#start] on.
        private UnnamedFile scratch;
        private int turn;
        /// What exists in QEMU now.
        private boolean bitmap;
        private boolean nextBitmap;
        private boolean bitmapEnded;
        private boolean scratchNode;
        private boolean filter;
        private boolean attached;
        private boolean view;
        private boolean export;
        private boolean baseExport;

        Disk(int place, MachineDisk machine) {
            this.place = place;
            this.machine = machine;
        }

        private String named(String what) {
            return "freezeframe-" + what + "-" + machine.id();
        }

        private String bitmapName(int which) {
            return named("dirty") + "-" + which;
        }

        private QmpCommand bitmapCommand(String command, int which) {
            return QmpCommand.of(command).with("node", machine.node()).with("name", bitmapName(which));
        }

        private QmpCommand addBitmap(int which) {
            return bitmapCommand("block-dirty-bitmap-add", which).with("granularity", Slab.PAGE_BYTES);
        }

        private QmpCommand attach(String node) {
            return QmpCommand.of("qom-set").with("path", machine.qomPath()).with("property", "drive").with("value",
                    node);
        }
    }

    /// @param qmp a session that nobody else uses
    /// @param scratchBytes most room for what the guest overwrites during one checkpoint
    DiskCapture(QmpClient qmp, List<MachineDisk> machineDisks, long scratchBytes) {
        this.qmp = qmp;
        this.scratchBytes = scratchBytes;
        machineDisks.forEach(each -> disks.add(new Disk(disks.size(), each)));
    }

    /// Begins to note what the guest writes.
    ///
    /// @throws IOException if there is no room for what that needs, or QEMU refuses; close it then as well
    void start() throws IOException {
        folder = RunDirectory.create();
        socket = folder.socket("disks");
        for (Disk disk : disks) {
            disk.scratch = ScratchFolder.newFile();
        }
        serve();
        for (Disk disk : disks) {
            execute(disk.addBitmap(disk.turn));
            disk.bitmap = true;
        }
    }

    private void serve() throws IOException {
        Files.deleteIfExists(socket);
        execute(QmpCommand.of("nbd-server-start").with("addr", Map.of("type", "unix", "data", Map.of("path", socket
                .toString()))));
        serving = true;
    }

    /// No block of any disk.
    List<BlockRanges> nothing() {
        return Collections.nCopies(disks.size(), BlockRanges.NONE);
    }

    /// Every block of every disk.
    List<BlockRanges> everything() {
        return disks.stream().map(disk -> BlockRanges.of(0, blocks(disk.machine.sizeBytes()))).toList();
    }

    static long blocks(long bytes) {
        return (bytes + Slab.PAGE_BYTES - 1) / Slab.PAGE_BYTES;
    }

    /// The session that the commands of the pause are for.
    QmpClient session() {
        return qmp;
    }

    /// Prepares the next view of every disk while the guest runs. Follow it with [#read] or [#giveUp].
    void prepare() throws IOException {
        // What a failure has left.
        giveUp();
        if (!serving) {
            serve();
        }
        for (Disk disk : disks) {
            disk.scratch.resize(0);
            disk.scratch.resize(disk.machine.sizeBytes());
            List<PendingReply> replies = qmp.send(
                    QmpCommand.of("blockdev-add").with("driver", "file").with("node-name", disk.named("scratch")).with(
                            "filename", disk.scratch.path()).with("cache", Map.of("no-flush", true)),
                    QmpCommand.of("blockdev-add").with("driver", "copy-before-write").with("node-name",
                            disk.named("filter")).with("file", disk.machine.node()).with("target", disk.named(
                                    "scratch"))
                            .with("on-cbw-error", "break-snapshot").with("cbw-timeout", SECONDS_FOR_A_COPY),
                    disk.addBitmap(disk.turn + 1));
            QmpException failure = null;
            for (int i = 0; i < replies.size(); i++) {
                try {
                    replies.get(i).await(PATIENCE);
                    switch (i) {
                        case 0 -> disk.scratchNode = true;
                        case 1 -> disk.filter = true;
                        default -> disk.nextBitmap = true;
                    }
                } catch (QmpException e) {
                    failure = failure == null ? e : failure;
                }
            }
            if (failure != null) {
                throw new IOException("disk " + disk.machine.id() + " cannot be frozen: " + failure.getMessage(),
                        failure);
            }
        }
    }

    /// How many commands the pause has to send.
    int switches() {
        return disks.size();
    }

    /// The command that freezes a disk's view. Once it is sent, tell [#switching].
    QmpCommand switchCommand(int disk) {
        Disk which = disks.get(disk);
        return which.attach(which.named("filter"));
    }

    /// The command has been sent: whatever comes of it, it may have taken effect.
    void switching(int disk) {
        disks.get(disk).attached = true;
    }

    /// Reads what changed from the frozen views and hands it to the sink. The guest runs meanwhile. Follow it with [#finish],
    /// or, if it fails, with [#giveUp].
    ///
    /// @param besides blocks to read whether they changed or not, for each disk
    List<CapturedDisk> read(int number, long generation, FrameSink sink, SlabPool pool, List<BlockRanges> besides)
            throws IOException, InterruptedException {
        List<CapturedDisk> captured = new ArrayList<>();
        for (Disk disk : disks) {
            long started = System.nanoTime();
            DiskReader reader = new DiskReader(disk.machine.sizeBytes(), pool, this::checkScratch,
                    new DiskReader.Target() {
                        @Override
                        public void blocks(Slab slab) {
                            sink.blocks(number, generation, disk.place, slab);
                        }

                        @Override
                        public void zeroBlocks(BlockRanges.Range range) {
                            sink.zeroBlocks(number, generation, disk.place, range);
                        }
                    });
            BlockRanges blocks;
            try {
                expose(disk);
                blocks = reader.read(socket, disk.machine.id(), exposeBase(disk, besides.get(disk.place)),
                        disk.bitmapName(disk.turn), besides.get(disk.place));
            } catch (IOException e) {
                unsure = true;
                String why = ScratchFolder.isFull()
                        ? "what the guest overwrote meanwhile had no room, " + ScratchFolder.path()
                                + " is full; make room there"
                        : e.getMessage();
                throw new IOException(disk.machine.id() + " could not be read: " + why
                        + "; its changed blocks belong to the next checkpoint", e);
            }
            captured.add(new CapturedDisk(disk.machine.id(), disk.machine.sizeBytes(), blocks, reader.bytesRead(),
                    (System.nanoTime() - started) / 1000));
        }
        return captured;
    }

    /// Takes the views down after they were read. What cannot be taken down now will be before the next one is made.
    void finish() {
        for (Disk disk : disks) {
            try {
                takeDown(disk);
                execute(disk.bitmapCommand("block-dirty-bitmap-remove", disk.turn));
                advance(disk);
            } catch (IOException e) {
                if (e instanceof QmpException answer && answer.kind() == QmpException.Kind.DISCONNECTED) {
                    LOG.debug("{} has ended with its QEMU", disk.machine.id(), e);
                } else {
                    LOG.warn("the frozen view of {} could not be taken down yet", disk.machine.id(), e);
                }
            }
        }
    }

    private void expose(Disk disk) throws IOException {
        disk.bitmapEnded = true;
        execute(disk.bitmapCommand("block-dirty-bitmap-disable", disk.turn));
        execute(QmpCommand.of("blockdev-add").with("driver", "snapshot-access").with("node-name", disk.named("view"))
                .with(
                        "file", disk.named("filter")));
        disk.view = true;
        execute(QmpCommand.of("block-export-add").with("type", "nbd").with("id", disk.named("export")).with("node-name",
                disk.named("view")).with("name", disk.machine.id()).with("bitmaps", List.of(
                        Map.of("node", disk.machine
                                .node(), "name", disk.bitmapName(disk.turn)))));
        disk.export = true;
    }

    /// The layer below the disk, where that is worth asking: when all of the disk is read.
    ///
    /// @return the name of its export; empty where there is none, or none any more
    private Optional<String> exposeBase(Disk disk, BlockRanges besides) throws IOException {
        if (disk.machine.base().isEmpty() || besides.count() < blocks(disk.machine.sizeBytes())) {
            return Optional.empty();
        }
        try {
            execute(QmpCommand.of("block-export-add").with("type", "nbd").with("id", disk.named("base"))
                    .with("node-name",
                            disk.machine.base().get())
                    .with("name", disk.named("base")));
        } catch (QmpException e) {
            if (e.kind() != QmpException.Kind.REFUSED) {
                throw e;
            }
            LOG.debug("{} has no layer below it any more", disk.machine.id(), e);
            return Optional.empty();
        }
        disk.baseExport = true;
        return Optional.of(disk.named("base"));
    }

    /// Fails when the guest has overwritten more than there is room for.
    private void checkScratch() throws IOException {
        long used = 0;
        for (Disk each : disks) {
            used += each.scratch.allocatedBytes();
        }
        if (used > scratchBytes) {
            throw new IOException("the guest overwrote more than the scratch space of " + (scratchBytes >> 20)
                    + " MiB while it was read; take checkpoints less often, or give the recording more scratch space");
        }
    }

    /// Takes down what is left of views, finished or not, and keeps the blocks that changed for the next checkpoint.
    ///
    /// @throws IOException if QEMU refused some of it; to be tried again
    void giveUp() throws IOException {
        IOException failure = null;
        for (Disk disk : disks) {
            try {
                takeDown(disk);
                keepBlocks(disk);
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
        if (unsure) {
            // The next checkpoint begins with a new server.
            stopServing();
            unsure = false;
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

    private void takeDown(Disk disk) throws IOException {
        if (disk.baseExport) {
            endExport(disk.named("base"));
            disk.baseExport = false;
        }
        if (disk.export) {
            endExport(disk.named("export"));
            disk.export = false;
        }
        if (disk.view) {
            execute(deletion(disk.named("view")));
            disk.view = false;
        }
        if (disk.attached) {
            detach(disk);
            disk.attached = false;
        }
        if (disk.filter) {
            execute(deletion(disk.named("filter")));
            disk.filter = false;
        }
        if (disk.scratchNode) {
            execute(deletion(disk.named("scratch")));
            disk.scratchNode = false;
            disk.scratch.resize(0);
        }
    }

    private void endExport(String id) throws IOException {
        if (!isExported(id)) {
            return;
        }
        try (PendingEvent deleted = qmp.expect("BLOCK_EXPORT_DELETED", event -> event.path("id").asText().equals(id))) {
            execute(QmpCommand.of("block-export-del").with("id", id).with("mode", "hard"));
            deleted.await(PATIENCE);
        }
    }

    /// Not any more, if somebody has stopped QEMU's server.
    private boolean isExported(String id) throws IOException {
        for (JsonNode export : qmp.execute(QmpCommand.of("query-block-exports"), PATIENCE)) {
            if (export.path("id").asText().equals(id)) {
                return true;
            }
        }
        return false;
    }

    /// A device must not be told to use the node that it has already: QEMU aborts (an assertion in block.c). So it is asked
    /// where that is not certain.
    private void detach(Disk disk) throws IOException {
        JsonNode drive = qmp.execute(QmpCommand.of("qom-get").with("path", disk.machine.qomPath()).with("property",
                "drive"), PATIENCE);
        if (drive.asText().equals(disk.named("filter"))) {
            execute(disk.attach(disk.machine.node()));
        }
    }

    private void keepBlocks(Disk disk) throws IOException {
        if (!disk.nextBitmap) {
            return;
        }
        if (disk.bitmapEnded) {
            execute(QmpCommand.of("block-dirty-bitmap-merge").with("node", disk.machine.node()).with("target", disk
                    .bitmapName(disk.turn + 1)).with("bitmaps", List.of(disk.bitmapName(disk.turn))));
            execute(disk.bitmapCommand("block-dirty-bitmap-remove", disk.turn));
            advance(disk);
        } else {
            // The old one has noted everything all the while.
            execute(disk.bitmapCommand("block-dirty-bitmap-remove", disk.turn + 1));
            disk.nextBitmap = false;
        }
    }

    private static void advance(Disk disk) {
        disk.turn++;
        disk.nextBitmap = false;
        disk.bitmapEnded = false;
    }

    private static QmpCommand deletion(String node) {
        return QmpCommand.of("blockdev-del").with("node-name", node);
    }

    private void execute(QmpCommand command) throws IOException {
        qmp.execute(command, PATIENCE);
    }

    /// Leaves the machine as it was found.
    @Override
    public void close() {
        try {
            giveUp();
            for (Disk disk : disks) {
                if (disk.bitmap) {
                    execute(disk.bitmapCommand("block-dirty-bitmap-remove", disk.turn));
                }
            }
            if (serving) {
                stopServing();
            }
        } catch (IOException e) {
            // A QEMU that has ended has nothing left to take down.
            LOG.debug("taking down the capture of disks", e);
        } finally {
            closeFiles();
        }
    }

    private void closeFiles() {
        for (Disk disk : disks) {
            if (disk.scratch != null) {
                disk.scratch.close();
            }
        }
        if (folder != null) {
            folder.close();
        }
    }
}
