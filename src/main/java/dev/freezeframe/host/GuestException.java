package dev.freezeframe.host;

import java.io.IOException;

/// A guest cannot be prepared. The message is one line: what failed, why, what to do.
public final class GuestException extends IOException {
    private static final long serialVersionUID = 1L;

    GuestException(String message) {
        super(message);
    }

    GuestException(String message, Throwable cause) {
        super(message, cause);
    }
}
