package dev.freezeframe.cli;

/// A command cannot do what it was asked to. The message is one line: what failed, why, what to do.
final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1L;

    CommandFailure(String message) {
        super(message);
    }
}
