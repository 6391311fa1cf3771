package dev.freezeframe.capture;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// One disk of a machine and all that [DiskCapture] sets up for it in QEMU: bitmaps, scratch space, filter, view and exports.
/// Whatever may have come to be there is taken down again: where a command did not get its answer, QEMU is asked what it has.
final class FrozenDisk {
    /// The guest's write waits for its block to be copied away. If that takes longer, the view is given up, not the write.
    private static final int SECONDS_FOR_A_COPY = 10;

    private final QmpClient qmp;
    private final Duration patience;
    private final int place;
    private final MachineDisk machine;
    /// From [#openScratch] on.
    private UnnamedFile scratch;
    /// Names the bitmap that holds now; the next one has one more.
    private int turn;
    /// What exists in QEMU, as far as its answers told.
    private boolean bitmap;
    private boolean nextBitmap;
    private boolean bitmapEnded;
    private boolean scratchNode;
    private boolean filter;
    private boolean attached;
    private boolean view;
    private boolean export;
    private boolean baseExport;
    /// A command failed, or its answer has not come: there may be more or less than that.
    private boolean unsure;

    FrozenDisk(QmpClient qmp, Duration patience, int place, MachineDisk machine) {
        this.qmp = qmp;
        this.patience = patience;
        this.place = place;
        this.machine = machine;
    }

    /// Its place among the machine's writable disks.
    int place() {
        return place;
    }

    MachineDisk machine() {
        return machine;
    }

    long blocks() {
        return DiskCapture.blocks(machine.sizeBytes());
    }

    /// Name of the bitmap that tells what changed, of a view that is frozen.
    String bitmapName() {
        return bitmapName(turn);
    }

    void openScratch() throws IOException {
        scratch = ScratchFolder.newFile();
    }

    void closeScratch() {
        if (scratch != null) {
            scratch.close();
        }
    }

    /// What the guest has overwritten since its disk was frozen takes so much.
    long scratchBytes() throws IOException {
        return scratch.allocatedBytes();
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
        return bitmapCommand("block-dirty-bitmap-add", which).with("granularity", GuestPage.BYTES);
    }

    private QmpCommand attach(String node) {
        return QmpCommand.of("qom-set").with("path", machine.qomPath()).with("property", "drive").with("value", node);
    }

    private static QmpCommand deletion(String node) {
        return QmpCommand.of("blockdev-del").with("node-name", node);
    }

    private JsonNode execute(QmpCommand command) throws IOException {
        return await(qmp.send(command).getFirst());
    }

    private JsonNode await(PendingReply reply) throws IOException {
        boolean wasSure = !unsure;
        unsure = true;
        JsonNode answer = reply.await(patience);
        unsure = !wasSure;
        return answer;
    }

    /// From here on QEMU notes what the guest writes.
    void beginNoting() throws IOException {
        execute(addBitmap(turn));
        bitmap = true;
    }

    /// Call after [#giveUp].
    void endNoting() throws IOException {
        if (bitmap) {
            execute(bitmapCommand("block-dirty-bitmap-remove", turn));
            bitmap = false;
        }
    }

    /// Prepares the next view while the guest runs.
    void prepare() throws IOException {
        scratch.resize(0);
        scratch.resize(machine.sizeBytes());
        List<PendingReply> replies = qmp.send(
                QmpCommand.of("blockdev-add").with("driver", "file").with("node-name", named("scratch")).with(
                        "filename", scratch.path()).with("cache", Map.of("no-flush", true)),
                QmpCommand.of("blockdev-add").with("driver", "copy-before-write").with("node-name", named("filter"))
                        .with("file", machine.node()).with("target", named("scratch"))
                        .with("on-cbw-error", "break-snapshot").with("cbw-timeout", SECONDS_FOR_A_COPY),
                addBitmap(turn + 1));
        try {
            await(replies.get(0));
            scratchNode = true;
            await(replies.get(1));
            filter = true;
            await(replies.get(2));
            nextBitmap = true;
        } catch (QmpException e) {
            throw new IOException("disk " + machine.id() + " cannot be frozen: " + e.getMessage(), e);
        }
    }

    /// The command that freezes the view. Once it is sent, tell [#switching].
    QmpCommand switchCommand() {
        return attach(named("filter"));
    }

    void switching() {
        attached = true;
    }

    /// Lets the frozen view and the bitmap be read.
    void expose() throws IOException {
        bitmapEnded = true;
        execute(bitmapCommand("block-dirty-bitmap-disable", turn));
        execute(QmpCommand.of("blockdev-add").with("driver", "snapshot-access").with("node-name", named("view"))
                .with("file", named("filter")));
        view = true;
        execute(QmpCommand.of("block-export-add").with("type", "nbd").with("id", named("export")).with("node-name",
                named("view")).with("name", machine.id()).with("bitmaps", List.of(
                        Map.of("node", machine.node(), "name",
                                bitmapName(turn)))));
        export = true;
    }

