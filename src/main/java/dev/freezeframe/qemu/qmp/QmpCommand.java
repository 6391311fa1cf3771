package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Objects;

/// One QMP command: its name in QEMU's own spelling and its arguments. A value: the arguments are copied when a
/// command is made, and nobody changes them afterwards.
///
/// @param name such as `query-status`
/// @param arguments empty for a command without any
public record QmpCommand(String name, ObjectNode arguments) {
    public QmpCommand {
        Objects.requireNonNull(name);
        arguments = arguments.deepCopy();
    }

    public static QmpCommand of(String name) {
        return new QmpCommand(name, QmpJson.MAPPER.createObjectNode());
    }

    /// As it is sent, without the end of the line.
    byte[] json(long id) throws JsonProcessingException {
        ObjectNode line = QmpJson.MAPPER.createObjectNode().put("execute", name);
        if (!arguments.isEmpty()) {
            line.set("arguments", arguments);
        }
        return QmpJson.MAPPER.writeValueAsBytes(line.put("id", id));
    }

    /// A monitor command for humans, for the few things that QMP cannot say; the reply is its text.
    public static QmpCommand humanMonitor(String commandLine) {
        return of("human-monitor-command").with("command-line", commandLine);
    }

    /// This command with one more argument.
    ///
    /// @param value a string, number, boolean, path, list, map or [JsonNode]
    public QmpCommand with(String key, Object value) {
        ObjectNode more = arguments.deepCopy();
        // Jackson would write a path as a file: URI, which QEMU does not know.
        more.set(key, QmpJson.MAPPER.<JsonNode>valueToTree(value instanceof Path path ? path.toString() : value));
        return new QmpCommand(name, more);
    }
}
