package dev.freezeframe.restore;

import dev.freezeframe.qemu.machine.Machine;

/// A machine that was brought back, and how that went.
///
/// @param machine     running, or paused where that was asked for
/// @param totalMicros from the call to the running machine
/// @param ramVerified whether every byte of its RAM was compared with the store before it ran
public record RestoredMachine(Machine machine, long totalMicros, RestorePhases phases, boolean ramVerified) {}