    /// The layer below the disk, where that is worth asking: when all of the disk is read.
    ///
    /// @return the name of its export; empty where there is none, or none any more
    Optional<String> exposeBase(BlockRanges besides) throws IOException {
        if (machine.base().isEmpty() || besides.count() < blocks()) {
            return Optional.empty();
        }
        try {
            execute(QmpCommand.of("block-export-add").with("type", "nbd").with("id", named("base"))
                    .with("node-name", machine.base().get()).with("name", named("base")));
        } catch (QmpException e) {
            if (e.kind() != QmpException.Kind.REFUSED) {
                throw e;
            }
            return Optional.empty(); // it has no layer below it any more
        }
        baseExport = true;
        return Optional.of(named("base"));
    }

    /// Takes the view down after it was read; what changed until then is in the store's hands.
    void finish() throws IOException {
        takeDown();
        execute(bitmapCommand("block-dirty-bitmap-remove", turn));
        advance();
    }

    /// Takes down what is left of a view, finished or not, and keeps the blocks that changed for the next checkpoint. To be
    /// tried again when it fails.
    void giveUp() throws IOException {
        takeDown();
        if (!nextBitmap) {
            return;
        }
        if (bitmapEnded) {
            execute(QmpCommand.of("block-dirty-bitmap-merge").with("node", machine.node()).with("target", bitmapName(
                    turn + 1)).with("bitmaps", List.of(bitmapName(turn))));
            execute(bitmapCommand("block-dirty-bitmap-remove", turn));
            advance();
        } else {
            // The old one has noted everything all the while.
            execute(bitmapCommand("block-dirty-bitmap-remove", turn + 1));
            nextBitmap = false;
        }
    }

    private void advance() {
        turn++;
        nextBitmap = false;
        bitmapEnded = false;
    }

    private void takeDown() throws IOException {
        if (unsure) {
            look();
        }
        if (baseExport) {
            endExport(named("base"));
            baseExport = false;
        }
        if (export) {
            endExport(named("export"));
            export = false;
        }
        if (view) {
            execute(deletion(named("view")));
            view = false;
        }
        if (attached) {
            detach();
            attached = false;
        }
        if (filter) {
            execute(deletion(named("filter")));
            filter = false;
        }
        if (scratchNode) {
            execute(deletion(named("scratch")));
            scratchNode = false;
            scratch.resize(0);
        }
    }

    /// Asks QEMU what there is of ours. It does what one session asks for in order, so what was asked for before has happened
    /// or will not.
    private void look() throws IOException {
        Set<String> nodes = new HashSet<>();
        Map<String, Boolean> bitmaps = new HashMap<>();
        for (JsonNode node : execute(QmpCommand.of("query-named-block-nodes").with("flat", true))) {
            nodes.add(node.path("node-name").asText());
            if (node.path("node-name").asText().equals(machine.node())) {
                for (JsonNode each : node.path("dirty-bitmaps")) {
                    bitmaps.put(each.path("name").asText(), each.path("recording").asBoolean(true));
                }
            }
        }
        export = export(named("export")).isPresent();
        baseExport = export(named("base")).isPresent();
        view = nodes.contains(named("view"));
        filter = nodes.contains(named("filter"));
        attached = filter;
        scratchNode = nodes.contains(named("scratch"));
        if (!bitmaps.containsKey(bitmapName(turn)) && bitmaps.containsKey(bitmapName(turn + 1))) {
            advance();
        }
        bitmap = bitmaps.containsKey(bitmapName(turn));
        nextBitmap = bitmaps.containsKey(bitmapName(turn + 1));
        bitmapEnded = bitmap && !bitmaps.get(bitmapName(turn));
        unsure = false;
    }

    private void endExport(String id) throws IOException {
        try (PendingEvent deleted = qmp.expect("BLOCK_EXPORT_DELETED", event -> event.path("id").asText().equals(id))) {
            Optional<JsonNode> there = export(id);
            if (there.isEmpty()) {
                return;
            }
            // a second command for one that is on its way out is refused
            if (!there.get().path("shutting-down").asBoolean()) {
                execute(QmpCommand.of("block-export-del").with("id", id).with("mode", "hard"));
            }
            deleted.await(patience);
        } catch (QmpException e) {
            unsure = true;
            throw e;
        }
    }

    /// What QEMU says of an export; it is gone if somebody has stopped QEMU's server.
    private Optional<JsonNode> export(String id) throws IOException {
        for (JsonNode each : execute(QmpCommand.of("query-block-exports"))) {
            if (each.path("id").asText().equals(id)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    /// A device must not be told to use the node that it has already: QEMU aborts (an assertion in block.c). So it is asked
    /// where that is not certain.
    private void detach() throws IOException {
        JsonNode drive = execute(QmpCommand.of("qom-get").with("path", machine.qomPath()).with("property", "drive"));
        if (drive.asText().equals(named("filter"))) {
            execute(attach(machine.node()));
        }
    }
}
