package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.profile.MachineSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Why QEMU stopped a guest whose disk failed, in one line with a remedy. The guest waits in the middle of the request, which
/// QEMU tries again when the machine is resumed.
final class DiskError {
    private DiskError() {}

    /// @param event of QEMU's BLOCK_IO_ERROR (qapi/block-core.json)
    static String line(JsonNode event, MachineSpec spec) {
        boolean write = event.path("operation").asText().equals("write");
        List<Disk> disks = spec.profile().disks();
        // the node may be one that a checkpoint has put above the disk's; then newer versions tell the device
        Optional<Disk> disk = disks.stream().filter(each -> event.path("node-name").asText().equals(each.id()) || event
                .path("qom-path").asText().equals(each.qomPath())).findFirst().or(() -> disks.size() == 1
                        ? Optional.of(disks.getFirst())
                        : Optional.empty());
        String remedy = disk.filter(_ -> event.path("nospace").asBoolean()).map(each -> "make room in " + folder(each,
                spec)).orElse("remove the cause");
        return disk.map(Disk::id).orElse("a disk") + " cannot be " + (write ? "written" : "read") + ": " + event.path(
                "reason").asText("input/output error") + "; " + remedy
                + " and resume the machine, which then tries again";
    }

    private static Path folder(Disk disk, MachineSpec spec) {
        return spec.discardsWrites(disk) ? ScratchFolder.path() : disk.file().getParent();
    }
}
