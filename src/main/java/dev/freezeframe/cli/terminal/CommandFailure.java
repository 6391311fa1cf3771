package dev.freezeframe.cli.terminal;

/// A command cannot do what it was asked to. The message is one line: what failed, why, what to do.
public final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1L;

    public CommandFailure(String message) {
        super(message);
    }
}
