package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.databind.JsonNode;

/// How QEMU introduced itself.
///
/// @param micro the third number of a version such as `7.2.22`
/// @param distribution the packager's own version text, may be empty
public record QmpGreeting(int major, int minor, int micro, String distribution) {
    /// Reads the value of `QMP` in a greeting line.
    static QmpGreeting of(JsonNode greeting) throws QmpException {
        JsonNode qemu = greeting.path("version").path("qemu");
        if (!qemu.path("major").isInt() || !qemu.path("minor").isInt() || !qemu.path("micro").isInt()) {
            throw QmpException.of(QmpException.Kind.PROTOCOL, "QMP greeting without a version: " + greeting);
        }
        return new QmpGreeting(qemu.path("major").intValue(), qemu.path("minor").intValue(),
                qemu.path("micro").intValue(), greeting.path("version").path("package").asText(""));
    }

    public String version() {
        return major + "." + minor + "." + micro;
    }
}
