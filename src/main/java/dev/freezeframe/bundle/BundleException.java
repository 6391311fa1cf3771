package dev.freezeframe.bundle;

import java.io.IOException;

/// Why a bundle cannot be imported: it is none, it is damaged, it was written by a newer program, or it was made to do
/// harm. The message is one line for the user.
public final class BundleException extends IOException {
    private static final long serialVersionUID = 1L;

    BundleException(String message) {
        super(message);
    }

    BundleException(String message, Throwable cause) {
        super(message, cause);
    }
}
