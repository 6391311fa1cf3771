package dev.freezeframe.qemu.machine;

import java.time.Instant;

/// Something that a machine's owner should hear: it changed its state, or was reset.
///
/// @param state the state that holds now
/// @param reset whether this tells of a reset, which may leave the state as it was
/// @param at when, by QEMU's clock where QEMU told it
/// @param detail QEMU's own word for it, such as `guest-shutdown`; how the process ended; or, of a disk that failed, a line with
///     the reason and a remedy; may be empty
public record StateChange(MachineState state, boolean reset, Instant at, String detail) {}
