package dev.freezeframe.restore;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.base.Progress;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpEvent;
import dev.freezeframe.qemu.qmp.QmpException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Copies the rest of a restored machine's disk from our server to the machine's own file, by QEMU's `block-stream`, while the
/// guest runs.
final class DiskStream {
    private static final Logger LOG = LoggerFactory.getLogger(DiskStream.class);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration LOOK = Duration.ofMillis(200);

    private DiskStream() {}

    /// Does nothing for a disk that was copied before.
    static void copy(QmpClient qmp, MachineDisk disk, Progress progress) throws IOException {
        if (!hasBase(qmp, disk)) {
            return;
        }
        String job = "freezeframe-stream-" + disk.id();
        try (PendingEvent completed = qmp.expect("BLOCK_JOB_COMPLETED",
                event -> event.path("device").asText().equals(job))) {
            qmp.execute(QmpCommand.of("block-stream").with("job-id", job).with("device", disk.node()), PATIENCE);
            boolean done = false;
            try {
                QmpEvent end = await(qmp, completed, job, progress);
                done = true;
                if (end.data().has("error")) {
                    throw failure(disk, end.data().path("error").asText(), null);
                }
            } finally {
                if (!done) {
                    cancel(qmp, job);
                }
            }
            forget(qmp, disk.base().orElseThrow());
        } catch (QmpException e) {
            throw failure(disk, e.getMessage(), e);
        }
    }

    /// The disk does without it, and QEMU would look for its server in vain. A checkpoint that is under way may still hold it for
    /// a moment.
    private static void forget(QmpClient qmp, String base) throws QmpException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                qmp.execute(QmpCommand.of("blockdev-del").with("node-name", base), PATIENCE);
                return;
            } catch (QmpException e) {
                if (e.kind() != QmpException.Kind.REFUSED || System.nanoTime() > end) {
                    throw e;
                }
                LOG.debug("{} is still held", base, e);
                LockSupport.parkNanos(LOOK.toNanos());
            }
        }
    }

    private static IOException failure(MachineDisk disk, String why, QmpException cause) {
        return new IOException(disk.id() + " could not be copied: " + why, cause);
    }

    private static boolean hasBase(QmpClient qmp, MachineDisk disk) throws IOException {
        for (JsonNode node : qmp.execute(QmpCommand.of("query-named-block-nodes").with("flat", true), PATIENCE)) {
            if (node.path("node-name").asText().equals(disk.base().orElseThrow())) {
                return true;
            }
        }
        return false;
    }

    private static QmpEvent await(QmpClient qmp, PendingEvent completed, String job, Progress progress)
            throws QmpException {
        while (true) {
            try {
                return completed.await(LOOK);
            } catch (QmpException e) {
                if (e.kind() != QmpException.Kind.TIMED_OUT) {
                    throw e;
                }
            }
            for (JsonNode each : qmp.execute(QmpCommand.of("query-block-jobs"), PATIENCE)) {
                if (each.path("device").asText().equals(job)) {
                    progress.at("disk bytes", each.path("offset").asLong(), each.path("len").asLong());
                }
            }
        }
    }

    /// Returns when the disk is free for another attempt.
    private static void cancel(QmpClient qmp, String job) {
        try (PendingEvent cancelled = qmp.expect("BLOCK_JOB_CANCELLED", event -> event.path("device").asText().equals(
                job))) {
            qmp.execute(QmpCommand.of("block-job-cancel").with("device", job).with("force", true), PATIENCE);
            cancelled.await(PATIENCE);
        } catch (QmpException e) {
            // It has ended by itself, or QEMU has.
            LOG.debug("{} cannot be cancelled", job, e);
        }
    }
}
