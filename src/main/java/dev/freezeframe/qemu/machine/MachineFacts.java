package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.image.DiskArguments;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.RamBlock;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What QEMU says of a machine that has just started.
///
/// @param type       the versioned machine type, such as `pc-i440fx-7.2`
/// @param ramBlocks  all RAM blocks, main memory first or not
/// @param hasDisplay whether there is a screen to see
/// @param disks      those that the guest can write, in the profile's order
record MachineFacts(String type, List<RamBlock> ramBlocks, boolean hasDisplay, List<MachineDisk> disks) {

    /// Learns what the machine is, in one exchange.
    ///
    /// @throws MachineException if it cannot be checkpointed
    static MachineFacts ask(QmpClient qmp, MachineSpec spec, Duration patience) throws IOException {
        List<Disk> writable = spec.profile().disks().stream().filter(disk -> !disk.readOnly()).toList();
        List<PendingReply> replies = qmp.send(QmpCommand.of("qom-get").with("path", "/machine").with("property",
                "type"), QmpCommand.humanMonitor("info ramblock"), QmpCommand.of("query-migrate"),
                QmpCommand.of("qom-list").with("path", "/backend"),
                QmpCommand.of("query-named-block-nodes").with("flat",
                        true));
        String type = replies.get(0).await(patience).asText().replaceFirst("-machine$", "");
        List<RamBlock> ramBlocks = RamBlock.parse(replies.get(1).await(patience).asText(), type);
        boolean hasDisplay = hasConsole(replies.get(3), patience);
        List<MachineDisk> disks = disks(writable, replies.get(4).await(patience));
        JsonNode blockers = replies.get(2).await(patience).path("blocked-reasons");
        if (!blockers.isEmpty()) {
            throw new MachineException("profile " + spec.profile().name() + " cannot be checkpointed, says QEMU: "
                    + blockers.get(0).asText() + "; take the device or feature out of the profile");
        }
        return new MachineFacts(type, ramBlocks, hasDisplay, disks);
    }

    private static List<MachineDisk> disks(List<Disk> writable, JsonNode nodes) throws MachineException {
        Map<String, Long> sizes = new HashMap<>();
        for (JsonNode node : nodes) {
            sizes.put(node.path("node-name").asText(), node.path("image").path("virtual-size").asLong());
        }
        List<MachineDisk> disks = new ArrayList<>();
        for (Disk disk : writable) {
            Long sizeBytes = sizes.get(disk.id());
            if (sizeBytes == null) {
                throw new MachineException("QEMU does not know the block node " + disk.id()
                        + " that it was started with; look at its command line");
            }
            Optional<String> base = Optional.of(DiskArguments.baseNode(disk.id())).filter(sizes::containsKey);
            disks.add(new MachineDisk(disk.id(), disk.id(), base, disk.qomPath(), sizeBytes, disk.diskInterface()));
        }
        return List.copyOf(disks);
    }

    /// QEMU keeps its graphic consoles there (`graphic_console_init` in ui/console.c); without any there is no such folder.
    private static boolean hasConsole(PendingReply backends, Duration patience) throws QmpException {
        try {
            for (JsonNode child : backends.await(patience)) {
                if (child.path("name").asText().startsWith("console[")) {
                    return true;
                }
            }
        } catch (QmpException e) {
            if (e.kind() != QmpException.Kind.REFUSED) {
                throw e;
            }
        }
        return false;
    }
}
