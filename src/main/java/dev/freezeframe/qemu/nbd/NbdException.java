package dev.freezeframe.qemu.nbd;

import dev.freezeframe.base.ShownText;
import java.io.IOException;
import java.util.Optional;

/// An NBD call that failed, with one line that says what and why. Where the peer answered with an error the connection
/// lives on, in all other cases it is of no use any more.
public final class NbdException extends IOException {
    private static final long serialVersionUID = 1;
    private static final int MOST_CHARACTERS_OF_A_PEER = 300;

    /// What went wrong.
    public enum Kind {
        /// The server answered with an error; after the handshake [#errno] tells which.
        REFUSED,
        /// Nothing came within the time given.
        TIMED_OUT,
        /// The peer ended the connection, or we did.
        DISCONNECTED,
        /// The peer does not keep to the protocol.
        PROTOCOL
    }

    private final Kind kind;
    private final NbdErrno errno;

    private NbdException(Kind kind, NbdErrno errno, String message) {
        super(message);
        this.kind = kind;
        this.errno = errno;
    }

    static NbdException of(Kind kind, String message) {
        return new NbdException(kind, null, message);
    }

    /// @param cause tells the reason
    static NbdException disconnected(String what, IOException cause) {
        NbdException e = of(Kind.DISCONNECTED, what + ": " + cause.getMessage());
        e.initCause(cause);
        return e;
    }

    static NbdException protocol(String message) {
        return of(Kind.PROTOCOL, message);
    }

    static NbdException refused(String what, NbdErrno errno, String peersText) {
        return new NbdException(Kind.REFUSED, errno, "the NBD server refused " + what + ": " + errno
                + (peersText.isEmpty() ? "" : " (" + oneLine(peersText) + ")"));
    }

    /// A peer's text may hold anything; what is shown to people holds neither line ends nor control characters.
    static String oneLine(String peersText) {
        String line = ShownText.replaced(peersText, " ").strip();
        return line.length() <= MOST_CHARACTERS_OF_A_PEER ? line : line.substring(0, MOST_CHARACTERS_OF_A_PEER) + "…";
    }

    public Kind kind() {
        return kind;
    }

    /// The error that the server answered a command with.
    public Optional<NbdErrno> errno() {
        return Optional.ofNullable(errno);
    }
}
