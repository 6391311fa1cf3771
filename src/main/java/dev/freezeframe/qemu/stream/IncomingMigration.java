package dev.freezeframe.qemu.stream;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Loads a device state into a QEMU that was started with `-incoming defer -S` and whose RAM holds its contents
/// already. When [#load] returns, the machine stands where it was saved and waits for `cont`.
///
/// QEMU listens, we connect: the socket is in a folder that only we may enter, and gone when this returns.
public final class IncomingMigration {
    private static final Logger LOG = LoggerFactory.getLogger(IncomingMigration.class);
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private IncomingMigration() {}

    /// Feeds the state to the waiting QEMU and returns when it has loaded all of it.
    ///
    /// @param versionedMachineType the type of the waiting QEMU, as in `pc-i440fx-7.2`
    /// @throws IOException QEMU's own reason when it did not take the state; such a QEMU is of no further use
    public static void load(QmpClient qmp, DeviceState state, String versionedMachineType, Duration timeout)
            throws IOException {
        ByteBuffer stream = direct(state.toIncomingStream(versionedMachineType));
        try (RunDirectory directory = RunDirectory.create();
                PendingEvent finished = qmp.expect("MIGRATION", MigrationCapabilities::isFinal)) {
            Path socket = directory.socket("incoming");
            List<PendingReply> replies = qmp.send(MigrationCapabilities.set(state.needsIgnoreShared()),
                    QmpCommand.of("migrate-incoming").with("uri", "unix:" + socket));
            for (PendingReply reply : replies)
                reply.await(timeout);
            IOException broken = feed(socket, stream);
            // a QEMU that hangs up early has a reason, and tells it where its exit is noticed
            String status = finished.await(broken == null ? timeout : LAST_WORDS).data().path("status").asText();
            if (!status.equals("completed"))
                throw refused(qmp, status);
            if (broken != null)
                throw broken;
        } catch (QmpException e) {
            LOG.debug("device state of {} bytes, devices {}", stream.capacity(), state.deviceNames());
            // what QEMU wrote before it ended is several lines, an error of ours is one
            throw new DeviceStateException(
                    "QEMU did not load the device state: " + e.getMessage().strip().replaceAll("\\s*\\R\\s*", "; "), e);
        }
    }

    /// Sends everything.
    ///
    /// @return null, or why it did not get through
    private static IOException feed(Path socket, ByteBuffer stream) {
        try (UnixConnection connection = UnixConnection.connect(socket)) {
            connection.write(stream);
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    private static DeviceStateException refused(QmpClient qmp, String status) throws QmpException {
        JsonNode answer = qmp.execute(QmpCommand.of("query-migrate"));
        return new DeviceStateException("QEMU did not load the device state (" + status + "): "
                + answer.path("error-desc").asText("it gives no reason"));
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }
}
