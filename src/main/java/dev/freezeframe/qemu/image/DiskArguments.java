package dev.freezeframe.qemu.image;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// QEMU's arguments for a machine's disks. Their devices are the same, in the same order, wherever a disk's content comes
/// from, because the state of a device loads only into a device at the same address.
///
/// The nodes of `disk0`, from the device down: `disk0` is what the device uses; `disk0-file` is the file that it writes. A
/// throw-away file has `disk0-base` below it, which is read only, and for an image file `disk0-base-file` below that.
public final class DiskArguments {
    /// The SCSI host adapter.
    private static final String SCSI_ID = "ff-scsi";
    /// How long a guest's request waits for an NBD server that has gone: it is a thread of ours, so it comes back at once or
    /// never.
    private static final int RECONNECT_SECONDS = 2;

    private final List<String> arguments = new ArrayList<>();

    private DiskArguments() {}

    /// The arguments for some disks, in their order.
    ///
    /// @param backings by the disk's id, for those whose image file is not used
    /// @param overlays by the disk's id, the file for what the guest writes, for those that need one
    public static List<String> of(List<Disk> disks, Map<String, DiskBacking> backings, Map<String, Path> overlays) {
        DiskArguments made = new DiskArguments();
        boolean adapter = false;
        for (int i = 0; i < disks.size(); i++) {
            Disk disk = disks.get(i);
            made.nodes(disk, Optional.ofNullable(backings.get(disk.id())), Optional.ofNullable(overlays.get(disk
                    .id())));
            if (disk.diskInterface() == Disk.Interface.SCSI && !adapter) {
                made.add("-device", "virtio-scsi-pci,id=" + SCSI_ID);
                adapter = true;
            }
            made.add("-device", device(disk, i));
        }
        return made.arguments;
    }

    /// The arguments for disks that we serve to a machine whose run is logged, in their order. A disk's node is of the driver
    /// that logs when its requests end, and has `disk0-served` below it.
    ///
    /// @param socket of the server, which has each disk under its id
    public static List<String> logged(List<Disk> disks, Path socket) {
        DiskArguments made = new DiskArguments();
        for (int i = 0; i < disks.size(); i++) {
            String id = disks.get(i).id();
            String served = id + "-served";
            made.blockdev(nbd(served, socket, id).put("discard", "unmap"));
            made.blockdev(node("blkreplay", id).put("image", served).put("discard", "unmap"));
            // one queue, so that one question tells whether a request is under way
            made.add("-device", device(disks.get(i), i) + ",num-queues=1");
        }
        return made.arguments;
    }

    private static ObjectNode nbd(String name, Path socket, String export) {
        ObjectNode nbd = node("nbd", name).put("export", export).put("reconnect-delay", RECONNECT_SECONDS);
        nbd.putObject("server").put("type", "unix").put("path", socket.toString());
        return nbd;
    }

    private void nodes(Disk disk, Optional<DiskBacking> backing, Optional<Path> overlay) {
        String id = disk.id();
        if (overlay.isEmpty()) {
            image(id, disk, !disk.writesImage());
            return;
        }
        String base = baseNode(id);
        if (backing.isPresent()) {
            blockdev(nbd(base, backing.get().socket(), backing.get().export()).put("read-only", true));
        } else {
            image(base, disk, true);
        }
        blockdev(unflushed(node("file", id + "-file").put("filename", overlay.get().toString()).put("discard",
                "unmap")));
        blockdev(unflushed(node("qcow2", id).put("file", id + "-file").put("backing", base).put("discard", "unmap")));
    }

    /// The node that an overlay lies upon.
    public static String baseNode(String disk) {
        return disk + "-base";
    }

    private void image(String name, Disk disk, boolean readOnly) {
        ObjectNode file = node("file", name + "-file").put("filename", disk.file().toString());
        ObjectNode image = node(disk.format().text(), name).put("file", name + "-file");
        for (ObjectNode each : List.of(file, image)) {
            blockdev(readOnly ? each.put("read-only", true) : each.put("discard", "unmap"));
        }
    }

    private static ObjectNode node(String driver, String name) {
        return JsonNodeFactory.instance.objectNode().put("driver", driver).put("node-name", name);
    }

    /// The host need not write to its disk at once what is gone with the machine: every `stop` flushes all disks.
    private static ObjectNode unflushed(ObjectNode node) {
        node.putObject("cache").put("no-flush", true);
        return node;
    }

    /// A disk that fails stops the guest, so that it goes on as if nothing had been once the reason is gone. That the guest
    /// writes to one that it cannot write is its own fault and stays so: it is told.
    private static String device(Disk disk, int index) {
        String common = "id=" + disk.id() + ",drive=" + disk.id() + ",serial=" + disk.id() + ",bootindex=" + (index + 1)
                + ",rerror=stop,werror=" + (disk.readOnly() ? "report" : "stop");
        return switch (disk.diskInterface()) {
            case VIRTIO -> "virtio-blk-pci," + common;
            case SCSI -> "scsi-hd,bus=" + SCSI_ID + ".0,channel=0,scsi-id=" + index + ",lun=0," + common;
            case IDE -> "ide-hd," + common;
        };
    }

    private void blockdev(ObjectNode node) {
        add("-blockdev", node.toString());
    }

    private void add(String option, String value) {
        arguments.add(option);
        arguments.add(value);
    }
}
