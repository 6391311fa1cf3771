package dev.freezeframe.cli.terminal;

/// What all commands share and only the root command knows, which knows all commands in turn; this keeps them from standing in
/// a circle.
public interface Program {
    /// Where it prints, its environment, and who watches.
    CliEnvironment surroundings();

    /// Whether log and stack traces go to standard error.
    boolean verbose();
}
