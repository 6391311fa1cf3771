package dev.freezeframe.machine;

import java.io.IOException;

/// A machine that could not be started or reached. The message is one line with what, why and what to do.
public final class MachineException extends IOException {
    private static final long serialVersionUID = 1;

    MachineException(String message) {
        super(message);
    }

    MachineException(String message, Throwable cause) {
        super(message, cause);
    }
}
