package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.databind.JsonNode;

/// What came of a call. Turned into an exception only in the waiting thread, whose stack trace then is in it.
sealed interface QmpOutcome {
    /// The answer to a command.
    ///
    /// @param command its name, for the message
    JsonNode of(String command) throws QmpException;

    record Returned(JsonNode value) implements QmpOutcome {
        @Override
        public JsonNode of(String command) {
            return value;
        }
    }

    record Refused(String errorClass, String description) implements QmpOutcome {
        @Override
        public JsonNode of(String command) throws QmpException {
            throw QmpException.refused(command, errorClass, description);
        }
    }

    /// The session has ended.
    record Lost(QmpException.Kind kind, String why) implements QmpOutcome {
        @Override
        public JsonNode of(String command) throws QmpException {
            throw QmpException.of(kind, "no answer to " + command + ": " + why);
        }
    }
}
