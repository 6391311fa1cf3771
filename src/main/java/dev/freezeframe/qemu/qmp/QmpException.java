package dev.freezeframe.qemu.qmp;

import java.io.IOException;

/// A QMP command that did not get the answer it was sent for. Keeps QEMU's error class and description where QEMU
/// answered, and says why there was no answer where it did not.
public final class QmpException extends IOException {
    private static final long serialVersionUID = 1;

    /// What went wrong.
    public enum Kind {
        /// QEMU refused the command: [#errorClass] and [#description] are QEMU's own.
        REFUSED,
        /// No answer within the time given. The command may still take effect.
        TIMED_OUT,
        /// QEMU died or closed the connection, or we did.
        DISCONNECTED,
        /// The peer does not speak QMP, or a line is longer than any that QEMU sends.
        PROTOCOL,
        /// The waiting thread was interrupted; its interrupt flag is set again.
        INTERRUPTED
    }

    private final Kind kind;
    private final String errorClass;
    private final String description;

    private QmpException(Kind kind, String errorClass, String description, String message) {
        super(message);
        this.kind = kind;
        this.errorClass = errorClass;
        this.description = description;
    }

    static QmpException refused(String command, String errorClass, String description) {
        return new QmpException(Kind.REFUSED, errorClass, description,
          "QEMU refused " + command + ": " + description + (errorClass.equals("GenericError")
            ? ""
            : " (" + errorClass + ")"));
    }

    static QmpException of(Kind kind, String message) {
        return new QmpException(kind, "", message, message);
    }

    public Kind kind() {
        return kind;
    }

    /// Whether no command of the session will be answered any more. A time-out says nothing of the kind.
    public boolean endsSession() {
        return kind == Kind.DISCONNECTED || kind == Kind.PROTOCOL;
    }

    /// QEMU's error class, such as `GenericError` or `CommandNotFound`; empty where QEMU did not answer.
    public String errorClass() {
        return errorClass;
    }

    /// QEMU's own text, without our words around it.
    public String description() {
        return description;
    }
}
