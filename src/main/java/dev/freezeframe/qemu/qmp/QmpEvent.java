package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.databind.JsonNode;

/// Something that QEMU told us unasked. The time is QEMU's own, taken when the thing happened, so that the
/// distance of two events does not depend on how busy we are.
///
/// @param name such as `STOP`
/// @param data QEMU's fields, an empty object for an event without any
/// @param timestampMicros microseconds since 1970 by the host's clock
public record QmpEvent(String name, JsonNode data, long timestampMicros) {}
