package dev.freezeframe.qemu.stream;

import java.io.IOException;

/// Saved device state that cannot be what QEMU wrote, or that QEMU would not take. The message is one line: what is
/// wrong, at which byte, and for which machine.
public final class DeviceStateException extends IOException {
    private static final long serialVersionUID = 1;

    /// @param message one line
    public DeviceStateException(String message) {
        super(message);
    }

    /// @param message one line, with what matters of the cause in it
    public DeviceStateException(String message, Throwable cause) {
        super(message, cause);
    }
}
