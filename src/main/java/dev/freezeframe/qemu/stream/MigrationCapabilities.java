package dev.freezeframe.qemu.stream;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.qmp.QmpCommand;
import java.util.List;
import java.util.Map;

/// What both ends of a migration agree on, and how QEMU says that it is over.
final class MigrationCapabilities {
    private MigrationCapabilities() {}

    /// Switches `x-ignore-shared` and the events that tell the end of a migration.
    static QmpCommand set(boolean ignoreShared) {
        return QmpCommand.of("migrate-set-capabilities").with("capabilities",
                List.of(capability("events", true), capability("x-ignore-shared", ignoreShared)));
    }

    private static Map<String, Object> capability(String name, boolean state) {
        return Map.of("capability", name, "state", state);
    }

    /// Whether a MIGRATION event's status is one after which no other follows.
    static boolean isFinal(JsonNode event) {
        return switch (event.path("status").asText()) {
            case "completed", "failed", "cancelled" -> true;
            default -> false;
        };
    }
}
