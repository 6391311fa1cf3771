package dev.freezeframe.bench;

import java.io.IOException;

/// A way to take checkpoints does not exist here. The message is the reason, in one line.
final class NotOfferedException extends IOException {
    private static final long serialVersionUID = 1L;

    NotOfferedException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
