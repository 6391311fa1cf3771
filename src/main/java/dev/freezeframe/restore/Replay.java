package dev.freezeframe.restore;

import java.nio.file.Path;
import java.util.OptionalLong;

/// What a restored machine is to execute again.
///
/// @param log   of the run, which leads it
/// @param until the instruction at which it stops; empty for one that does not begin to run
public record Replay(Path log, OptionalLong until) {}
