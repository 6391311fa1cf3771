package dev.freezeframe.store.model;

import java.io.IOException;

/// Why the store could not do what it was asked. The message is one line that says what failed, why, and what to do;
/// [#reason()] is the same for programs.
public final class StoreException extends IOException {
    private static final long serialVersionUID = 1L;

    /// The closed set of reasons that callers treat differently.
    public enum Reason {
        /// Another process, or another `Store` of this one, has the directory open.
        IN_USE,
        /// A newer Freezeframe wrote the store.
        NEWER_FORMAT,
        /// Stored bytes are not what was written.
        DAMAGED,
        /// No space is left on the file system of the store. Nothing that was committed is lost.
        DISK_FULL,
        /// The named experiment, checkpoint or image does not exist.
        NOT_FOUND,
        /// The request makes no sense now, such as deleting what a running recording builds on.
        REFUSED,
        /// The file system or the database failed in another way.
        FAILED
    }

    private final Reason reason;

    /// @param message one line
    public StoreException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /// @param message one line, with what matters of the cause in it
    public StoreException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /// What went wrong, for programs.
    public Reason reason() {
        return reason;
    }
}
