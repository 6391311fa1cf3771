package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.time.Duration;
import java.util.List;

/// What a guest has asked its disks for and not been answered yet.
public final class DiskRequests {
    private DiskRequests() {}

    /// Whether there is any, as QEMU says this moment. Of the virtio disks that we serve only; they have one queue each.
    public static boolean areUnderWay(QmpClient qmp, List<MachineDisk> disks, Duration patience) throws QmpException {
        for (MachineDisk disk : disks) {
            JsonNode queue = qmp.execute(QmpCommand.of("x-query-virtio-queue-status").with("path", disk.qomPath()).with(
                    "queue", 0), patience);
            if (queue.path("inuse").asInt(1) != 0) {
                return true;
            }
        }
        return false;
    }
}
