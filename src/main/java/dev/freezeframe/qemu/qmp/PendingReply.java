package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;

/// The answer to a command that was sent, perhaps not here yet. Any thread may wait, any number of times.
public interface PendingReply {
    /// Waits for the answer.
    ///
    /// @return what QEMU put under `return`, an empty object for most commands
    /// @throws QmpException QEMU's refusal, or at once the reason why no answer will come
    JsonNode await(Duration timeout) throws QmpException;
}
