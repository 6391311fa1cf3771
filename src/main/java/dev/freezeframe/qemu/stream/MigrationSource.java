package dev.freezeframe.qemu.stream;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.qmp.ArmedCommand;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Device state together with screen memory and ROMs, by a migration to us in which the shared RAM is left out
/// (`x-ignore-shared`). Takes some milliseconds of the pause; for machines that `xen-save-devices-state` cannot
/// save completely.
///
/// QEMU inactivates its block nodes when such a migration completes and activates them again at `cont`.
final class MigrationSource implements DeviceStateSource {
    private static final Logger LOG = LoggerFactory.getLogger(MigrationSource.class);
    /// QEMU's default of 128 MiB/s would make it sleep in the middle of the pause.
    private static final long UNLIMITED_BYTES_PER_SECOND = 1L << 40;
    private static final Duration REST_OF_STREAM = Duration.ofSeconds(10);

    private static final QmpCommand MIGRATE_CANCEL = QmpCommand.of("migrate_cancel");
    private static final QmpCommand QUERY_STATUS = QmpCommand.of("query-status");

    private final QmpClient qmp;
    private final ProcessHandle qemu;
    private MigrationReceiver receiver;
    private PendingEvent finished;
    /// A migration was begun and nobody knows that it ended.
    private boolean mayMigrate;

    private MigrationSource(QmpClient qmp, ProcessHandle qemu) {
        this.qmp = qmp;
        this.qemu = qemu;
    }

    static MigrationSource open(QmpClient qmp, ProcessHandle qemu) throws IOException {
        qmp.execute(QmpCommand.of("migrate-set-parameters").with("max-bandwidth", UNLIMITED_BYTES_PER_SECOND));
        qmp.execute(MigrationCapabilities.set(true));
        return new MigrationSource(qmp, qemu);
    }

    @Override
    public QmpCommand arm() throws IOException {
        discard();
        if (mayMigrate) {
            // it would make every later one fail
            qmp.execute(MIGRATE_CANCEL);
            mayMigrate = false;
        }
        receiver = MigrationReceiver.listen(qemu);
        finished = qmp.expect("MIGRATION", MigrationCapabilities::isFinal);
        return QmpCommand.of("migrate").with("uri", "unix:" + receiver.socket());
    }

    @Override
    public void awaitSaved(PendingReply reply, Duration timeout) throws IOException {
        if (finished == null)
            throw new IllegalStateException("not armed");
        mayMigrate = true;
        String status;
        try {
            reply.await(timeout);
            // QEMU takes in the bytes of this while it saves.
            try (ArmedCommand runState = qmp.arm(QUERY_STATUS)) {
                status = finished.await(timeout).data().path("status").asText();
                awaitFinalized(runState.fire(), timeout);
            }
        } catch (QmpException e) {
            // not waited for: the guest stands
            if (e.kind() == QmpException.Kind.TIMED_OUT)
                qmp.send(MIGRATE_CANCEL);
            throw e;
        }
        mayMigrate = false;
        if (!status.equals("completed")) {
            JsonNode answer = qmp.execute(QmpCommand.of("query-migrate"));
            throw new DeviceStateException("QEMU could not save the device state (" + status + "): "
                    + answer.path("error-desc").asText("it gives no reason"));
        }
    }

    /// The event comes a moment before QEMU has left the migration ({@code migration_iteration_finish}); until then it refuses
    /// `cont` with "Migration is not finalized yet". QEMU 11.1 takes long enough for that to happen.
    private void awaitFinalized(PendingReply runState, Duration timeout) throws QmpException {
        long deadline = System.nanoTime() + timeout.toNanos();
        PendingReply reply = runState;
        while (reply.await(timeout).path("status").asText().equals("finish-migrate") && System.nanoTime() < deadline)
            reply = qmp.send(QUERY_STATUS).getFirst();
    }

    @Override
    public DeviceState take() throws IOException {
        if (receiver == null)
            throw new IllegalStateException("not armed");
        try {
            return DeviceState.of(receiver.await(REST_OF_STREAM));
        } finally {
            discard();
        }
    }

    private void discard() {
        if (finished != null)
            finished.close();
        if (receiver != null)
            receiver.close();
        finished = null;
        receiver = null;
    }

    @Override
    public void close() {
        discard();
        if (qmp.isLost())
            return;
        try {
            qmp.execute(MigrationCapabilities.set(false));
        } catch (QmpException e) {
            LOG.debug("the machine keeps its migration capabilities", e);
        }
    }
}
