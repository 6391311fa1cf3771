package dev.freezeframe.linux.socket;

import java.time.Duration;

/// Knows what became of the process at the other end of a socket. Asked once, when the connection broke, so that
/// every waiting call can say why.
@FunctionalInterface
public interface PeerFate {
    /// One line, such as "QEMU was killed by signal 9". May wait a little for the exit status to be known.
    String describe(Duration patience);
}
