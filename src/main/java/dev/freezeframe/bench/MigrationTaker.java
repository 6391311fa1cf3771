package dev.freezeframe.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// QEMU's migrations to a file, with the guest stopped, running, or under write protection. QEMU writes the file itself
/// where it can (`file:`, since QEMU 8.2); else it sends to a socket and we write.
final class MigrationTaker implements CheckpointTaker {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /// QEMU's default is made for a network.
    private static final long UNLIMITED_BYTES_PER_SECOND = 1L << 40;
    private static final Set<String> FINAL = Set.of("completed", "failed", "cancelled");

    private final Machine machine;
    private final QmpClient qmp;
    private final CheckpointMethod method;
    private final Path file;
    private boolean byItself = true;

    private MigrationTaker(Machine machine, CheckpointMethod method, Path file) {
        this.machine = machine;
        this.qmp = machine.qmp();
        this.method = method;
        this.file = file;
    }

    static MigrationTaker open(Machine machine, Path folder, CheckpointMethod method) throws IOException {
        QmpClient qmp = machine.qmp();
        qmp.execute(QmpCommand.of("migrate-set-parameters").with("max-bandwidth", UNLIMITED_BYTES_PER_SECOND));
        qmp.execute(capability("events"));
        if (method == CheckpointMethod.BACKGROUND_SNAPSHOT) {
            try {
                qmp.execute(capability("background-snapshot"));
            } catch (QmpException e) {
                if (e.kind() == QmpException.Kind.REFUSED) {
                    throw new NotOfferedException("says QEMU " + machine.qemuVersion() + ": " + e.description(), e);
                }
                throw e;
            }
        }
        return new MigrationTaker(machine, method, folder.resolve("migration"));
    }

    private static QmpCommand capability(String name) {
        return QmpCommand.of("migrate-set-capabilities").with("capabilities", List.of(Map.of("capability", name,
                "state", true)));
    }

    @Override
    public void take() throws IOException {
        if (method == CheckpointMethod.STOP_AND_MIGRATE) {
            machine.pause();
        }
        if (!byItself || !tryByItself()) {
            byItself = false;
            try (StreamFile stream = StreamFile.listen(ProcessHandle.of(machine.pid()).orElseThrow(
                    () -> new IOException("QEMU has ended already")), file)) {
                migrate("unix:" + stream.socket());
                stream.awaitEnd(PATIENCE);
            }
        }
        if (method != CheckpointMethod.BACKGROUND_SNAPSHOT) {
            awaitFinalized();
            machine.resume();
        }
    }

    /// @return whether QEMU knows how
    private boolean tryByItself() throws IOException {
        try {
            migrate("file:" + file);
            return true;
        } catch (QmpException e) {
            if (e.kind() == QmpException.Kind.REFUSED) {
                return false;
            }
            throw e;
        }
    }

    /// Returns when the migration is complete.
    private void migrate(String uri) throws IOException {
        String status;
        try (PendingEvent end = qmp.expect("MIGRATION", event -> FINAL.contains(event.path("status").asText()))) {
            qmp.execute(QmpCommand.of("migrate").with("uri", uri));
            status = end.await(PATIENCE).data().path("status").asText();
        } catch (QmpException e) {
            if (e.kind() == QmpException.Kind.TIMED_OUT) {
                throw new IOException("the guest writes faster than it is saved: no end after " + PATIENCE.toMinutes()
                        + " minutes", e);
            }
            throw e;
        }
        if (!status.equals("completed")) {
            throw new IOException("the migration " + status + ": " + qmp.execute(QmpCommand.of("query-migrate")).path(
                    "error-desc").asText("QEMU gives no reason"));
        }
    }

    /// The event comes a moment before QEMU has left the migration (`migration_iteration_finish`), and until then it refuses
    /// `cont`.
    private void awaitFinalized() throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        JsonNode state;
        do {
            state = qmp.execute(QmpCommand.of("query-status")).path("status");
        } while (state.asText().equals("finish-migrate") && System.nanoTime() < deadline);
    }

    @Override
    public long keptBytes() throws IOException {
        long bytes = DiskRoom.bytes(file);
        Files.delete(file);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
